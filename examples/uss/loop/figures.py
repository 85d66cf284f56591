"""What the loop changed, as numbers: failures of the fresh sample before and after, and what was lost elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from steadyhand.evaluate.compare import loss_check
from steadyhand.evaluate.metrics import RATES
from steadyhand.ledger.result import Evaluation
from steadyhand.stats.intervals import by_cluster, cluster_bootstrap
from steadyhand.stats.tests import collapse, mcnemar_exact

Row = dict[str, Any]
BAR = 0.8  # of the failures before the round, so many must be gone after it
MARGIN = 0.03  # a share that a figure may lose elsewhere
KEPT = ("tool_call_accuracy", "scenario_pass", "semantic_anchoring", "general_knowledge")
PASSES = next(rate for rate in RATES if rate.name == "scenario_pass")
Failed = tuple[str, str, bool, bool]  # scenario, wording, failed before, failed after


def failures(before: Evaluation, after: Evaluation) -> list[Failed]:
    """Every scenario of a sample that both were asked. A scenario fails when any of its steps does."""
    later = {one.key: not one.passed for one in PASSES.samples(after.items)}
    asked = PASSES.samples(before.items)
    return [(one.key, one.cluster, not one.passed, later[one.key]) for one in asked if one.key in later]


def reduction(found: Sequence[tuple[bool, bool]]) -> float | None:
    """1 - failures after / failures before; None where nothing failed before."""
    before = sum(first for first, _ in found)
    return 1 - sum(last for _, last in found) / before if before else None


def fall(before: Evaluation, after: Evaluation) -> Row:
    """How far failures fell, with the 95 % interval over wordings, which are drawn whole."""
    found = failures(before, after)
    units = list(by_cluster([(wording, (first, last)) for _, wording, first, last in found]).values())
    value = reduction([pair for unit in units for pair in unit])
    low, high = (None, None) if value is None else cluster_bootstrap(units, _over_wordings)
    paired = collapse([(wording, not first, not last) for _, wording, first, last in found])
    return {
        "n": len(found), "wordings": len(units),
        "before": _rate(before), "after": _rate(after),
        "reduction": value, "low": low, "high": high, "bar": BAR,
        "p": mcnemar_exact(paired.gains, paired.losses),
        "verdict": "PASS" if value is not None and value >= BAR else "FAIL",
        "families": _families(found),
    }  # fmt: skip


def _over_wordings(units: Sequence[Sequence[tuple[bool, bool]]]) -> float | None:
    return reduction([pair for unit in units for pair in unit])


def _rate(found: Evaluation) -> Row:
    """The share of scenarios that fail, from the evaluation's own figure."""
    passed = found.metrics["scenario_pass"]
    sides = (passed.value, passed.high, passed.low)
    value, low, high = (None if side is None else 1 - side for side in sides)
    return {"value": value, "low": low, "high": high, "k": passed.n - (passed.k or 0), "n": passed.n}


def _families(found: Sequence[Failed]) -> list[Row]:
    rows: dict[str, list[Failed]] = {}
    for one in found:
        rows.setdefault(one[0].partition("-")[0], []).append(one)
    return [
        {"family": name, "n": len(own), "before": sum(one[2] for one in own), "after": sum(one[3] for one in own)}
        for name, own in rows.items()
    ]


def kept(before: Evaluation, after: Evaluation) -> list[Row]:
    """Non-inferiority on what was held out before the change: nothing elsewhere may have got worse."""
    checks = (loss_check(before, after, name, MARGIN) for name in KEPT)
    return [asdict(check) | {"name": name} for name, check in zip(KEPT, checks, strict=True) if check]
