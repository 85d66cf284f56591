"""Rules D: could the outcome be read off something that is not the rule, and is there more than one way of asking?"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from steadyhand.check.asks import Arena, arenas
from steadyhand.check.dataset import Dataset, Record
from steadyhand.check.features import tokens
from steadyhand.check.finding import RULES, Finding, finding
from steadyhand.check.spurious_cues import Cue, Leaning, leanings, separators
from steadyhand.datasets.lazy import Picked
from steadyhand.stats.association import expected_z
from steadyhand.text.shingles import shingles

SHOWN = 10  # leanings per arena; the rest are counted
MIN_ANSWERS, OPENING_TOKENS, MAX_OPENING_SHARE = 10, 8, 0.5
OPENING_CHARS = (60, 240)
MIN_QUESTIONS, KERNEL, MIN_EFFECTIVE_SHARE = 5, 30, 0.3
MIN_OFFERS, MAX_POSITION_Z = 20, 5.0
_VALUE = re.compile(r"\d[\w.:/%-]*")


def check_diversity(dataset: Dataset, codes: Collection[str] = RULES) -> Iterator[Finding]:
    """D101-D105, those in `codes`."""
    openings = array("q")

    def seen(record: Record) -> None:
        openings.append(hash(_opening(record.messages[-1].content)) if "D103" in codes else 0)

    spaces = arenas(dataset.records, seen) if {"D101", "D102", "D103"} & set(codes) else []
    for arena in spaces if {"D101", "D102"} & set(codes) else ():
        yield from (_cue(arena, cue) for cue in separators(arena))
        yield from _leanings(arena)
    for name, indices in _topics(dataset).items():
        yield from _template(name, dataset.records, indices, openings) if "D103" in codes else ()
        yield from _effective(name, Picked(dataset.records, indices)) if "D104" in codes else ()
    offering = Picked(dataset.records, (index for index in dataset.offering if index < len(dataset.records)))
    yield from _positions(offering) if "D105" in codes else ()


def _cue(arena: Arena, cue: Cue) -> Finding:
    ask = cue.example
    names = ", ".join(f"'{span}'" for span in cue.spans) or ", ".join(cue.facts)
    holds = "holds" if cue.spans else "has"
    what = f"{arena.name}: every prompt answered {cue.outcome!r} {holds} {names}, and no other does"
    return finding("D101", ask.record.at(ask.text), what, _counter_cards(cue, names))


def _counter_cards(cue: Cue, names: str) -> str:
    made = " and ".join(f"`{text}`" for text in cue.counters)
    example = f"; for example ask {made}, each with its right answer" if made else ""
    return (
        f"missing counter-cards: a prompt with each of {names} that is not answered {cue.outcome!r}, "
        f"or one without it that is{example}"
    )


def _leanings(arena: Arena) -> Iterator[Finding]:
    cues = leanings(arena)
    for number, leaning in enumerate(cues[:SHOWN], 1):
        more = f" ({len(cues) - SHOWN} weaker ones not listed)" if number == SHOWN < len(cues) else ""
        yield _leaning(arena, leaning, more)


def _leaning(arena: Arena, leaning: Leaning, more: str) -> Finding:
    place = leaning.example.record.at(leaning.example.text)
    what = (
        f"{arena.name}: {leaning.k} of {leaning.n} prompts with '{leaning.feature}' end in {leaning.outcome!r}, "
        f"{leaning.p0:.0%} of all do (z = {leaning.z:+.1f}){more}"
    )
    missing = f"other than {leaning.outcome!r}" if leaning.z > 0 else f"{leaning.outcome!r}"
    next = f"add prompts with '{leaning.feature}' whose outcome is {missing}, or ignore it if it is the task itself"
    return finding("D102", place, what, next)


def _topics(dataset: Dataset) -> dict[str, list[int]]:
    """The cards of each point; all rows of no point together. By index."""
    topics: dict[str, list[int]] = defaultdict(list)
    for index, head in enumerate(dataset.heads[: len(dataset.records)]):
        topics[f"point {head.point!r}" if head.point else "all rows"].append(index)
    return topics


def _template(name: str, records: Sequence[Record], indices: list[int], openings: Sequence[int]) -> Iterator[Finding]:
    """D103: the first tokens of the answer, numbers masked. Answers no longer than that are closed ones. `openings`: a
    hash for each record, because the openings themselves would take as much room as the rows."""
    counts = Counter(openings[index] for index in indices)
    del counts[hash(())]
    total = counts.total()
    for key, count in counts.most_common(1):
        if total >= MIN_ANSWERS and count / total > MAX_OPENING_SHARE:
            record = next(records[index] for index in indices if openings[index] == key)
            answer = record.messages[-1].content
            what = f"{name}: {count} of {total} answers begin with {' '.join(_opening(answer))!r}"
            yield finding(
                "D103", record.at(answer), what, "word the answers in several ways, or drop the common opening"
            )


def _opening(text: str) -> tuple[str, ...]:
    """The first tokens of a text that has more of them. Mostly its beginning is enough to tell: what the cut may have
    changed is the last token alone."""
    for size in (*OPENING_CHARS, len(text)):
        begin = tokens(_VALUE.sub("0", text[:size]))
        if len(begin) > OPENING_TOKENS + (size < len(text)):
            return tuple(begin[:OPENING_TOKENS])
    return ()


def _effective(name: str, records: Sequence[Record]) -> Iterator[Finding]:
    """D104 over at most `KERNEL` questions, evenly taken."""
    step = max(1, len(records) // KERNEL)
    taken = [record for record in records[::step][:KERNEL] if _question(record)]
    if len(taken) < MIN_QUESTIONS:
        return
    score = vendi([_question(record) for record in taken])
    if score < MIN_EFFECTIVE_SHARE * len(taken):
        of = f" of {len(records)}, evenly taken," if len(records) > len(taken) else ""
        what = f"{name}: {len(taken)} questions{of} are worth {score:.1f} different ones (Vendi score)"
        yield finding("D104", taken[0].place, what, "ask in other words, other lengths, other orders and later turns")


def _question(record: Record) -> str:
    return next((m.content for m in reversed(record.messages) if m.role == "user"), "")


def vendi(texts: Sequence[str]) -> float:
    """The effective number of different texts: exp of the entropy of the eigenvalues of K / n, where K holds the
    Jaccard indices of 4-character shingles (Friedman and Dieng 2022, arXiv 2210.02410). From 1 to len(texts)."""
    grams = [shingles(text) for text in texts]
    kernel = np.array([[len(a & b) / len(a | b) for b in grams] for a in grams])
    values = np.linalg.eigvalsh(kernel / len(texts))
    positive = values[values > 1e-12]
    return float(np.exp(-np.sum(positive * np.log(positive))))


def _positions(records: Iterable[Record]) -> Iterator[Finding]:
    """D105: z of the called tool's place against an even draw from each row's offer."""
    hits: Counter[int] = Counter()
    chances: dict[int, list[float]] = defaultdict(list)
    first: Record | None = None
    for record in records:
        names = [tool.name for tool in record.tools]
        called = next((call.name for m in record.messages for call in m.calls), None)
        if called in names and len(names) > 1:
            first = first or record
            hits[names.index(called)] += 1
            for place in range(len(names)):
                chances[place].append(1 / len(names))
    for place, due in chances.items():
        z = expected_z(hits[place], due)
        if first and len(due) >= MIN_OFFERS and z > MAX_POSITION_Z:
            what = f"the called tool is number {place + 1} of the offer in {hits[place]} of {len(due)} rows"
            expected = f"{what}; {sum(due):.0f} are expected (z = {z:+.1f})"
            yield finding("D105", first.place, expected, "shuffle the tools of each row, with a fixed seed")
