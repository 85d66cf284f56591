"""What a report says of an entity, from all of its places together. Can neither call nor write.

Evidence must be positive (`report`): a bad word beside a name accuses nobody. What is not read as an
accusation or a clearance is unclear, and an unclear claim is never acted on. The words are data.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from steadyhand.agent.extractors import Occurrence
from steadyhand.agent.said import Said
from steadyhand.extract import Found

from .basis import DOUBTS, Basis
from .report import Report, Statement


def said_on(claim: str, basis: Basis, window: str) -> Said:
    return Said(claim, basis, window, basis.sentence)


def read_claim(text: str, places: Sequence[Occurrence]) -> Said:
    """What all places of one entity say together.

    An order near any of them makes the entity unclear, and so do claims against each other and an accusation that
    another place denies, dates back, or turns around (a victim, a brand that is imitated).

    >>> from steadyhand.extract import find_entities
    >>> text = "The loader calls home to evil-host7[.]com."
    >>> read_claim(text, find_entities(text)).claim
    'unsafe'
    """
    return together(statements(text, places))


def statements(text: str, places: Sequence[Occurrence]) -> list[Statement]:
    """What each place says by itself."""
    report = _report(text)
    return [report.at(place) for place in places if isinstance(place, Found)]


def together(said: Sequence[Statement]) -> Said:
    """One claim from what single places say; the first of those that decide is shown."""
    ordered = [one for one in said if one.basis is Basis.ORDER]
    claims = [one for one in said if one.claim]
    doubts = [one for one in said if one.basis in DOUBTS]
    if ordered:
        return said_on("unclear", Basis.ORDER, ordered[0].window)
    if claims and (len(doubts) >= len(claims) or len({one.claim for one in claims}) > 1):
        return said_on("unclear", Basis.CONFLICT, (doubts or claims)[0].window)
    if claims:
        return said_on(claims[0].claim or "unclear", claims[0].basis, claims[0].window)
    telling = [one for one in said if one.basis is not Basis.NONE]
    first = (telling or list(said))[0]
    return said_on("unclear", first.basis, first.window)


@lru_cache(maxsize=1)
def _report(text: str) -> Report:
    """The report at hand: its entities are read one after the other, the text only once."""
    return Report(text)
