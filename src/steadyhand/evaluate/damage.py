"""Is a branch of a sweep damaged? The health gate's signs and public knowledge, on whatever was asked so far.

Damage must be shown: the interval lies below the limit, or below what the base itself does. Knows items and limits;
ends nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from steadyhand.evaluate.compare import knowledge_loss
from steadyhand.evaluate.gate import check_sign, signs
from steadyhand.ledger.result import Check, Item
from steadyhand.settings.model import GateSettings


def damage_checks(base: Sequence[Item], tuned: Sequence[Item], limits: GateSettings) -> list[Check]:
    """The checks that FAIL: think tags, loops, garbage, and public knowledge against the base. Both sides are answers
    to the same questions."""
    checks = [check_sign(sign, base, tuned) for sign in signs(limits) if not sign.suites]
    before = {item.id: item.passed for item in base if item.suite == "public"}
    known = [
        (item.cluster, was, item.passed)
        for item in tuned
        if item.suite == "public" and item.passed is not None and (was := before.get(item.id)) is not None
    ]
    if known:
        checks.append(knowledge_loss(known, "the base", limits.public_margin))
    return [check for check in checks if check.verdict == "FAIL"]
