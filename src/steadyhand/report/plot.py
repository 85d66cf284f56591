"""Small server-rendered SVG: line charts and dot-and-whisker strips. Knows nothing of metrics or languages.

Colors come from the page's stylesheet (classes `s-<name>`), so one drawing serves light, dark and print. All text
passes through markupsafe. Coordinates are viewBox units; the page scales the drawing to its column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

MARKS = {"base": "circle", "sft": "diamond", "dpo": "disc"}  # shapes differ too: color alone would lose some readers
DASH = 4  # half the length of what stands for a single point
HOVER_POINTS = 60  # titles per line: enough to read a curve by, few enough to keep the file small


@dataclass(frozen=True)
class Series:
    """One line: `points` are (x, y) in order of x; a y that is not finite breaks the line. `name` picks the color.
    `bounds` are (x, low, high) of an interval around the line, drawn as a whisker at each x."""

    name: str
    label: str
    points: tuple[tuple[float, float], ...]
    bounds: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Whisker:
    """One model's value with its interval, in axis units; `title` is shown on hover."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    title: str


def tag(name: str, *content: str, **attributes: object) -> Markup:
    """One element; `class_` becomes class, `stroke_width` stroke-width. Content and values are escaped."""
    pairs = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value)) for key, value in attributes.items()
    )
    inside = Markup("").join(escape(one) for one in content)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), pairs, inside)


def _short(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2, 5 times a power of ten) inside [low, high], about `about` of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def smooth(points: Sequence[tuple[float, float]], window: int) -> tuple[tuple[float, float], ...]:
    """Centered moving mean of y over `window` points (fewer at the ends); points that are not finite are left out."""
    good = [(x, y) for x, y in points if math.isfinite(y)]
    half = window // 2
    means = []
    for index, (x, _) in enumerate(good):
        near = [y for _, y in good[max(0, index - half) : index + half + 1]]
        means.append((x, sum(near) / len(near)))
    return tuple(means)


@dataclass(frozen=True)
class _Frame:
    """The plot area inside the drawing and the data range mapped onto it."""

    left: float
    right: float
    top: float
    bottom: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        return self.left + (value - self.x_low) / ((self.x_high - self.x_low) or 1) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.y_low) / ((self.y_high - self.y_low) or 1) * (self.bottom - self.top)


def line_chart(
    series: Sequence[Series],
    *,
    title: str,
    x_label: str,
    y_format: Callable[[float], str],
    y_range: tuple[float, float] | None = None,
    x_names: Mapping[float, str] | None = None,
    bar: float | None = None,
) -> Markup:
    """A line chart with axes and ticks, 360 x 220 units. Returns an empty string when no point is finite. `x_names`
    replaces the ticks of the x axis; `bar` is a dashed level."""
    finite = [point for one in series for point in one.points if math.isfinite(point[1])]
    if not finite:
        return Markup("")
    frame = _frame(finite, y_range)
    drawing = [_axes(frame, x_label, y_format, x_names)]
    if bar is not None:
        y = frame.y(bar)
        drawing.append(tag("line", x1=frame.left, x2=frame.right, y1=y, y2=y, class_="bar"))
    drawing += [_bounds(one, frame) for one in series]
    drawing += [_line(one, frame) for one in series]
    drawing += [_hover(one, frame, x_label, y_format, x_names) for one in series]
    return tag("svg", *drawing, viewBox="0 0 360 220", class_="chart", role="img", aria_label=title)


def _frame(points: Sequence[tuple[float, float]], y_range: tuple[float, float] | None) -> _Frame:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    y_low, y_high = y_range or (min(0.0, *ys), max(ys))
    pad = (y_high - y_low) * 0.06 or 1.0
    if y_range is None:
        y_low, y_high = (y_low - pad if y_low < 0 else y_low), y_high + pad
    return _Frame(46, 338, 12, 184, min(xs), max(xs), y_low, y_high)


def _axes(frame: _Frame, x_label: str, y_format: Callable[[float], str], x_names: Mapping[float, str] | None) -> Markup:
    parts = []
    for value in ticks(frame.y_low, frame.y_high):
        y = frame.y(value)
        kind = "zero" if value == 0 else "grid"
        parts.append(tag("line", x1=frame.left, x2=frame.right, y1=y, y2=y, class_=kind))
        parts.append(tag("text", y_format(value), x=frame.left - 6, y=y + 4, class_="tick", text_anchor="end"))
    for value in x_names or ticks(frame.x_low, frame.x_high, 6):
        x, name = frame.x(value), x_names[value] if x_names else f"{value:g}"
        parts.append(tag("line", x1=x, x2=x, y1=frame.bottom, y2=frame.bottom + 4, class_="axis"))
        parts.append(tag("text", name, x=x, y=frame.bottom + 16, class_="tick", text_anchor="middle"))
    parts.append(tag("line", x1=frame.left, x2=frame.right, y1=frame.bottom, y2=frame.bottom, class_="axis"))
    parts.append(tag("text", x_label, x=(frame.left + frame.right) / 2, y=215, class_="label", text_anchor="middle"))
    return Markup("").join(parts)


