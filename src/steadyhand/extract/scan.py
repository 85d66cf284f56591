"""Domains, IP addresses and URIs of a text, each with its place, its spelling there and its plain value.

One pass over the view of the text (fangs.py) stops at every dotted name and at every `://`; what it stops at is judged
by its form first and by its surroundings only where the form leaves a doubt. Time is linear in the length of the text:
patterns never give back what they took (possessive), a name is tried only where a word begins, a border that ends one
URI ends the search for it, and judging looks at a bounded piece of text. Nothing is resolved or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from steadyhand.extract.addresses import BEFORE, MAX_IPV6, ipv6, is_ipv4, is_version
from steadyhand.extract.fangs import DOT, FILL, MARK, plain, view_of
from steadyhand.extract.hosts import host_value, is_host
from steadyhand.extract.uris import HOST, PORT, SEPARATOR, TAIL, scheme_of, trimmed, uri_value

Kind = Literal["domain", "ip", "uri"]
KINDS: tuple[Kind, ...] = ("domain", "ip", "uri")


class Found(NamedTuple):
    """One entity where it stands: `text[start:end] == seen`; `value` is `seen` as it works on the wire."""

    kind: Kind
    value: str
    seen: str
    start: int
    end: int


_USER = r"(?:[\w.~%!$+=-]{1,64}+(?::[\w.~%!$+=-]{0,64}+)?+@)?+"
_TOKEN = re.compile(
    rf"(?<![\w-])[\w-]++(?:"
    rf"(?P<sep>{SEPARATOR}){_USER}(?:(?P<host>{HOST})(?!:{FILL}*/)|\[(?P<v6>[0-9A-Fa-f:.]{{2,{MAX_IPV6}}}+)\])"
    rf"(?P<port>\.?{PORT})(?P<tail>{TAIL})"
    rf"|(?:{DOT}[\w-]++)++)"
)
_PATH = re.compile(rf"{PORT}{TAIL}")
_V6 = re.compile(rf":{FILL}*+[0-9A-Fa-f]{{0,4}}+:")
_V6_REST = re.compile(rf"[0-9A-Fa-f:.{FILL}]*+")
_HEX = frozenset("0123456789abcdefABCDEF")
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
_GLUED = re.compile(rf"[A-Za-z0-9][{_WIDE}]|[{_WIDE}][A-Za-z0-9]")
_NARROW = re.compile(rf"(?:[^\W{_WIDE}]|-)++(?:{DOT}(?:[^\W{_WIDE}]|-)++)++")
_NUMBERS = re.compile(rf"[\d.{MARK}{FILL}-]++")
_NUMBER_RUN = re.compile(rf"[\d.{MARK}{FILL}]++")
_NEXT_SENTENCE = re.compile(r"\.[A-Z][a-z]*+(?:\.[\w-]+)*$")
MAX_TOKEN = 1024  # a longer chain of labels is no name, whatever a part of it looks like
_STRIPPED = "-_" + MARK + FILL


def extract_resource(text: str, kinds: Collection[Kind] = KINDS) -> list[Found]:
    """Every domain, IP address and URI of `text` that a reader can point at, in order; a URI's host follows it.

    An entity that stands there twice is found twice. Hosts are lower case and Punycode, addresses canonical.
    A URI needs a scheme and a host that is an address or ends in a top-level domain.
    """
    view = view_of(text)
    found = list(_names(view))
    if addresses := list(_ipv6_addresses(view)):
        found = _merged(found, addresses)
    return [Found(kind, value, text[a:b], a, b) for kind, value, a, b in found if kind in kinds]


_Span = tuple[Kind, str, int, int]


def _names(view: str) -> Iterator[_Span]:
    """URIs, domains and IPv4 addresses, in order."""
    at = 0
    search = _TOKEN.search
    while found := search(view, at):
        start, at = found.span()
        if found["sep"]:
            yield from _uri(view, found)
            continue
        if at - start > MAX_TOKEN:
            continue
        for name in _name(view, start, at):
            yield name
            if name[3] == at and view[at : at + 1] in (":", "/", "?", "#"):
                at = _PATH.match(view, at).end()  # type: ignore[union-attr]  # it matches the empty string


def _name(view: str, start: int, end: int) -> Iterator[_Span]:
    """The domain or address that the token is, or the ones that are its parts."""
    seen = view[start:end]
    if not (seen.isascii() or _GLUED.search(seen) is None):
        parts: Iterator[tuple[int, int]] = (part.span() for part in _NARROW.finditer(view, start, end))
    elif (whole := _judged(view, start, end)) is not None:
        yield whole
        return
    else:
        parts = _parts(view, start, end)
    yield from (name for a, b in parts if (name := _judged(view, a, b)) is not None)


def _parts(view: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What a token holds that is nothing as a whole: `1.2.3.4-1.2.3.9`, `__a.com__`, `a[.]com.Then`."""
    seen = view[start:end]
    if _NUMBERS.fullmatch(seen):
        yield from (run.span() for run in _NUMBER_RUN.finditer(view, start, end))
        return
    left, right = len(seen) - len(seen.lstrip(_STRIPPED)), len(seen.rstrip(_STRIPPED))
    sentence = _NEXT_SENTENCE.search(seen, left, right)
    if sentence is not None:
        right = sentence.start()
    if left < right and (left, right) != (0, len(seen)):
        yield start + left, start + right


