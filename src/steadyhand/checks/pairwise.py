"""Is an answer better than another one? Compared in both orders by whoever judges; a word that turns is a tie.

A judge that favors a position would otherwise decide (Zheng et al. 2023, section 4.1): one that always says A ties
every time, and the figures say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Checker, Context, Figure, Judged, Judgement, failed, passed, rate_of, unscored
from steadyhand.errors import UsageError

TURNED = {"first": "second", "second": "first", "tie": "tie"}


class Pairwise(Checker):
    kind = "pairwise"
    known = ("against", "criteria")

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        if options.get("against", "reference") != "reference":
            raise UsageError(f"check {name!r} compares against the reference only", next="against: reference")
        if not isinstance(options.get("criteria", ""), str):
            raise UsageError(
                f"the criteria of check {name!r} are no text", next='criteria: "asks before it recommends"'
            )

    def judge(self, text: str, gold: Json, context: Context) -> Judgement:
        other = context.reference if gold is True else str(gold)
        if not text.strip():
            return failed("worse")
        if text.strip() == other.strip():
            return unscored("tie", same=True)
        if context.compare is None:
            return unscored("no_judge")
        forward = context.compare(context, text, other)
        backward = TURNED[context.compare(context, other, text)]
        if forward != backward:
            return unscored("tie", turned=True)
        return {"first": passed(), "second": failed("worse"), "tie": unscored("tie")}[forward]

    def faults(self, gold: Json, context: Context) -> list[str]:
        other = context.reference if gold is True else str(gold)
        return [] if other.strip() else ["there is no text to compare with"]

    @classmethod
    def figures(cls, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
        """The win rate over decided comparisons, and the share of ties among all that were compared."""
        compared = [one for one in judged if one.facts["code"] != "no_judge"]
        turned = sum(bool(one.facts.get("turned")) for one in compared)
        note = f"{turned} of {len(compared)} comparisons turned with the order of the two answers"
        won = rate_of("", [(one.cluster, one.passed) for one in judged], note if turned else "ties apart")
        return [won, rate_of("ties", [(one.cluster, one.passed is None) for one in compared], note)]
