"""Domains, IP addresses and URIs of a text, each with its place, its spelling there and its plain value.

One pass over the view of the text (fangs.py) stops at every dotted name and at every `://`; what it stops at is judged
by its form first and by its surroundings only where the form leaves a doubt. Time is linear in the length of the text:
patterns never give back what they took (possessive), a name is tried only where a word begins, a border that ends one
URI ends the search for it, and judging looks at a bounded piece of text. Nothing is resolved or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from steadyhand.extract.addresses import MAX_IPV6, ipv6, is_ipv4, is_version
from steadyhand.extract.defang import DOT, FILL, LABEL, MARK, WORD, plain
from steadyhand.extract.hosts import host_value, is_host
from steadyhand.extract.joined import is_joined
from steadyhand.extract.text_view import KINDS, Found, Kind, Page
from steadyhand.extract.uris import HOST, PORT, SEPARATOR, TAIL, scheme_of, trimmed

_USER = r"(?:[\w.~%!$+=-]{1,64}+(?::[\w.~%!$+=-]{0,64}+)?+@)?+"
# Groups of a URI: 1 separator, 2 name of the host or 3 its IPv6 address, 4 tail
_TOKEN = re.compile(
    rf"(?<![{WORD}%-]){LABEL}(?:"  # behind %, two characters are a code: where the name in %2Fa.com begins is unclear
    rf"({SEPARATOR}){_USER}(?:({HOST})(?!:{FILL}*/)|\[([0-9A-Fa-f:.]{{2,{MAX_IPV6}}}+)\])"
    rf"\.?{PORT}({TAIL})"
    rf"|(?:{DOT}{LABEL})++)"
)
_PATH = re.compile(rf"{PORT}{TAIL}")
_V6 = re.compile(rf":{FILL}*+[0-9A-Fa-f]{{0,4}}+:")
_V6_REST = re.compile(rf"[0-9A-Fa-f:.{FILL}]*+")
_HEX = frozenset("0123456789abcdefABCDEF")
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
_GLUED = re.compile(rf"[A-Za-z0-9][{_WIDE}]|[{_WIDE}][A-Za-z0-9]")
_NARROW = re.compile(rf"(?<![^\W{_WIDE}])(?<!-)(?:[^\W{_WIDE}]|-)++(?:{DOT}(?:[^\W{_WIDE}]|-)++)++")
_NUMBERS = re.compile(rf"[\d.{MARK}{FILL}-]++")
_NUMBER_RUN = re.compile(rf"[\d.{MARK}{FILL}]++")
_SENTENCE = re.compile(r"\.[A-Z][a-z]*+(?:\.[\w-]++)*+")
MAX_TOKEN = 1024  # a longer chain of labels is no name, whatever a part of it looks like
_STRIPPED = "-_" + MARK + FILL
_MAILBOX = re.compile(r"@(?!\d++(?![\w.-]))[\w-]")
_DIGITS = frozenset("0123456789")
_GOES_ON = frozenset(":/?#")


def extract_resource(text: str, *, domain: bool = True, ip: bool = True, uri: bool = False) -> list[Found]:
    """The tool that the method names: the domains, IP addresses and, where they are asked for, URIs of `text`, in
    order, each with its place (`start`, `end`), its spelling there (`seen`) and its plain `value`.

    >>> [found.value for found in extract_resource("hxxps://tnvs[.]de/e4gUVc and 66[.]179[.]94[.]117")]
    ['tnvs.de', '66.179.94.117']
    """
    wanted = {"domain": domain, "ip": ip, "uri": uri}
    return find_entities(text, [kind for kind in KINDS if wanted[kind]])


def find_entities(text: str, kinds: Collection[Kind] = KINDS) -> list[Found]:
    """Every domain, IP address and URI of `text` that a reader can point at, in order; a URI's host follows it.

    An entity that stands there twice is found twice. Hosts are lower case and Punycode, addresses canonical.
    A URI needs a scheme and a host that is an address or ends in a top-level domain. A name that touches an invisible
    or a joining character is none (joined.py).
    """
    page = Page(text)
    found = _names(page)
    if addresses := list(_ipv6_addresses(page)):
        found = _merged(found, addresses)
    if not text.isascii():
        found = list(_apart(text, found))
    return found if len(kinds) == len(KINDS) else [one for one in found if one.kind in kinds]


def _apart(text: str, found: list[Found]) -> Iterator[Found]:
    """Those that stand for themselves. A URI and its host go together; what follows a URI's path does not matter."""
    dropped = -1
    for n, one in enumerate(found):
        host = found[n + 1] if one.kind == "uri" and n + 1 < len(found) and found[n + 1].start < one.end else one
        if one.start < dropped or is_joined(text, one.start, host.end):
            dropped = max(dropped, one.end)
        else:
            yield one


def _names(page: Page) -> list[Found]:
    """URIs, domains and IPv4 addresses, in order."""
    names: list[Found] = []
    view, at = page.view, 0
    while found := _TOKEN.search(view, at):
        start, at = found.span()
        if found[1]:
            names += _uri(page, found)
        elif at - start <= MAX_TOKEN:
            here = _token(page, start, at, found[0])
            names += here
            if here and here[-1][4] == at and view[at : at + 1] in _GOES_ON:
                at = _PATH.match(view, at).end()  # type: ignore[union-attr]  # it matches the empty string
    return names


