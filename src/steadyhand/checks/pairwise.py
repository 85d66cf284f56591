"""Is an answer better than another one? Compared in both orders by whoever judges; a word that turns is a tie.

A judge that favors a position would otherwise decide (Zheng et al. 2023, section 4.1): one that always says A ties
every time, and the figures say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Ask, Checker, Context, Figure, Judged, Judgment, failed, passed, rate_of, unscored
from steadyhand.errors import UsageError

Choice = Literal["first", "second", "tie"]
TURNED: dict[Choice, Choice] = {"first": "second", "second": "first", "tie": "tie"}
_ASK = """\
Two answers of an assistant to the same dialogue. Decide which one is better.{criteria}

Dialogue:
{dialogue}

Answer A:
{first}

Answer B:
{second}

Reply with one word: A, B or TIE."""
_WORD = re.compile(r"\W*(A|B|TIE)\W*", re.IGNORECASE)


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

    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        other = context.reference if gold is True else str(gold)
        if not text.strip():
            return failed("worse")
        if text.strip() == other.strip():
            return unscored("tie", same=True)
        if context.ask is None:
            return unscored("no_judge")
        forward = self._choice(context.ask, context, text, other)
        if forward != TURNED[self._choice(context.ask, context, other, text)]:
            return unscored("tie", turned=True)
        return {"first": passed(), "second": failed("worse"), "tie": unscored("tie")}[forward]

    def _choice(self, ask: Ask, context: Context, first: str, second: str) -> Choice:
        """What the judge says of two answers in this order; a reply that is none of the three words is a tie."""
        criteria = str(self.options.get("criteria", "")).strip()
        dialogue = "\n".join(f"{role}: {said}" for role, said in context.dialogue)
        question = _ASK.format(
            criteria=criteria and f" The better one {criteria}.", dialogue=dialogue, first=first, second=second
        )
        answer = _WORD.fullmatch(ask(question).strip())
        return {"A": "first", "B": "second"}.get(answer[1].upper(), "tie") if answer else "tie"  # type: ignore[return-value]

    def faults(self, gold: Json, context: Context) -> list[str]:
        other = context.reference if gold is True else str(gold)
        return [] if other.strip() else ["there is no text to compare with"]

    @classmethod
    def figures(cls, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
        """The win rate over decided comparisons, and the share of ties among all that were compared."""
        compared = [judgment for judgment in judged if judgment.facts["code"] != "no_judge"]
        turned = sum(bool(judgment.facts.get("turned")) for judgment in compared)
        note = f"{turned} of {len(compared)} comparisons turned with the order of the two answers"
        won = rate_of(
            "", [(judgment.cluster, judgment.passed) for judgment in judged], note if turned else "ties apart"
        )
        return [won, rate_of("ties", [(judgment.cluster, judgment.passed is None) for judgment in compared], note)]
