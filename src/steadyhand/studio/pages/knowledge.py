"""Knowledge: is every private word explained, in an order that can be taught, and with enough cards of every kind?"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from functools import partial

from starlette.responses import Response

from steadyhand.check.finding import Finding
from steadyhand.domain.model import Card, Domain, Point
from steadyhand.errors import UsageError
from steadyhand.studio.graph import drawing
from steadyhand.studio.page import Handler, PageRequest, StudioPage, part
from steadyhand.studio.project import Project, StillReadingError

SHOWN = 100  # points of the matrix a page
CARDS = 50  # of a point a page
KINDS = ("paraphrase", "boundary", "counter_example", "noise", "turn_1", "turn_8")
RULES = ("K", "D108")  # findings about knowledge


@dataclass(frozen=True)
class KnownPoints:
    """The points with their cards by kind, and what is wrong with them. `kinds`: the contract's, then a domain's own;
    `findings`: point -> those that stand at its place; `needed_by`: point -> who builds on it directly."""

    domain: Domain
    kinds: tuple[str, ...]
    counts: dict[str, Counter[str]]
    findings: dict[str, list[Finding]]
    needed_by: dict[str, list[str]]

    @property
    def weak(self) -> list[str]:
        """Points with a finding, in the domain's order."""
        return [point.id for point in self.domain.points if self.findings.get(point.id)]


def show(ask: PageRequest) -> Response:
    """The matrix of points and kinds of cards, and the graph."""
    known = _known(ask.project)
    points = [point for point in known.domain.points if _fits(point, ask.query("q"))]
    shown, pages = part(points, ask.number(), SHOWN)
    needs = {point.id: point.depends_on for point in known.domain.points}
    hints = {point.id: f"{point.id}: {len(point.cards)}" for point in known.domain.points}
    most = max((n for counts in known.counts.values() for n in counts.values()), default=1)
    return ask.page(
        "knowledge.html.j2", known=known, points=shown, at=ask.number(), pages_of_rows=pages, q=ask.query("q"),
        most=most, graph=drawing(needs, title=ask.t("knowledge.graph"), link="/knowledge/point?id=", marked=known.weak,
                                 hints=hints),
        command=shlex.join(["steady", "check", str(ask.project.folder)]),
    )  # fmt: skip


def point(ask: PageRequest) -> Response:
    """One point: its definition, its rules, what it builds on, its cards."""
    known = _known(ask.project)
    found = next((one for one in known.domain.points if one.id == ask.query("id")), None)
    if found is None:
        raise UsageError("no such point", next="go back to the list")
    kind = ask.query("kind")
    cards = [card for card in found.cards if not kind or card.kind == kind]
    shown, pages = part(cards, ask.number(), CARDS)
    return ask.page(
        "point.html.j2", point=found, known=known, cards=shown, total=len(cards), at=ask.number(), pages_of_rows=pages,
        kind=kind, said=_said, there={one.id for one in known.domain.points}, title=found.id,
        command=shlex.join(["steady", "dose", str(ask.project.folder), "--point", found.id]),
    )  # fmt: skip


def _known(project: Project) -> KnownPoints:
    domain = project.domain()
    found = project.soon("knowledge", project.changed(), partial(_read, domain))
    if found is None:
        raise StillReadingError("the points are being checked", next="this page comes again by itself")
    return found


def _read(domain: Domain) -> KnownPoints:
    from steadyhand.check.coverage import check_coverage
    from steadyhand.check.dependencies import check_points

    counts = {point.id: Counter(card.kind for card in point.cards) for point in domain.points}
    own = sorted({kind for counter in counts.values() for kind in counter} - set(KINDS))
    at = {str(point.place): point.id for point in domain.points}
    at |= {str(card.place): point.id for point in domain.points for card in point.cards}
    findings: dict[str, list[Finding]] = {}
    for one in (*check_points(domain), *check_coverage(domain)):
        findings.setdefault(at.get(str(one.place), ""), []).append(one)
    needed: dict[str, list[str]] = {}
    for point in domain.points:
        for other in point.depends_on:
            needed.setdefault(other, []).append(point.id)
    return KnownPoints(domain, (*KINDS, *own), counts, findings, needed)


def _fits(point: Point, q: str) -> bool:
    wanted = q.casefold()
    return any(wanted in text.casefold() for text in (point.id, point.definition, *point.aliases))


def _said(card: Card) -> tuple[str, str]:
    """(the last question of a card, its answer)."""
    asked = [message.content for message in card.messages[:-1] if message.role == "user"]
    return asked[-1] if asked else "", card.messages[-1].content


PAGE = StudioPage(
    "knowledge",
    "/knowledge",
    22,
    (Handler("/knowledge", show), Handler("/knowledge/point", point)),
    lambda project: project.folder is not None,
    rare=True,
)
