"""A dependency graph as server-rendered SVG: what others build on stands left, what builds on it right of it.

Knows names and edges; nothing of knowledge or pages. A circle has no first, so its members stand in one column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote

from markupsafe import Markup

from steadyhand.report.plot import tag

WIDTH, HEIGHT, GAP_X, GAP_Y = 150.0, 30.0, 46.0, 12.0  # of a box and between boxes
MOST = 150  # boxes: more of them say nothing to an eye
LETTERS = 20  # of a name in its box


def layers(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Names by column: each behind all that it needs, so far as there is no circle. Names that are needed and not
    listed are left out.

    >>> layers({"a": [], "b": ["a"], "c": ["a", "b"]})
    [['a'], ['b'], ['c']]
    """
    left = {name: [one for one in needed if one in needs and one != name] for name, needed in needs.items()}
    columns: list[list[str]] = []
    while left:
        ready = [name for name, needed in left.items() if not any(one in left for one in needed)]
        ready = ready or list(left)  # a circle, and what stands behind it
        columns.append(ready)
        for name in ready:
            del left[name]
    return columns


def drawing(
    needs: Mapping[str, Sequence[str]], *, title: str, link: str, marked: Collection[str] = (), hints: Mapping[str, str]
) -> Markup:
    """Boxes by column with a line from each name to what it needs. `link` + name is where a box leads; `marked` boxes
    stand out; `hints` are shown on hover. Empty without names, and with more than MOST of them."""
    if not needs or len(needs) > MOST:
        return Markup("")
    columns = layers(needs)
    spot = {
        name: (x * (WIDTH + GAP_X) + 2, y * (HEIGHT + GAP_Y) + 2)
        for x, column in enumerate(columns)
        for y, name in enumerate(column)
    }
    lines = [_edge(spot[one], spot[name]) for name, needed in needs.items() for one in needed if one in spot]
    boxes = [_box(name, *spot[name], link, name in marked, hints.get(name, name)) for name in spot]
    width = len(columns) * (WIDTH + GAP_X) - GAP_X + 4
    height = max(map(len, columns)) * (HEIGHT + GAP_Y) - GAP_Y + 4
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": width, "height": height}
    return tag("svg", *lines, *boxes, **size, class_="graph", role="group", aria_label=title)


def _edge(one: tuple[float, float], other: tuple[float, float]) -> Markup:
    """From the right side of what is needed to the left side of what needs it."""
    (x1, y1), (x2, y2) = (one[0] + WIDTH, one[1] + HEIGHT / 2), (other[0], other[1] + HEIGHT / 2)
    bend = GAP_X / 2
    path = f"M{x1:g},{y1:g} C{x1 + bend:g},{y1:g} {x2 - bend:g},{y2:g} {x2:g},{y2:g}"
    return tag("path", d=path, class_="edge")


def _box(name: str, x: float, y: float, link: str, marked: bool, hint: str) -> Markup:
    shown = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
    parts = (
        tag("title", hint),
        tag("rect", x=x, y=y, width=WIDTH, height=HEIGHT, rx=6, class_="node marked" if marked else "node"),
        tag("text", shown, x=x + WIDTH / 2, y=y + HEIGHT / 2 + 4, text_anchor="middle"),
    )
    return tag("a", *parts, href=f"{link}{quote(name, safe='')}")
