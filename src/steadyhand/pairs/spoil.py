"""Wrong texts from the domain's own checks: each takes the right answer and makes it fail.

Checks take turns, so that a group of few answers shows errors of all of them. Every result is judged by the whole
decision before it leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from steadyhand.checks import Spoiled
from steadyhand.pairs.case import Case, wrong


def spoiled(case: Case, rng: Random) -> Iterator[Spoiled]:
    """Raw completions with their modes; none where a call is due, or no check judges the text."""
    if case.target.calls:
        return
    others = case.material.texts
    turns = [check.spoil(rng, others.get(check.name, ())) for check in case.decision.checks]
    while turns:
        for turn in list(turns):
            made = next(turn, None)
            if made is None:
                turns.remove(turn)
                continue
            raw = case.write(replace(case.target, content=made.text))
            if wrong(case, raw):
                yield Spoiled(raw, made.mode)