def _judged(view: str, start: int, end: int) -> _Span | None:
    seen = view[start:end]
    if is_ipv4(address := plain(seen)):
        known = MARK in seen or not is_version(view[max(0, start - BEFORE) : start])
        return ("ip", address, start, end) if known else None
    value = host_value(seen)
    if value is None or _is_local_part(view, end) or not is_host(view, start, end, value):
        return None
    return "domain", value, start, end


def _is_local_part(view: str, end: int) -> bool:
    """`john.smith` of `john.smith@a.com` is no domain."""
    return view[end : end + 1] == "@" and view[end + 1 : end + 2] not in ("", "[", " ")


def _uri(view: str, found: re.Match[str]) -> Iterator[_Span]:
    scheme = scheme_of(view[found.start() : found.start("sep")])
    host = _uri_host(view, found)
    if scheme is None or host is None:
        if host is not None and MARK in view[host[2] : host[3]]:
            yield host
        return
    start, after = found.start() + scheme[0], host[3]
    if after == found.end("host") or found["v6"]:
        end = trimmed(view, found.start("port"), found.end())
        tail = min(found.start("tail"), end)
    else:
        end = tail = after
    yield "uri", uri_value(scheme[1], view[found.end("sep") : tail], view[tail:end]), start, end
    yield host


def _uri_host(view: str, found: re.Match[str]) -> _Span | None:
    """The host of a URI: any form of a host is one here, for the scheme is proof enough."""
    if found["v6"]:
        address = ipv6(found["v6"])
        return ("ip", address, *found.span("v6")) if address else None
    start, end = found.span("host")
    if end - start > MAX_TOKEN:
        return None
    seen = view[start:end]
    if not seen.isascii() and _GLUED.search(seen):  # Chinese text after the host
        part = _NARROW.match(view, start, end)
        end = part.end() if part else end
    elif not found["tail"]:
        end -= len(seen) - len(seen.rstrip("_-"))
    if is_ipv4(address := plain(view[start:end])):
        return "ip", address, start, end
    value = host_value(view[start:end])
    return None if value is None else ("domain", value, start, end)


def _ipv6_addresses(view: str) -> Iterator[_Span]:
    at = 0
    while colons := _V6.search(view, at):
        start = colons.start()
        while start > at and colons.start() - start < 5 and view[start - 1] in _HEX:
            start -= 1
        at = _V6_REST.match(view, colons.start()).end()  # type: ignore[union-attr]  # it matches the empty string
        end = _without_sentence_end(view, start, at)
        if not _is_word(view[start - 1 : start]) and not _is_word(view[at : at + 1]):
            address = ipv6(plain(view[start:end]))
            if address:
                yield "ip", address, start, end


def _is_word(char: str) -> bool:
    return char.isalnum() or char in ("_", ".", "-") if char else False


def _without_sentence_end(view: str, start: int, end: int) -> int:
    while end > start and view[end - 1] in "." + FILL:
        end -= 1
    return end - 1 if view[end - 1] == ":" and view[end - 2] != ":" else end


def _merged(names: list[_Span], addresses: list[_Span]) -> list[_Span]:
    """All in order; an IPv6 address inside a URI is its host or part of its path, an IPv4 inside an IPv6 is part of it."""
    ends = [name for name in names if name[0] == "uri"]
    covered = _inside(addresses, ends)
    kept = [address for address, hidden in zip(addresses, covered, strict=True) if not hidden]
    rest = [name for name, hidden in zip(names, _inside(names, kept), strict=True) if not hidden]
    return sorted(rest + kept, key=_place)


def _inside(spans: list[_Span], hosts: list[_Span]) -> list[bool]:
    """For every span whether it begins inside one of `hosts`. Both are in order and `hosts` do not overlap."""
    hidden, at = [], 0
    for span in spans:
        while at < len(hosts) and hosts[at][3] <= span[2]:
            at += 1
        hidden.append(at < len(hosts) and hosts[at][2] <= span[2])
    return hidden


def _place(span: _Span) -> tuple[int, int]:
    return span[2], -span[3]