def _line(one: Series, frame: _Frame) -> Markup:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in one.points:
        if math.isfinite(y):
            pieces[-1].append((frame.x(x), frame.y(y)))
        elif pieces[-1]:
            pieces.append([])
    return Markup("").join(_stroke(piece, one.name) for piece in pieces if piece)


def _stroke(piece: list[tuple[float, float]], name: str) -> Markup:
    """A point by itself is a short dash, for a line of one point cannot be seen."""
    ((x, y), *more) = piece
    seen = piece if more else [(x - DASH, y), (x + DASH, y)]
    return tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in seen), class_=f"line s-{name}")


def _bounds(one: Series, frame: _Frame) -> Markup:
    parts = []
    for at, low, high in one.bounds:
        x, top, bottom = frame.x(at), frame.y(high), frame.y(low)
        parts.append(tag("line", x1=x, x2=x, y1=top, y2=bottom, class_="whisker"))
        parts += [tag("line", x1=x - 3.5, x2=x + 3.5, y1=end, y2=end, class_="whisker") for end in (top, bottom)]
    return tag("g", *parts, class_=f"s-{one.name}") if parts else Markup("")


def _hover(
    one: Series,
    frame: _Frame,
    x_label: str,
    y_format: Callable[[float], str],
    x_names: Mapping[float, str] | None,
) -> Markup:
    good = [point for point in one.points if math.isfinite(point[1])]
    every = max(1, math.ceil(len(good) / HOVER_POINTS))
    spots = []
    for x, y in good[::every]:
        title = tag("title", f"{one.label}: {y_format(y)} ({x_label} {x_names[x] if x_names else f'{x:g}'})")
        spots.append(tag("circle", title, cx=frame.x(x), cy=frame.y(y), r=6, class_=f"hover s-{one.name}"))
    return Markup("").join(spots)


def whisker_strip(
    whiskers: Sequence[Whisker],
    *,
    low: float,
    high: float,
    tick_format: Callable[[float], str],
    title: str,
    bar: float | None = None,
) -> Markup:
    """One line per model (dot: value, whisker: interval) over one axis from `low` to `high`, 240 units wide; `bar` is
    a dashed line. Parts outside the axis are cut at its ends."""
    height = 16 * len(whiskers) + 22
    frame = _Frame(14, 222, 0, height, low, high, 0, 1)
    bottom = height - 18.0
    parts = []
    for value in ticks(low, high, 4):
        x = frame.x(value)
        parts.append(tag("line", x1=x, x2=x, y1=2, y2=bottom, class_="zero" if value == 0 else "grid"))
        parts.append(tag("text", tick_format(value), x=x, y=height - 5.0, class_="tick", text_anchor="middle"))
    if bar is not None:
        x = frame.x(min(max(bar, low), high))
        parts.append(tag("line", x1=x, x2=x, y1=0, y2=bottom + 3, class_="bar"))
    for index, one in enumerate(whiskers):
        parts.append(_whisker(one, frame, 10.0 + 16 * index, low, high))
    return tag("svg", *parts, viewBox=f"0 0 240 {height}", class_="strip", role="img", aria_label=title)


def _whisker(one: Whisker, frame: _Frame, y: float, low: float, high: float) -> Markup:
    def x(value: float) -> float:
        return frame.x(min(max(value, low), high))

    parts = [tag("title", one.title)]
    if one.low is not None and one.high is not None:
        left, right = x(one.low), x(one.high)
        parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="whisker"))
        parts += [tag("line", x1=end, x2=end, y1=y - 3.5, y2=y + 3.5, class_="whisker") for end in (left, right)]
    if one.value is not None:
        parts.append(mark(one.name, x(one.value), y))
    return tag("g", *parts, class_=f"s-{one.name}")


def mark(name: str, x: float, y: float) -> Markup:
    """The dot of a model: open circle, diamond or disc."""
    if MARKS.get(name) == "diamond":
        corners = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
        return tag("polygon", points=corners, class_="mark")
    return tag("circle", cx=x, cy=y, r=4.2, class_="mark open" if MARKS.get(name) == "circle" else "mark")
