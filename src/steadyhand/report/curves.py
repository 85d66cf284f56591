"""Training curves from the rows that a trainer logged. Knows which column is drawn how; `plot` draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from steadyhand.chat.messages import Json
from steadyhand.report import numbers
from steadyhand.report.catalog import Catalog
from steadyhand.report.plot import Series, line_chart, smooth

CHARTS = {"loss": ("loss", "eval_loss"), "accuracy": ("accuracy", "eval_accuracy"), "margin": ("margin",)}
FEWEST = 3  # points that make a curve: two are a line between two numbers
LONG = 40  # from here on a noisy curve gets a smoothed line on top
KEPT = 600  # points drawn per line: finer than a screen's pixels is only bytes


@dataclass(frozen=True)
class Chart:
    """One drawing with its caption; `legend` pairs a color class with its words; `lost` points are not finite."""

    stage: str
    quantity: str
    svg: Markup
    legend: tuple[tuple[str, str], ...]
    lost: int


def charts(curves: dict[str, list[dict[str, Json]]], t: Catalog) -> list[Chart]:
    """The charts of every stage in the order loss, accuracy, margin; columns that were not logged are left out."""
    drawn = [
        _chart(stage, quantity, columns, rows, t)
        for stage, rows in curves.items()
        for quantity, columns in CHARTS.items()
    ]
    return [chart for chart in drawn if chart is not None]


def _chart(
    stage: str, quantity: str, columns: tuple[str, ...], rows: list[dict[str, Json]], t: Catalog
) -> Chart | None:
    lines = {column: _points(rows, column) for column in columns}
    lines = {column: points for column, points in lines.items() if len(points) >= FEWEST}
    series = [one for column, points in lines.items() if points for one in _series(stage, column, points, t)]
    share = quantity == "accuracy"
    svg = line_chart(
        series,
        title=t("curves.title", stage=t(f"stage.{stage}"), quantity=t(f"curve.{quantity}")),
        x_label=t("curves.step"),
        y_format=_percent_tick if share else numbers.decimal,
        y_range=(0.0, 1.0) if share else None,
    )
    lost = sum(not math.isfinite(y) for points in lines.values() for _, y in points)
    return Chart(stage, quantity, svg, tuple((one.name, one.label) for one in series), lost) if svg else None


def _percent_tick(share: float) -> str:
    return f"{share * 100:.0f} %"


def _points(rows: list[dict[str, Json]], column: str) -> tuple[tuple[float, float], ...]:
    """(step, value) of the rows that logged the column; a null is a value that was not finite."""
    read = [(float(row["step"]), row[column]) for row in rows if column in row and "step" in row]
    points = sorted(
        ((step, float("nan") if value is None else float(value)) for step, value in read), key=lambda point: point[0]
    )
    return tuple(points)


def _series(stage: str, column: str, points: tuple[tuple[float, float], ...], t: Catalog) -> list[Series]:
    label = t(f"curve.{column}")
    thinned = points[:: max(1, -(-len(points) // KEPT))]
    color = "held" if column.startswith("eval_") else stage
    if len(points) < LONG:
        return [Series(color, label, thinned)]
    calm = Series(color, t("curves.smoothed", label=label), smooth(thinned, max(3, len(thinned) // 15)))
    return [Series(f"{color}-raw", label, thinned), calm]
