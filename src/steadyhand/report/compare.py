"""The paired comparison as table rows. Knows the comparison's plain dicts; computes no statistic of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.report.catalog import Catalog
from steadyhand.report.data import ReportData
from steadyhand.report.metrics import FORMATS, spec_of
from steadyhand.report.numbers import DASH, points

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class ComparedRow:
    """One row, ready to print; `reading` is "real", "luck" or "untested" by the Holm-corrected p (else the plain)."""

    metric: str
    a: str
    b: str
    n: str
    difference: str
    discordant: str
    p: float | None
    p_holm: float | None
    reading: str


def compared(row: Mapping[str, Json]) -> ComparedRow:
    metric = str(row.get("metric", DASH))
    p, p_holm = _number(row.get("p")), _number(row.get("p_holm"))
    decisive = p if p_holm is None else p_holm
    reading = "untested" if decisive is None else "real" if decisive < SIGNIFICANCE else "luck"
    return ComparedRow(
        metric,
        _side(metric, row.get("a")),
        _side(metric, row.get("b")),
        str(row.get("n", DASH)),
        _difference(row),
        _discordant(row.get("discordant")),
        p,
        p_holm,
        reading,
    )


def compare_names(data: ReportData, t: Catalog) -> tuple[str, str]:
    """The heads of columns a and b: base and the last tuned stage, or A and B when either was not evaluated."""
    if data.tuned is None or "base" not in data.evaluations:
        return t("compare.a"), t("compare.b")
    return t("stage.base"), t(f"stage.{data.tuned}")


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _side(metric: str, value: Json) -> str:
    number = _number(value)
    return str(value or DASH) if number is None else FORMATS[spec_of(metric, ()).unit](number)


def _difference(row: Mapping[str, Json]) -> str:
    """b - a in points with its 95 % bounds, as far as given."""
    change, low, high = (_number(row.get(name)) for name in ("difference", "low", "high"))
    bounds = "" if low is None or high is None else f" [{points(low)}, {points(high)}]"
    return points(change) + bounds


def _discordant(value: Json) -> str:
    """A count, or the two counts (only b right, only a right)."""
    if isinstance(value, list | tuple):
        return " / ".join(str(one) for one in value)
    return DASH if value is None else str(value)
