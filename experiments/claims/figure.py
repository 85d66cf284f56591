"""A claim's drawing as one SVG file that stands by itself: an arm a row with its interval and a tick for every seed, or
lines over an axis. Knows estimates and labels; colors and shapes are its own, for a page that shows it as an image."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from experiments.claims.verdict import Estimate
from steadyhand.report.plot import tag, ticks

STYLE = """
svg { font: 13px system-ui, sans-serif; background: #fff; }
text { fill: #333; } .tick { fill: #666; font-size: 11px; } .title { font-weight: 600; }
.grid { stroke: #e4e4e4; } .axis { stroke: #999; } .whisker { stroke: #0f766e; stroke-width: 2; }
.dot { fill: #0f766e; } .seed { stroke: #0f766e; stroke-opacity: .45; stroke-width: 1.5; }
.l0 { stroke: #0f766e; fill: #0f766e; } .l1 { stroke: #b45309; fill: #b45309; } .l2 { stroke: #4338ca; fill: #4338ca; }
.l3 { stroke: #be123c; fill: #be123c; } .line { fill: none; stroke-width: 2; }
"""
ROW, WIDTH, RIGHT, TOP = 24, 720, 60, 30
WIDE = 7.2  # units a letter takes


@dataclass(frozen=True)
class Mark:
    """One arm's figure; `x` and `line` place it where the claim has an axis."""

    label: str
    estimate: Estimate
    line: str = ""
    x: float | None = None


def drawn(title: str, marks: Sequence[Mark], axis: str = "") -> str:
    """The whole file. Marks with an `x` become lines, all others rows."""
    return _lines(title, marks, axis) if all(mark.x is not None for mark in marks) else _rows(title, marks)


def _file(height: float, title: str, parts: Sequence[Markup]) -> str:
    size = {"viewBox": f"0 0 {WIDTH} {height:g}", "width": WIDTH, "height": f"{height:g}"}
    head = tag("text", title, x=8, y=18, class_="title")
    svg = tag("svg", tag("style", Markup(STYLE)), head, *parts, xmlns="http://www.w3.org/2000/svg", role="img", **size)
    return f"{svg}\n"


def _scale(marks: Sequence[Mark]) -> tuple[float, float]:
    """From a round number below every interval to one above; shares end at 0 and 1."""
    low, high = min(mark.estimate.low for mark in marks), max(mark.estimate.high for mark in marks)
    step = 0.1 if high - low > 0.25 else 0.05 if high - low > 0.1 else 0.02
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step


def _rows(title: str, marks: Sequence[Mark]) -> str:
    left = 16 + WIDE * max(_width(mark.label) for mark in marks)
    low, high = _scale(marks)
    bottom = TOP + ROW * len(marks)

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - RIGHT - left)

    parts = _grid([(value, at(value)) for value in ticks(low, high)], bottom)
    for number, mark in enumerate(marks):
        y, one = TOP + ROW * (number + 0.5), mark.estimate
        parts.append(tag("text", mark.label, x=left - 10, y=y + 4, text_anchor="end"))
        parts.append(tag("line", x1=at(one.low), x2=at(one.high), y1=y, y2=y, class_="whisker"))
        if one.seeds > 1:
            parts += [tag("line", x1=at(v), x2=at(v), y1=y - 6, y2=y + 6, class_="seed") for v in one.each]
        parts.append(tag("circle", cx=at(one.value), cy=y, r=4, class_="dot"))
        parts.append(tag("text", percent(one.value), x=WIDTH - 8, y=y + 4, text_anchor="end", class_="tick"))
    return _file(bottom + 26, title, parts)


def _grid(places: Sequence[tuple[float, float]], bottom: float) -> list[Markup]:
    parts = []
    for value, x in places:
        parts.append(tag("line", x1=x, x2=x, y1=TOP, y2=bottom, class_="grid"))
        parts.append(tag("text", percent(value), x=x, y=bottom + 16, class_="tick", text_anchor="middle"))
    return parts


def _lines(title: str, marks: Sequence[Mark], axis: str) -> str:
    """One line for each `line`; the places on the axis are spread evenly, in their order."""
    places = sorted({mark.x for mark in marks if mark.x is not None})
    low, high = _scale(marks)
    left, bottom = 60.0, TOP + 230.0

    def x(value: float | None) -> float:
        return left + 40 + places.index(value or 0.0) / max(1, len(places) - 1) * (WIDTH - 240 - left)

    def y(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - TOP)

    parts = []
    for value in ticks(low, high):
        parts.append(tag("line", x1=left, x2=WIDTH - 180, y1=y(value), y2=y(value), class_="grid"))
        parts.append(tag("text", percent(value), x=left - 6, y=y(value) + 4, class_="tick", text_anchor="end"))
    parts += [tag("text", f"{p:g}", x=x(p), y=bottom + 18, class_="tick", text_anchor="middle") for p in places]
    parts.append(tag("text", axis, x=(left + WIDTH - 180) / 2, y=bottom + 36, class_="tick", text_anchor="middle"))
    for number, name in enumerate(dict.fromkeys(mark.line for mark in marks)):
        own = sorted((mark for mark in marks if mark.line == name), key=lambda mark: mark.x or 0.0)
        points = " ".join(f"{x(mark.x):.1f},{y(mark.estimate.value):.1f}" for mark in own)
        parts.append(tag("polyline", points=points, class_=f"line l{number % 4}"))
        for mark in own:
            place, one = x(mark.x) + 3 * number, mark.estimate
            parts.append(tag("line", x1=place, x2=place, y1=y(one.low), y2=y(one.high), class_=f"l{number % 4}"))
            parts.append(tag("circle", cx=place, cy=y(one.value), r=3.5, class_=f"l{number % 4}"))
        parts.append(tag("circle", cx=WIDTH - 160, cy=TOP + 10 + 20 * number, r=4, class_=f"l{number % 4}"))
        parts.append(tag("text", name, x=WIDTH - 148, y=TOP + 14 + 20 * number))
    return _file(bottom + 46, title, parts)


def _width(text: str) -> float:
    """Letters, of which Chinese ones take nearly two."""
    return sum(1.8 if unicodedata.east_asian_width(letter) in "WF" else 1.0 for letter in text)


def percent(value: float) -> str:
    return f"{100 * value:.1f} %".replace(".0 %", " %")
