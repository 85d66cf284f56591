"""Splits the cards of one point into a ladder that is trained and cards that are only asked; finds questions beside it.

Knows wordings; knows nothing of models. A wording never stands on both sides: near-copies of a question stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from steadyhand.domain.model import Card, Domain, Point, Probe
from steadyhand.errors import UsageError
from steadyhand.text.near import near_clusters
from steadyhand.text.shingles import normal, shingles

HELD_SHARE, MIN_HELD = 1 / 3, 3
COPIES = 0.6  # Jaccard index of 4-character shingles from which two questions are one wording
ABOUT = 0.2  # a probe is about the point of the nearest card, if that is at least so near


@dataclass(frozen=True)
class CardSplit:
    """`ladder` is in the order of training: its first k cards are the rung of k. `held` are never trained."""

    ladder: tuple[Card, ...]
    held: tuple[Card, ...]
    wording: dict[str, str]  # card id -> id of the first card of the same wording


def question(card: Card) -> str:
    """What is asked last."""
    return card.messages[-2].content


def split_point(point: Point, seed: int) -> CardSplit:
    """A third of the point's cards held back, by whole wordings; the rest in a seeded order that alternates languages,
    so that the second card already brings the second one. Raises UsageError for a point with too few cards."""
    cards = point.cards
    firsts = near_clusters([question(card) for card in cards], COPIES)
    groups: dict[int, list[Card]] = {}
    for card, first in zip(cards, firsts, strict=True):
        groups.setdefault(first, []).append(card)
    if len(groups) <= MIN_HELD:
        raise UsageError(
            f"{point.id!r} has {len(cards)} cards in {len(groups)} wordings: too few to train some and ask others",
            where=point.place,
            next=f"write cards until it has more than {MIN_HELD} wordings",
        )
    order = list(groups.values())
    Random(f"{seed}/{point.id}").shuffle(order)
    held: list[Card] = []
    while len(held) < max(MIN_HELD, round(len(cards) * HELD_SHARE)) and len(order) > 1:
        held += order.pop()
    wording = {card.id: cards[first].id for card, first in zip(cards, firsts, strict=True)}
    return CardSplit(_alternating([card for group in order for card in group]), tuple(held), wording)


def _alternating(cards: Sequence[Card]) -> tuple[Card, ...]:
    """One of each language in turn, as long as there are any."""
    place: dict[str, int] = {}
    numbered: list[tuple[int, int, Card]] = []
    for card in cards:
        place[card.lang] = place.get(card.lang, -1) + 1
        numbered.append((place[card.lang], len(numbered), card))
    return tuple(card for *_, card in sorted(numbered, key=lambda one: one[:2]))


def neighbors(domain: Domain, point: Point, count: int) -> list[Card]:
    """The `count` cards of other points whose last question is nearest to any question of `point` in its letters
    (Jaccard index of shingles), the nearest first. A question that `point` asks too is no neighbor."""
    own = [shingles(question(card)) for card in point.cards]
    asked = {normal(question(card)) for card in point.cards}
    ranked: list[tuple[float, int, Card]] = []
    for number, card in enumerate(domain.cards):
        if card.point != point.id and normal(question(card)) not in asked:
            asked.add(normal(question(card)))
            ranked.append((-_nearest(question(card), own), number, card))
    return [card for *_, card in sorted(ranked, key=lambda one: one[:2])[:count]]


def probes_about(domain: Domain, point: Point) -> list[Probe]:
    """Anchoring and reasoning probes whose nearest card in the whole domain is one of `point`'s."""
    cards = [(card, shingles(question(card))) for card in domain.cards]
    found = []
    for probe in domain.probes:
        if probe.kind != "public" and cards:
            wanted = shingles(probe.question)
            card, grams = max(cards, key=lambda one: _jaccard(wanted, one[1]))
            if card.point == point.id and _jaccard(wanted, grams) >= ABOUT:
                found.append(probe)
    return found


def _nearest(text: str, others: Sequence[frozenset[str]]) -> float:
    own = shingles(text)
    return max((_jaccard(own, other) for other in others), default=0.0)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
