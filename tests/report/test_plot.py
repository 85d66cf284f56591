from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.report.catalog import load_catalog
from steadyhand.report.curves import KEPT, charts
from steadyhand.report.plot import Series, Whisker, line_chart, smooth, tag, ticks, whisker_strip
from tests.report.sample import curves

EN = load_catalog("en")


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_lie_inside_and_are_round(low: float, span: float) -> None:
    values = ticks(low, low + span)
    slack = span * 1e-6 + abs(low) * 1e-9
    assert all(low - slack <= value <= low + span + slack for value in values)
    assert 2 <= len(values) <= 11


def test_ticks_of_a_point() -> None:
    assert ticks(3, 3) == [3]
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]


def test_tag_escapes_content_and_attributes() -> None:
    assert tag("text", "<b>", aria_label='"&') == '<text aria-label="&#34;&amp;">&lt;b&gt;</text>'


def test_smoothing_keeps_a_constant_and_skips_gaps() -> None:
    line = [(float(x), math.nan if x == 4 else 2.0) for x in range(9)]
    assert smooth(line, 3) == tuple((float(x), 2.0) for x in range(9) if x != 4)


def chart(*points: tuple[float, float], name: str = "line") -> str:
    return line_chart([Series("sft", name, points)], title="t", x_label="step", y_format=str)


def test_line_maps_high_values_up_and_breaks_at_nan() -> None:
    svg = chart((0, 0.0), (1, 1.0), (2, math.nan), (3, 1.0), (4, 0.0))
    lines = re.findall(r'<polyline points="([^"]+)"', svg)
    assert len(lines) == 2
    first, second = (tuple(map(float, point.split(","))) for point in lines[0].split())
    assert second[0] > first[0]
    assert second[1] < first[1]


def test_chart_is_well_formed_whatever_its_labels() -> None:
    root = ElementTree.fromstring(chart((1, 5.0), name="<script>&"))
    assert root.attrib["role"] == "img"
    assert any("<script>&: 5.0" in (title.text or "") for title in root.iter("title"))


def test_nothing_finite_draws_nothing() -> None:
    assert chart((0, math.nan), (1, math.inf)) == ""


def strip(*whiskers: Whisker, bar: float | None = None) -> str:
    return whisker_strip(whiskers, low=0, high=1, tick_format=str, title="t", bar=bar)


def test_whisker_stands_where_its_value_is() -> None:
    svg = strip(Whisker("dpo", 0.5, 0.25, 0.75, "x"), bar=1.0)
    root = ElementTree.fromstring(svg)
    dot = next(one for one in root.iter("circle"))
    ends = next(one for one in root.iter("line") if one.attrib["class"] == "whisker")
    bar = next(one for one in root.iter("line") if one.attrib["class"] == "bar")
    middle = float(dot.attrib["cx"])
    assert float(ends.attrib["x1"]) < middle < float(ends.attrib["x2"]) < float(bar.attrib["x1"])
    assert middle * 2 == float(ends.attrib["x1"]) + float(ends.attrib["x2"])


def test_models_differ_in_shape_and_missing_values_leave_no_dot() -> None:
    shapes = strip(*(Whisker(stage, 0.5, None, None, "") for stage in ("base", "sft", "dpo")))
    assert shapes.count('class="mark open"') == 1
    assert shapes.count("<polygon") == 1
    assert "mark" not in strip(Whisker("dpo", None, None, None, "none"))


def test_charts_of_a_run() -> None:
    found = charts(curves(), EN)
    assert [(one.stage, one.quantity) for one in found] == [
        ("sft", "loss"),
        ("dpo", "loss"),
        ("dpo", "accuracy"),
        ("dpo", "margin"),
    ]
    assert ("held", "held-out loss") in found[0].legend
    assert "100 %" in found[2].svg


def test_diverged_values_are_counted_and_long_logs_thinned() -> None:
    rows = [{"step": step, "loss": None if step % 1000 == 0 else 1.0} for step in range(1, 5001)]
    only = charts({"sft": rows}, EN)[0]
    assert only.lost == 5
    raw = re.findall(r'<polyline points="([^"]+)" class="line s-sft-raw"', only.svg)
    assert 0 < sum(len(line.split()) for line in raw) <= KEPT


def test_a_line_chart_draws_bounds_names_and_a_bar() -> None:
    one = Series("dpo", "right", ((0.0, 0.1), (1.0, 0.9)), ((1.0, 0.7, 1.0),))
    drawing = line_chart(
        [one], title="t", x_label="cards", y_format=str, y_range=(0, 1), x_names={0.0: "none", 1.0: "sixteen"}, bar=0.5
    )
    assert drawing.count('class="whisker"') == 3
    assert drawing.count('class="bar"') == 1
    assert "sixteen" in drawing
    assert "right: 0.9 (cards sixteen)" in drawing


def test_a_single_point_can_be_seen() -> None:
    drawn = line_chart([Series("base", "b", ((5.0, 0.5),))], title="t", x_label="x", y_format=str)
    (points,) = re.findall(r'<polyline points="([^"]+)"', drawn)
    (x1, y1), (x2, y2) = (pair.split(",") for pair in points.split())
    assert float(x1) < float(x2)
    assert y1 == y2