def _token(page: Page, start: int, end: int, seen: str) -> list[Found]:
    """The domain or address that the token `seen` is, or the ones that are parts of it."""
    if seen.isascii() and (whole := _judged(page, start, end, seen)):
        return [whole]
    parts = ((start + a, start + b) for a, b in _parts(seen))
    return [name for a, b in parts if (name := _judged(page, a, b, page.view[a:b]))]


def _parts(seen: str) -> list[tuple[int, int]]:
    """Where a token that is no ASCII name as a whole may hold some.

    That is `1.2.3.4-1.2.3.9`, `__a.com__`, `a[.]com.Then`, Chinese text on either side, or an international name.
    """
    if not seen.isascii() and _GLUED.search(seen):
        return [part.span() for part in _NARROW.finditer(seen)]
    if seen[0] in _DIGITS and _NUMBERS.fullmatch(seen):
        return [run.span() for run in _NUMBER_RUN.finditer(seen)] if "-" in seen else []
    left, right = len(seen) - len(seen.lstrip(_STRIPPED)), len(seen.rstrip(_STRIPPED))
    right = next((one.start() for one in _SENTENCE.finditer(seen, left, right) if one.end() == right), right)
    changed = (left, right) != (0, len(seen)) or not seen.isascii()
    return [(left, right)] if left < right and changed else []


def _judged(page: Page, start: int, end: int, seen: str) -> Found | None:
    """The token `seen`, which is `view[start:end]`, as a domain or an IPv4 address."""
    if seen[-1] in _DIGITS:
        address = plain(seen)
        if not is_ipv4(address) or (MARK not in seen and is_version(page.view, start)):
            return None
        return page.found("ip", address, start, end)
    value = host_value(seen)
    if value is None or _is_local_part(page.view, end) or not is_host(page, start, end, seen, value):
        return None
    return page.found("domain", value, start, end)


def _is_local_part(view: str, end: int) -> bool:
    """`john.smith` of `john.smith@a.com` is no domain; `a.com` of `a.com@80`, as Windows writes a port, is one."""
    return view[end : end + 1] == "@" and _MAILBOX.match(view, end) is not None


def _uri(page: Page, found: re.Match[str]) -> list[Found]:
    """The URI and its host; the host alone when what stands before it is no scheme."""
    view, (start, end) = page.view, found.span()
    separator, after_separator = found.span(1)
    host = _uri_host(page, found)
    if host is None:
        return []
    scheme = scheme_of(view[start:separator])
    if scheme is None:
        return [host]
    start, after = start + scheme[0], host.end
    cut = after < found.end(2)  # then what followed the host is not the URI's
    end = after if cut else trimmed(view, after, end, emphasized=view[start - 1 : start] == "_")
    user, rest = plain(view[after_separator : host.start]), plain(view[after:end])
    value = f"{scheme[1]}://{user}{host.value}{rest.replace('&amp;', '&')}"
    return [page.found("uri", value, start, end), host]


def _uri_host(page: Page, found: re.Match[str]) -> Found | None:
    """The host of a URI: any form of a host is one here, for the scheme is proof enough."""
    seen = found[2]
    if seen is None:
        address = ipv6(found[3])
        return page.found("ip", address, *found.span(3)) if address else None
    start = found.start(2)
    if len(seen) > MAX_TOKEN:
        return None
    if not seen.isascii() and _GLUED.search(seen) and (narrow := _NARROW.match(seen)):
        seen = narrow[0]  # Chinese text after the host
    elif not found[4]:
        seen = seen.rstrip("_-")
    if seen[-1:] in _DIGITS:
        address = plain(seen)
        return page.found("ip", address, start, start + len(seen)) if is_ipv4(address) else None
    value = host_value(seen) if seen else None
    return None if value is None else page.found("domain", value, start, start + len(seen))


def _ipv6_addresses(page: Page) -> Iterator[Found]:
    view, at = page.view, 0
    while colons := _V6.search(view, at):
        start = colons.start()
        while start > at and colons.start() - start < 5 and view[start - 1] in _HEX:
            start -= 1
        at = _V6_REST.match(view, colons.start()).end()  # type: ignore[union-attr]  # it matches the empty string
        end = _without_sentence_end(view, start, at)
        if not _is_word(view[start - 1 : start]) and not _is_word(view[at : at + 1]):
            address = ipv6(plain(view[start:end]))
            if address:
                yield page.found("ip", address, start, end)


def _is_word(char: str) -> bool:
    return char.isalnum() or char in ("_", ".", "-") if char else False


def _without_sentence_end(view: str, start: int, end: int) -> int:
    while end > start and view[end - 1] in "." + FILL:
        end -= 1
    return end - 1 if view[end - 1] == ":" and view[end - 2] != ":" else end


def _merged(names: list[Found], addresses: list[Found]) -> list[Found]:
    """All in order. An IPv6 address inside a URI is its host or part of its path, an IPv4 inside an IPv6 a part."""
    kept = _outside(addresses, [name for name in names if name.kind == "uri"])
    return sorted(_outside(names, kept) + kept, key=_place)


def _outside(spans: list[Found], covers: list[Found]) -> list[Found]:
    """Those of `spans` that do not begin inside one of `covers`. Both are in order, and `covers` do not overlap."""
    kept, at = [], 0
    for span in spans:
        while at < len(covers) and covers[at].end <= span.start:
            at += 1
        if at == len(covers) or span.start < covers[at].start:
            kept.append(span)
    return kept


def _place(found: Found) -> tuple[int, int]:
    return found.start, -found.end
