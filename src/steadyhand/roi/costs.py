"""The cost model: what a month costs in the old way and in the new, what training costs once, when it has paid back.

Plain arithmetic over inputs by name ("old.calls"); knows no file and no source. All money is in one currency.

    cards  = copies x cards a copy x price of a card's hour x 730 h
    copies = whole ones that the busiest hour needs, at least one
    a task occupies a copy for calls x (prompt tokens not cached / prefill rate + answer tokens / (stream rate x answers
    at once)) seconds; with a measured call_seconds for calls x call_seconds / answers at once
    review = tasks x share that a person looks at; repair = tasks that fail the first pass, done by hand
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from steadyhand.roi.fields import WAYS, Part

MONTH = 730.0  # hours; a card that serves is there day and night
LINES = ("cards", "energy", "engineering", "regression", "review", "repair", "wrong_writes")


@dataclass(frozen=True)
class MonthlyCost:
    """`lines`: money a month by what it is for. `seconds`: until one answer is there; `busy`: share of the copies' time
    that the month's tasks need."""

    lines: dict[str, float]
    copies: int
    seconds: float
    busy: float
    tasks: float

    @property
    def total(self) -> float:
        return math.fsum(self.lines.values())

    @property
    def per_task(self) -> float:
        return self.total / self.tasks


@dataclass(frozen=True)
class CostComparison:
    """Both ways, what training costs `once`, over `months`."""

    ways: dict[Part, MonthlyCost]
    once: float
    months: float

    @property
    def monthly_saving(self) -> float:
        return self.ways["old"].total - self.ways["new"].total

    @property
    def net(self) -> float:
        """Saved over all months, after what was paid once."""
        return self.monthly_saving * self.months - self.once

    @property
    def break_even(self) -> float | None:
        """Months until the saving has paid for the training; None where it never does."""
        if self.once == 0 and self.monthly_saving >= 0:
            return 0.0
        return self.once / self.monthly_saving if self.monthly_saving > 0 else None


def compare_costs(inputs: Mapping[str, float]) -> CostComparison:
    """`inputs` by name; each as `roi.fields` bounds it."""
    once = (
        inputs["training.card_hours"] * inputs["training.card_hour"]
        + inputs["training.engineer_hours"] * inputs["work.engineer_hour"]
        + inputs["training.labeling_hours"] * inputs["work.reviewer_hour"]
    )
    return CostComparison({way: monthly(inputs, way) for way in WAYS}, once, inputs["work.months"])


def monthly(inputs: Mapping[str, float], way: Part) -> MonthlyCost:
    """What one way costs a month."""
    work = {name.partition(".")[2]: value for name, value in inputs.items() if name.startswith("work.")}
    own = {name.partition(".")[2]: value for name, value in inputs.items() if name.startswith(f"{way}.")}
    tasks = work["tasks"]
    occupied, seconds = _times(own)
    busiest = tasks / work["busy_hours"] * work["peak"]  # tasks in the busiest hour
    copies = max(1, math.ceil(busiest * occupied / 3600 - 1e-9))
    cards = copies * own["cards"]
    person = {"review": work["review_minutes"], "repair": work["repair_minutes"]}
    lines = {
        "cards": cards * own["card_hour"] * MONTH,
        "energy": cards * own["card_kw"] * MONTH * work["energy_price"],
        "engineering": own["engineering_hours"] * work["engineer_hour"],
        "regression": own["regression_hours"] * work["engineer_hour"],
        "review": tasks * own["review_share"] * person["review"] / 60 * work["reviewer_hour"],
        "repair": tasks * (1 - own["first_pass"]) * person["repair"] / 60 * work["reviewer_hour"],
        "wrong_writes": tasks * own["wrong_writes"] * work["wrong_write_cost"],
    }
    return MonthlyCost(lines, copies, seconds, tasks * occupied / (copies * MONTH * 3600), tasks)


def _times(own: Mapping[str, float]) -> tuple[float, float]:
    """Seconds of a copy that a task takes up, and seconds until one answer is there."""
    if "call_seconds" in own:
        return own["calls"] * own["call_seconds"] / own["concurrency"], own["call_seconds"]
    reading = own["prompt_tokens"] * (1 - own["cached_share"]) / own["prefill_rate"]
    writing = own["answer_tokens"] / own["stream_rate"]
    return own["calls"] * (reading + writing / own["concurrency"]), reading + writing


@dataclass(frozen=True)
class Swing:
    """The net saving with one input at its low and at its high end, all others as they are."""

    name: str
    low: float
    high: float
    net_at_low: float
    net_at_high: float

    @property
    def width(self) -> float:
        return abs(self.net_at_high - self.net_at_low)


def tornado(inputs: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> list[Swing]:
    """What matters, widest swing first; what changes nothing is left out. `ranges`: name -> low, high."""
    found = []
    for name, (low, high) in ranges.items():
        at = [compare_costs({**inputs, name: value}).net for value in (low, high)]
        found.append(Swing(name, low, high, at[0], at[1]))
    return sorted((one for one in found if one.width > 0), key=lambda one: (-one.width, one.name))
