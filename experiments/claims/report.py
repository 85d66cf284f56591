"""Writes the pages about claims (English and Chinese) with their drawings, from kept results alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from experiments.claims import figure, results, verdict
from experiments.claims.all import CLAIMS
from experiments.claims.bases import BASES
from experiments.claims.claim import Arm, Claim, Gain, Kept, Level, Part, Same
from experiments.claims.results import Results
from experiments.claims.verdict import Estimate
from experiments.claims.words import CLASSES, FACTS, WORDS
from steadyhand.files import write_whole

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("results")
DOCS = ROOT / "docs"
IMAGES = Path("images") / "claims"
PAGES = {"en": Path("claims.md"), "zh": Path("zh") / "claims.md"}
Found = Mapping[str, Mapping[str, Results]]  # claim -> base


def write(folder: Path, docs: Path) -> list[Path]:
    """Both pages and all drawings. Raises DomainError for a results file that is none."""
    kept = read(folder)
    written = []
    for lang, page in PAGES.items():
        for id, own in kept.items():
            for base, found in own.items():
                for name, drawing in drawings(CLAIMS[id], found, lang):
                    written.append(_put(docs / IMAGES / f"{id}-{base}-{name}-{lang}.svg", drawing))
        written.append(_put(docs / page, page_of(kept, lang)))
    return written


def read(folder: Path) -> dict[str, dict[str, Results]]:
    """Claim -> base -> what is kept of it."""
    kept: dict[str, dict[str, Results]] = {}
    for id in CLAIMS:
        for base in BASES:
            if (path := folder / base / f"{id}.json").is_file():
                kept.setdefault(id, {})[base] = results.read(path)
    return kept


def page_of(kept: Found, lang: str) -> str:
    words = WORDS[lang]
    sections = [section(claim, kept.get(id, {}), lang) for id, claim in CLAIMS.items()]
    head = [f"# {words['title']}", *map(_wrapped, words["lead"].split("\n")), overview(kept, lang)]
    how = [f"## {words['how_title']}", *map(_wrapped, words["how"].split("\n")), words["commands"]]
    return "\n\n".join([*head, *how, *sections]) + "\n"


def overview(kept: Found, lang: str) -> str:
    """A line for each claim and base, those that nobody ran as well."""
    words, rows = WORDS[lang], []
    for id, claim in CLAIMS.items():
        for base in BASES:
            found = kept.get(id, {}).get(base)
            if found or base == "nano":
                word = verdict.word_of(claim, found)
                cells = f"{len(found.cells)} / {found.wanted}" if found else "0"
                rows.append((f"[{id}](#{id.lower()})", claim.say[lang], base, words[word], cells))
    return table(words["overview"].split("|"), rows)


def section(claim: Claim, own: Mapping[str, Results], lang: str) -> str:
    words = WORDS[lang]
    text = [
        f"## {claim.id}",
        _wrapped(f"**{words['say']}** {claim.say[lang]}"),
        _wrapped(f"**{words['did']}** {claim.did[lang]}"),
    ]
    for base in own:
        text += _of_base(claim, own[base], lang)
    if not own:
        text += [f"**{words['NOT RUN']}.**", f"```sh\npython -m experiments.claims --only {claim.id}\n```"]
    if claim.cut:
        text.append(_wrapped(claim.cut[lang]))
    return "\n\n".join(text)


def _of_base(claim: Claim, found: Results, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    flag = "" if found.base == "nano" else f" --base {found.base}"
    yield f"### {claim.id}, {found.base}: {words[verdict.word_of(claim, found)]}"
    yield f"```sh\npython -m experiments.claims --only {claim.id}{flag}\n```"
    yield _wrapped(facts_of(claim, found, lang))
    yield parts_table(claim, found, lang)
    for name, _ in drawings(claim, found, lang):
        up = "../" if lang == "zh" else ""
        yield f"![{claim.id}, {name}]({up}{IMAGES.as_posix()}/{claim.id}-{found.base}-{name}-{lang}.svg)"
    if found.cells:
        yield arms_table(claim, found, lang)
    if by_class := classes_table(claim, found, lang):
        yield by_class
    if found.tried:
        yield _wrapped(tried_text(found, lang))


def facts_of(claim: Claim, found: Results, lang: str) -> str:
    minutes = sum(cell.cost.get("processor_seconds") or 0 for cell in found.cells) / 60
    return WORDS[lang]["facts"].format(
        cells=len(found.cells), wanted=found.wanted, seeds=claim.seeds, minutes=minutes, machine=found.machine,
        made=found.made,
    )  # fmt: skip


def parts_table(claim: Claim, found: Results, lang: str) -> str:
    rows = []
    for part in claim.parts:
        judged = verdict.judge(part.demand, found, claim.seeds)
        rows.append((part.text[lang], asked_of(part, lang), shown(judged.estimate, part), WORDS[lang][judged.word]))
    return table(WORDS[lang]["parts"].split("|"), rows)


def asked_of(part: Part, lang: str) -> str:
    """The rule in a few signs: which fact, and what its interval must clear."""
    demand, name = part.demand, FACTS[part.demand.fact][lang]
    match demand:
        case Gain(margin=margin):
            return f"{name} > {100 * margin:+g}"
        case Level(least=least):
            return f"{name} >= {100 * least:g} %"
        case Same(margin=margin):
            return f"{name} ± {100 * margin:g}"
        case Kept(margin=margin):
            return f"{name} > {-100 * margin:g}"


def shown(estimate: Estimate | None, part: Part) -> str:
    if estimate is None:
        return "-"
    if isinstance(part.demand, Level):
        return interval(estimate)
    each = ", ".join(f"{100 * one:+.1f}" for one in estimate.each) if estimate.seeds > 1 else ""
    between = f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}]"
    return between + (f" ({each})" if each else "")


def interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def arms_of(claim: Claim, found: Results) -> list[Arm]:
    """The arms that something was asked of, in the claim's order."""
    base = BASES[found.base]
    if set(found.taken) != set(claim.choices(base)):
        return []
    return [arm for arm in claim.arms(base, results.picked(claim, base, found.taken)) if found.of(arm.name)]


