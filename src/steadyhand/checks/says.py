"""A text that says what a reference says, in whatever order its words come: overlap, numbers and names, negation.

Strict on purpose (see `likeness`): a right answer in quite other words fails, so a rate by this check is a lower one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from steadyhand.chat.messages import Json
from steadyhand.checks.likeness import LEAST, likeness, same_values
from steadyhand.checks.shape import Checker, Context, Judgment, Spoiled, failed, passed
from steadyhand.errors import UsageError

_NUMBER = re.compile(r"\d+")


class Says(Checker):
    kind = "says"
    known = ("least",)

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        least = options.get("least", LEAST)
        if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 < least <= 1:
            raise UsageError(f"`least` of check {name!r} lies above 0, at most 1", next="leave it out for .5")
        self.least = float(least)

    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        """Against the nearest of the gold texts."""
        nearest = max(_texts(gold, context), key=lambda reference: likeness(text, reference))
        own = round(likeness(text, nearest), 3)
        if own < self.least:
            return failed("unlike", likeness=own)
        return passed(likeness=own) if same_values(text, nearest) else failed("other_value", likeness=own)

    def faults(self, gold: Json, context: Context) -> list[str]:
        if not any(text.strip() for text in _texts(gold, context)):
            return ["there is no text to say"]
        return super().faults(gold, context)

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        """Another answer of the domain, nearest first, and the gold answer with a number moved."""
        for number in rng.sample(list(_NUMBER.finditer(context.reference)), len(_NUMBER.findall(context.reference))):
            moved = str(int(number.group()) + rng.choice((1, 10)))
            text = context.reference[: number.start()] + moved + context.reference[number.end() :]
            yield Spoiled(text, "other_value")
        near = sorted(set(others), key=lambda other: (-likeness(other, context.reference), other))
        yield from (Spoiled(other, "other_answer") for other in near[:8])


def _texts(gold: Json, context: Context) -> list[str]:
    if gold is True:
        return [context.reference]
    return [str(text) for text in gold] if isinstance(gold, list) and gold else [str(gold)]
