"""Rules K: the dependency closure. If the explanation of A uses private concept B, B needs cards of its own."""

from __future__ import annotations

from collections.abc import Iterator

from steadyhand.check.finding import Finding, finding
from steadyhand.domain.model import Domain, Point


def check_points(domain: Domain) -> Iterator[Finding]:
    """K301 for each point in the closure of a taught point that is not taught itself; K302 for each circle."""
    points = {point.id: point for point in domain.points}
    users: dict[str, str] = {}
    for point in domain.points:
        if point.cards:
            for needed in closure(point, points):
                users.setdefault(needed, point.id)
    for id, user in users.items():
        if not points[id].cards:
            what = f"{id!r} has no cards, but the cards of {user!r} build on it"
            yield finding("K301", points[id].place, what, f"write 5-30 cards for {id!r}, or drop it from depends_on")
    for circle in _circles(points):
        chain = " -> ".join([*circle, circle[0]])
        yield finding("K302", points[circle[0]].place, f"circular definition: {chain}", "define one without the others")


def closure(point: Point, points: dict[str, Point]) -> list[str]:
    """All points that `point` depends on, directly or not, itself left out."""
    reached: list[str] = []
    todo = list(point.depends_on)
    while todo:
        id = todo.pop(0)
        if id not in reached and id != point.id and id in points:
            reached.append(id)
            todo.extend(points[id].depends_on)
    return reached


def _circles(points: dict[str, Point]) -> Iterator[list[str]]:
    """Each circle once, found by walking from every point along first-seen paths (no recursion)."""
    closed: set[str] = set()
    for start in points:
        path: list[str] = []
        stack = [(start, False)]
        while stack:
            id, leaving = stack.pop()
            if leaving:
                path.pop()
                closed.add(id)
            elif id in path:
                yield path[path.index(id) :]
            elif id not in closed:
                path.append(id)
                stack.append((id, True))
                stack.extend((next, False) for next in reversed(points[id].depends_on))
