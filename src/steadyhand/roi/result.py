"""A cost model's answer as JSON: inputs with sources, both ways, break-even, what matters. Knows no page."""

from __future__ import annotations

from dataclasses import asdict

from steadyhand.chat.messages import Json
from steadyhand.roi.costs import LINES, compare_costs, tornado
from steadyhand.roi.fields import WAYS
from steadyhand.roi.inputs import CostModel


def roi(model: CostModel, created: str = "") -> dict[str, Json]:
    """`pays`: whether the new way has saved more than it cost within the months that are looked at. Money is in
    `currency`, shares in [0, 1], `break_even` in months (None: never)."""
    found = compare_costs(model.values)
    ways = {
        way: asdict(cost) | {"total": cost.total, "per_task": cost.per_task}
        for way, cost in ((way, found.ways[way]) for way in WAYS)
    }
    return {
        "name": model.name,
        "currency": model.currency,
        "created": created,
        "ways": ways,
        "lines": list(LINES),
        "once": found.once,
        "months": found.months,
        "monthly_saving": found.monthly_saving,
        "net": found.net,
        "break_even": found.break_even,
        "pays": found.net > 0,
        "assumed": sorted(name for name, one in model.inputs.items() if one.assumed),
        "inputs": [asdict(one) | {"assumed": one.assumed} for one in model.inputs.values()],
        "tornado": [asdict(one) | {"flips": _flips(one.net_at_low, one.net_at_high)}
                    for one in tornado(model.values, model.ranges)],
    }  # fmt: skip


def _flips(a: float, b: float) -> bool:
    """Whether the answer is another one at one end of the range."""
    return (a > 0) != (b > 0)
