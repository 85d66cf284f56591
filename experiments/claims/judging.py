"""One judge asked both ways: which of two answers is better, and whether one answer is right.

What is right and wrong the domain's rules say. A judge is taught both questions in equal parts and asked about
decisions that it never saw; its word is the likelier of two, so that no answer is lost to spelling.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from experiments.claims.answers import Answers, Figure
from experiments.claims.claim import Question
from experiments.claims.world import World
from steadyhand.chat.messages import Message
from steadyhand.domain.model import Domain, Split
from steadyhand.domain.rows import Row
from steadyhand.flow.engine import Watcher
from steadyhand.models.backend import Prompt
from steadyhand.pairs.case import Case, cases
from steadyhand.pairs.mutate import mutate

if TYPE_CHECKING:
    from steadyhand.models.generation.local import LocalModel

TAUGHT, ASKED = 300, 150  # decisions
MODES = ("no_call", "needless_call", "wrong_tool", "wrong_args", "misread_result")


@dataclass(frozen=True)
class Pair:
    """A decision as text, with an answer that is right and one that is verified to be wrong."""

    id: str
    cluster: str
    state: str
    right: str
    wrong: str


def rows(world: World, seed: int) -> list[Row]:
    """Of each pair a comparison in one order, drawn, and both answers to be scored."""
    rng = Random(f"judging:{seed}")
    made = []
    for pair in pairs(world.drawn(TAUGHT, seed), world, "train", seed)[:TAUGHT]:
        first = rng.random() < 0.5
        two = (pair.right, pair.wrong) if first else (pair.wrong, pair.right)
        made.append(_row(_comparison(pair, *two), "A" if first else "B", pair.id))
        made += [_row(_scoring(pair, pair.right), "yes", pair.id), _row(_scoring(pair, pair.wrong), "no", pair.id)]
    rng.shuffle(made)
    return made


def _row(question: str, word: str, id: str) -> Row:
    return Row((Message("user", question), Message("assistant", word)), (), f"judged:{id}")


def pairs(domain: Domain, world: World, split: Split, seed: int) -> list[Pair]:
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer

    renderer = Renderer(load_tokenizer(world.start))
    known = cases(domain, renderer.completion_text, renderer.format, split=split)
    rng = Random(f"pairs:{split}:{seed}")
    rng.shuffle(known)
    return list(_pairs(known, rng))


def _pairs(known: list[Case], rng: Random) -> Iterator[Pair]:
    for case in known:
        for mode in rng.sample(MODES, len(MODES)):
            if (text := mutate(case, mode, rng)) is not None:
                read = case.read(text)
                wrong = told(Message("assistant", read.content, calls=read.calls))
                group = case.decision.scenario.group
                yield Pair(case.decision.id, group, _state(case), told(case.target), wrong)
                break


def told(message: Message) -> str:
    calls = [f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}" for call in message.calls]
    return " ".join([message.content, *calls]).strip() or "nothing"


def _state(case: Case) -> str:
    tools = ", ".join(tool.name for tool in case.tools) or "none"
    said = "\n".join(f"{message.role}: {told(message)}" for message in case.decision.messages)
    return f"Tools: {tools}\n{said}"


def _comparison(pair: Pair, first: str, second: str) -> str:
    return f"{pair.state}\n\nAnswer A: {first}\nAnswer B: {second}\nWhich answer is better, A or B?"


def _scoring(pair: Pair, answer: str) -> str:
    return f"{pair.state}\n\nAnswer: {answer}\nIs the answer right, yes or no?"


def ask(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    """`agreed`: the judge's words are right, in both orders or on both answers; `ranked`: by its likelihoods the right
    answer comes first."""
    from steadyhand.models.loading.load import load

    model = load(folder, dtype=world.settings.model.dtype)
    asked = pairs(world.whole, world, "eval", 0)[:ASKED]
    judge, figures = (_compared if question.kind == "comparing" else _scored), list[tuple[float, float]]()
    for number, pair in enumerate(asked, 1):
        figures.append(judge(model, pair))
        watcher.progress(number, len(asked), "judgments")
    agreed: tuple[Figure, ...] = tuple(float(min(two) > 0) for two in figures)
    ranked: tuple[Figure, ...] = tuple(float(sum(two) > 0) for two in figures)
    return Answers(tuple((p.id, p.cluster, "pair") for p in asked), {"agreed": agreed, "ranked": ranked})


def _compared(model: LocalModel, pair: Pair) -> tuple[float, float]:
    """How much likelier the right letter is, in each order."""
    return (
        _margin(model, _comparison(pair, pair.right, pair.wrong), "A", "B"),
        _margin(model, _comparison(pair, pair.wrong, pair.right), "B", "A"),
    )


def _scored(model: LocalModel, pair: Pair) -> tuple[float, float]:
    """How much likelier yes is of the right answer, and no of the wrong one."""
    return (
        _margin(model, _scoring(pair, pair.right), "yes", "no"),
        _margin(model, _scoring(pair, pair.wrong), "no", "yes"),
    )


def _margin(model: LocalModel, question: str, word: str, other: str) -> float:
    prompt = Prompt((Message("user", question),))
    first, second = model.log_probs(prompt, [Message("assistant", word), Message("assistant", other)])
    return first - second