def arms_table(claim: Claim, found: Results, lang: str) -> str:
    words = WORDS[lang]
    named = [FACTS[fact][lang] for fact in (*claim.facts, *claim.counts)]
    head = [words["arm"], words["seeds"], "n", *named, words["cost"]]
    return table(head, [_arm_row(arm, claim, found, lang) for arm in arms_of(claim, found)])


def _arm_row(arm: Arm, claim: Claim, found: Results, lang: str) -> list[str]:
    cells = found.of(arm.name)
    estimates = [verdict.level(cells, fact) for fact in claim.facts]
    counts = [f"{one.value:.0f}" if (one := verdict.level(cells, fact)) else "-" for fact in claim.counts]
    n = next((one.n for one in estimates if one), 0)
    steps = [str(cells[0].cost["steps"])] if cells[0].cost else []
    seconds = [cell.cost["processor_seconds"] for cell in cells if cell.cost.get("processor_seconds")]
    spent = [f"{sum(seconds) / len(seconds):.0f} s"] if seconds else []
    label = arm.label.get(lang, arm.name)
    return [label, str(len(cells)), str(n), *map(interval, estimates), *counts, ", ".join([*steps, *spent]) or "-"]


def classes_table(claim: Claim, found: Results, lang: str) -> str:
    """The first fact by class of question, each with its n, where there are several."""
    arms, fact = arms_of(claim, found), claim.facts[0]
    if not arms:
        return ""
    first = found.of(arms[0].name)
    kinds = [
        kind for kind in dict.fromkeys(q[2] for q in first[0].answers.questions) if verdict.level(first, fact, kind)
    ]
    if len(kinds) < 2:
        return ""
    rows = []
    for arm in arms:
        levels = [verdict.level(found.of(arm.name), fact, kind) for kind in kinds]
        rows.append(
            [arm.label.get(lang, arm.name), *(f"{100 * one.value:.1f} ({one.n})" if one else "-" for one in levels)]
        )
    named = [CLASSES.get(kind, {}).get(lang, kind) for kind in kinds]
    return table([f"{FACTS[fact][lang]} (n)", *named], rows)


def tried_text(found: Results, lang: str) -> str:
    parts = []
    for name, own in found.tried.items():
        rates = ", ".join(f"{arm} {k}/{n}" for arm, (k, n) in own.items())
        parts.append(f"{rates} ({WORDS[lang]['taken']}: {found.taken[name]})")
    return f"{WORDS[lang]['tried']} " + "; ".join(parts)


def drawings(claim: Claim, found: Results, lang: str) -> Iterator[tuple[str, str]]:
    """The claim's drawings by a name: lines where it has an axis, else a drawing for each fact."""
    facts, arms = claim.drawn or claim.facts[:1], arms_of(claim, found)
    if claim.by_class:
        for fact in facts:
            yield from _file(fact, list(_by_class(arms, fact, found, lang)), claim, lang)
    elif any(arm.x is not None for arm in arms):
        marks = [mark for fact in facts for mark in _marks(arms, fact, found, lang)]
        yield from _file("lines", marks, claim, lang)
    else:
        for fact in facts:
            yield from _file(fact, list(_marks(arms, fact, found, lang)), claim, lang)


def _file(name: str, marks: list[figure.Mark], claim: Claim, lang: str) -> Iterator[tuple[str, str]]:
    if marks:
        title = FACTS[name][lang] if name in FACTS else claim.id
        yield name, figure.drawn(title, marks, claim.axis.get(lang, ""))


def _marks(arms: Sequence[Arm], fact: str, found: Results, lang: str) -> Iterator[figure.Mark]:
    for arm in arms:
        if one := verdict.level(found.of(arm.name), fact):
            yield figure.Mark(arm.label.get(lang, arm.name), one, FACTS[fact][lang], arm.x)


def _by_class(arms: Sequence[Arm], fact: str, found: Results, lang: str) -> Iterator[figure.Mark]:
    for arm in arms:
        label, cells = arm.label.get(lang, arm.name), found.of(arm.name)
        for kind in dict.fromkeys(question[2] for question in cells[0].answers.questions):
            if one := verdict.level(cells, fact, kind):
                yield figure.Mark(label, one, label, float(kind))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _wrapped(text: str) -> str:
    """Lines of at most 100 letters; Chinese text has no spaces to break at, so it breaks anywhere, at half as many."""
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return "\n".join(_pieces(text, 50))
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _pieces(text: str, most: int) -> Iterator[str]:
    """Breaks behind Chinese letters only."""
    line = ""
    for letter in text:
        line += letter
        if len(line) >= most and "\u4e00" <= letter <= "\u9fff":
            yield line
            line = ""
    if line:
        yield line


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, text)


__all__: Sequence[str] = ("DOCS", "RESULTS", "page_of", "read", "write")
