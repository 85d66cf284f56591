"""Which languages and families are written: the whole example, the part that `make demo` teaches in minutes, or a small
one for a model of another make, which is larger and so slower."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from examples.uss.make.families import CONCEPTS, PLAN, Planned
from examples.uss.make.seeds import Block, blocks
from examples.uss.make.texts import Lang


@dataclass(frozen=True)
class Part:
    """`concepts` are rows per language and split, `draws` how often cards draw a wording that leaves choices;
    `left_out` are the points that are not taught."""

    langs: tuple[Lang, ...]
    plan: tuple[Planned, ...]
    concepts: Mapping[str, int]
    draws: int = 0
    most: Mapping[str, int] = field(default_factory=dict)  # rows of a file at most, taken evenly; other files are whole
    left_out: frozenset[str] = frozenset()

    def blocks(self) -> tuple[Block, ...]:
        """The questions of what is taught, in file order."""
        return tuple(block for block in blocks() if block.point not in self.left_out and block.lang in self.langs)


WHOLE = Part(("en", "zh"), PLAN, CONCEPTS)
# The chain "take the names out, ask USS, compare, report", and what must not be called. More held-out rows a family
# than in the whole example: the intervals need as many decisions as there.
HELD: Mapping[str, int] = {
    "query": 42,
    "many": 21,
    "defanged": 24,
    "extract": 24,
    "extract_default": 9,
    "compare": 40,
    "chat": 8,
    "missing": 15,
    "no_query": 12,
    "no_compare": 8,
    "no_extract": 8,
}
# Fields that do not decide, and what happens to feedback after it was sent: nothing in the chain needs them.
SIDE = frozenset({
    "uss.threat_level", "uss.confidence", "uss.severity", "uss.fields", "uss.ranking",
    "uss.feedback_states", "uss.roles", "uss.review_process",
})  # fmt: skip


def first(lang: Lang) -> Part:
    """One language, eleven families of it, and the points that they rest on."""
    plan = tuple(replace(planned, eval=HELD[planned.name]) for planned in PLAN if planned.name in HELD)
    return Part((lang,), plan, {"train": CONCEPTS["train"], "eval": 64}, draws=2, left_out=SIDE)


# What a model of 135 million weights is taught and asked on two cores within an hour. (training, held-out) rows.
SMALL = {"query": (24, 8), "extract": (16, 6), "compare": (20, 6), "chat": (8, 4), "missing": (10, 4)}
MOST = {
    "knowledge/cards.jsonl": 120,
    "probes/public.yaml": 20,
    "probes/anchoring.yaml": 10,  # one dialogue
    "probes/reasoning.yaml": 0,
    "rehearsal/general.jsonl": 160,
}


def small(lang: Lang) -> Part:
    """One language, five families and a fair share of everything else."""
    named = [planned for planned in PLAN if planned.name in SMALL]
    plan = tuple(replace(one, train=SMALL[one.name][0], eval=SMALL[one.name][1]) for one in named)
    return Part((lang,), plan, {"train": 20, "eval": 4}, left_out=SIDE, most=MOST)


PARTS: Mapping[str, Callable[[Lang], Part]] = {"first": first, "small": small}
