"""Rules K and D108 over a domain folder: is every private word explained, in an order that can be taught, with enough
cards of every kind, and does every card speak of its point?

Knows words and dependencies; whether a definition is true is for its author to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from steadyhand.check.dependencies import closure
from steadyhand.check.features import is_han, lexical
from steadyhand.check.finding import Finding, finding
from steadyhand.datasets.to_domain import POINT
from steadyhand.domain.model import Card, Domain, Point
from steadyhand.text.normal import fold
from steadyhand.text.shingles import language_of

MIN_CARDS = 4  # with fewer, one wording is a quarter of what is ever seen
_TERM = re.compile(r"`([^`\n]{2,40})`|\b([a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]{2,}(?:[-_][A-Z0-9]+)*)\b")
_CAPITALS = (  # that every model has met
    "API APIS ASCII AWS CLI CPU CSS CSV CVE DNS FAQ FTP GPU GPS HTML HTTP HTTPS ICMP IMAP IOC IPS ISO JPEG JSON JWT "
    "LAN LLM MAC MFA NAT NULL PDF PIN PNG POP RAM REST RSA SDK SHA SLA SMS SMTP SQL SSH SSL TCP TLS TTL UDP UID URI "
    "URIS URL URLS USB UTC UTF UTF-8 UUID VIP VPN WAF WAN WWW XML YAML AND NOT ALL ANY NONE TRUE FALSE"
)
_PUBLIC = frozenset(re.findall(r"\S+", _CAPITALS))
_TELLING_LATIN, _TELLING_HAN = 4, 2  # characters: shorter words say nothing about what a text is about


def check_coverage(domain: Domain) -> Iterator[Finding]:
    """K303-K306 and D108. Imported rows share one point without sharing a question, so it is left out."""
    points = [point for point in domain.points if point.id != POINT]
    yield from _undefined(points, domain)
    yield from _undeclared(points)
    for point in points:
        yield from _few(point, points)
        yield from _orphans(point)
        yield from _kinds(point)


def _undefined(points: Sequence[Point], domain: Domain) -> Iterator[Finding]:
    """K303, once per term, at the first point that uses it."""
    known = _known(domain)
    for point in points:
        for text in (point.definition, *point.rules):
            for match in _TERM.finditer(text):
                term = match[1] or match[2]
                if term not in _PUBLIC and fold(term) not in known:
                    known.add(fold(term))
                    what = f"{point.id!r} is explained with {term!r}, which no point defines"
                    next = f"define {term!r} as a point of its own with cards, or as an alias, or explain without it"
                    yield finding("K303", point.place, what, next)


def _known(domain: Domain) -> set[str]:
    """Names of points and tools, their words, and what tools call their arguments and values, folded."""
    names = [name for point in domain.points for name in (point.id, *point.aliases)]
    names += [word for tool in domain.tools.values() for word in (tool.name, *_schema_words(tool.parameters))]
    return {fold(word) for name in names for word in (name, *re.split(r"[\s.]+", name))}


def _schema_words(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            yield str(key)
            yield from _schema_words(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _schema_words(value)
    elif isinstance(schema, str) and " " not in schema:
        yield schema


def _undeclared(points: Sequence[Point]) -> Iterator[Finding]:
    """K306: a definition that uses another point's name without depending on it, directly or not."""
    by_id = {point.id: point for point in points}
    names = {fold(name): point.id for point in points for name in (point.id, *point.aliases)}
    for point in points:
        declared = {point.id, *closure(point, by_id)}
        for used in _mentioned(point.definition, names):
            if used not in declared:
                declared.add(used)
                circle = f", which itself builds on {point.id!r}" if point.id in closure(by_id[used], by_id) else ""
                what = f"the definition of {point.id!r} uses {used!r}{circle}, and depends_on does not say so"
                next = "reword one of the two definitions" if circle else f"add {used!r} to depends_on, or reword it"
                yield finding("K306", point.place, what, next)


def _mentioned(text: str, names: Mapping[str, str]) -> list[str]:
    """The points whose names stand in a text, by longest match after NFKC and case folding."""
    if not names:
        return []
    longest = sorted(names, key=len, reverse=True)
    pattern = "|".join(re.escape(name) if is_han(name) else rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest)
    return list(dict.fromkeys(names[match[0]] for match in re.finditer(pattern, fold(text), re.ASCII)))


def _few(point: Point, points: Sequence[Point]) -> Iterator[Finding]:
    """K304; a point without cards on which taught points build is K301's."""
    by_id = {known.id: known for known in points}
    needed = any(other.cards and point.id in closure(other, by_id) for other in points)
    if len(point.cards) < MIN_CARDS and (point.cards or not needed):
        what = f"{point.id!r} has {len(point.cards)} cards, at least {MIN_CARDS} are needed to be more than one wording"
        yield finding("K304", point.place, what, f"write 5-30 cards for {point.id!r}")


def _orphans(point: Point) -> Iterator[Finding]:
    """K305: a card that holds no name of its point and no word of its explanation. Cards in another language than the
    explanation cannot be compared with it."""
    words = _telling(" ".join((point.id, *point.aliases, point.definition, *point.rules)))
    language = language_of(point.definition)
    for card in point.cards:
        if card.lang == language and words and not words & _telling(_text(card)):
            what = (
                f"card {card.id} says nothing of {point.id!r}: it holds no name of the point and no word of its rules"
            )
            yield finding("K305", card.place, what, "move it to the point that it teaches, or name the point in it")


def _text(card: Card) -> str:
    return "\n".join(f"{message.content}\n{message.think or ''}" for message in card.messages)


def _telling(text: str) -> frozenset[str]:
    """The words of a text that say what it is about."""
    return frozenset(w for w in lexical(text) if len(w) >= (_TELLING_HAN if is_han(w) else _TELLING_LATIN))


def _kinds(point: Point) -> Iterator[Finding]:
    """D108: what of the coverage contract a point lacks; a boundary is due where its rules name numbers."""
    if len(point.cards) < MIN_CARDS:
        return
    there = {card.kind for card in point.cards}
    due = ["paraphrase", *(["boundary"] if _has_boundary(point) else []), "counter_example", "noise"]
    missing = [kind.replace("_", " ") for kind in due if kind not in there]
    if all(sum(message.role == "user" for message in card.messages) <= 1 for card in point.cards):
        missing.append("a later turn")
    if missing:
        what = f"the {len(point.cards)} cards of {point.id!r} show no {', no '.join(missing)}"
        yield finding("D108", point.place, what, f"write cards of the kind: {', '.join(missing)}")


def _has_boundary(point: Point) -> bool:
    return any(char.isdigit() for rule in point.rules for char in rule)
