"""When a measured rate clears a bar. Knows rates, evidence and words; knows nothing of which metric it is.

What PASS may honestly mean depends on what the samples are, so each bar says which evidence it asks for:
- "lower":  the Wilson lower bound itself must reach the bar. The strict reading; 97 % at a bar of 97 % never passes.
- "point":  the rate reaches the bar and the lower bound is within `tolerance` below it. For sign-off on some hundreds
            of cases: the figure that was promised is met, and luck explains no more than `tolerance` of it.
- "count":  for an alarm on a fixed test (the dialogue of the health gate): a count below the bar fails at once. PASS
            asks for what "point" asks for, because ten right turns show no rate.
For "lower" and "point", FAIL needs the upper bound below the bar; everything else is INSUFFICIENT.
"""

from __future__ import annotations

from typing import Literal

from steadyhand.stats.intervals import wilson_bounds
from steadyhand.stats.tests import Word

Evidence = Literal["point", "lower", "count"]
TOLERANCE = 0.03
_SLACK = 1e-9  # 9 of 10 reaches a bar of 0.9


def judge_bounds(
    value: float, low: float, high: float, bar: float, evidence: Evidence = "point", tolerance: float = TOLERANCE
) -> Word:
    """PASS, FAIL or INSUFFICIENT for "value >= bar", given the 95 % bounds of the value."""
    if evidence == "count" and value < bar - _SLACK:
        return "FAIL"
    needed = bar if evidence == "lower" else bar - tolerance
    if value >= bar - _SLACK and low >= needed - _SLACK:
        return "PASS"
    return "FAIL" if high < bar - _SLACK else "INSUFFICIENT"


def judge_rate(rate: float, n: float, bar: float, evidence: Evidence = "point", tolerance: float = TOLERANCE) -> Word:
    """`judge_bounds` with the Wilson bounds of `rate` on `n` (effective) samples."""
    low, high = wilson_bounds(rate, n)
    return judge_bounds(rate, low, high, bar, evidence, tolerance)
