"""Reports of a wanted length whose names are known, as rows to learn from and as questions.

Sentences and names are the worked example's, with its two splits: what is asked shares no sentence and no name with
what is trained. Names are defanged, and some stand there twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from examples.uss.make.entities import Names, Split, defang
from examples.uss.make.scene import spun, wording
from experiments.claims.answers import Answers, Figure
from experiments.claims.claim import Question
from experiments.claims.world import World
from steadyhand.chat.messages import Message
from steadyhand.domain.rows import Row
from steadyhand.extract import find_entities
from steadyhand.flow.engine import Watcher
from steadyhand.models.backend import Completion, Prompt, Sampling

LENGTHS = (0.5, 1, 2, 4, 6)  # thousands of characters
EACH = 12  # reports of a length
ROWS, SHORTEST, LONGEST = 240, 200, 2000  # that a model alone is taught with
A_NAME_IN = 250  # characters
AGAIN = 0.2  # chance that a name stands there twice
ASK = "Which domains and IPs are in this report?"
TOOL = "extract_resource"


@dataclass(frozen=True)
class Report:
    id: str
    text: str
    names: tuple[str, ...]


def report(id: str, split: Split, letters: float) -> Report:
    """About so many letters, a name in every 250."""
    rng = Random(f"reports:{split}:{id}")
    names, bank = Names(rng, split), wording("en")
    drawn = [rng.choice((names.domain, names.ip))() for _ in range(max(1, round(letters / A_NAME_IN)))]
    mentions = drawn + [name for name in drawn if rng.random() < AGAIN]
    lines = [spun(rng, str(rng.choice(bank["body"][split]))).format(x=defang(name)) for name in mentions]
    while sum(map(len, lines)) + len(lines) < letters:
        lines.append(spun(rng, str(rng.choice(bank["filler"][split]))))
    rng.shuffle(lines)
    text = " ".join(lines)
    return Report(id, text, tuple(sorted(drawn, key=lambda name: text.index(defang(name)))))


def rows(world: World, seed: int) -> list[Row]:
    """Reports with the list of their names, each once, as they come."""
    rng = Random(f"reports:{seed}")
    made = [report(f"{seed}-{n}", "train", rng.uniform(SHORTEST, LONGEST)) for n in range(ROWS)]
    return [Row((*_asked(one), Message("assistant", ", ".join(one.names))), (), f"report:{one.id}") for one in made]


def _asked(one: Report) -> tuple[Message, ...]:
    return (Message("user", f"{ASK}\n{one.text}"),)


def ask(question: Question, model_folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    """What the model lists by itself, or what the tool lists that it calls."""
    from steadyhand.models.loading.load import load

    by_tool = question.kind == "reports by tool"
    tools = tuple(world.whole.tools.values()) if by_tool else ()
    asked = [(length, report(f"{length:g}-{n}", "eval", 1000 * length)) for length in LENGTHS for n in range(EACH)]
    answers = load(model_folder, dtype=world.settings.model.dtype).generate(
        [Prompt(_asked(one), tools) for _, one in asked], Sampling(max_tokens=256 if by_tool else 1600), batch_size=4,
        progress=lambda done, total: watcher.progress(done, total, "reports"),
    )  # fmt: skip
    listed = [called(answer, one) if by_tool else said(answer) for (_, one), answer in zip(asked, answers, strict=True)]
    figures = [_figures(found, one.names) for found, (_, one) in zip(listed, asked, strict=True)]
    return Answers(
        tuple((one.id, one.id, f"{length:g}") for length, one in asked),
        {name: tuple(row[name] for row in figures) for name in ("exact", "f1", "recall")},
    )


def said(answer: Completion) -> list[str]:
    """Names in the answer's text, told apart by commas, spaces and line ends."""
    words = answer.parsed().content.replace(",", " ").replace("[.]", ".").split()
    return [word.strip(".;:").lower() for word in words if "." in word.strip(".;:")]


def called(answer: Completion, one: Report) -> list[str]:
    """What the tool takes out of the report for the flags of the one call; nothing without such a call."""
    calls = answer.parsed().calls
    if len(calls) != 1 or calls[0].name != TOOL:
        return []
    kinds = [kind for kind in ("domain", "ip", "uri") if calls[0].arguments.get(kind) is True]
    return list(dict.fromkeys(found.value for found in find_entities(one.text, kinds))) if kinds else []  # type: ignore[arg-type]


def _figures(found: Sequence[str], names: Sequence[str]) -> dict[str, Figure]:
    got, due = set(found), set(names)
    both = len(got & due)
    return {"exact": float(got == due), "f1": 2 * both / (len(got) + len(due)), "recall": both / len(due)}
