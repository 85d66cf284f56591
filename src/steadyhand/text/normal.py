"""Canonical forms of text and of network identifiers, for comparisons that are declared lenient.

Knows how reports defang identifiers (`hxxps://a[.]b`, `1(.)2`, `[dot]`) and how RFC 3986 compares URIs. Does not find
identifiers in running text, and is never applied globally: a comparator asks for it per argument.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443}

_DOT = re.compile(r"\s?(?:\[\s?(?:\.|dot|点)\s?\]|\(\s?(?:\.|dot)\s?\)|\{\s?(?:\.|dot)\s?\}|\\\.)\s?", re.IGNORECASE)
_COLON = re.compile(r"\[:\]|\(:\)")
_SLASHES = re.compile(r"\[://\]|\[:\]//|\(://\)")
_AT = re.compile(r"\[(?:@|at)\]|\(at\)", re.IGNORECASE)
_SCHEME = re.compile(r"^h(?:xx|\*\*|tt)p(s?)(?=:)", re.IGNORECASE)
_HOST_DOTS = str.maketrans({"。": ".", "．": ".", "｡": "."})
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def fold(text: str) -> str:
    """NFKC, then casefold (Unicode 3.13): full-width and upper-case forms meet."""
    return text.lower() if text.isascii() else _nfkc(text).casefold()


_WIDE = tuple((chr(ord(mark) + 0xFEE0), mark) for mark in "!(),:;?")  # what Chinese texts are full of; the rest is rare


def _nfkc(text: str) -> str:
    """NFKC, in a fraction of the time for Chinese and Latin texts. It decomposes each character by itself before it
    orders and composes (Unicode UAX 15), so full-width marks may be exchanged first: what is left is mostly in NFKC
    already, and to see that is cheap."""
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


def squeeze(text: str) -> str:
    """Runs of white space become one space; none at the ends."""
    return " ".join(text.split())


def refang(text: str) -> str:
    """The identifier as it works on the wire: `hxxps[:]//a[.]b` becomes `https://a.b`. Keeps everything else."""
    text = _SLASHES.sub("://", text.strip())
    text = _AT.sub("@", _COLON.sub(":", _DOT.sub(".", text)))
    return _SCHEME.sub(lambda found: "http" + found.group(1).lower(), text)


def canonical_ip(text: str) -> str | None:
    """The one spelling of an IPv4 or IPv6 address, refanged; None when it is none (`661.799.41.17`, `1.2.3`)."""
    bare = refang(text).translate(_HOST_DOTS).strip("[]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None


def canonical_domain(text: str) -> str | None:
    """Refanged, lower case, without the root dot, international labels in Punycode; None when it is no host name."""
    host = fold(refang(text).translate(_HOST_DOTS)).removesuffix(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    labels = host.split(".")
    return host if len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels) else None


def canonical_uri(text: str) -> str | None:
    """RFC 3986 section 6.2.2-6.2.3: refanged; scheme and host in lower case; default port and empty path dropped
    or filled. The case of path, query, fragment and user part is kept. None when it has no scheme or host."""
    try:
        parts = urlsplit(refang(text))
        host, port = _host(parts), parts.port
    except ValueError:
        return None
    if not parts.scheme or host is None:
        return None
    user, at, _ = parts.netloc.rpartition("@")
    tail = "" if port is None or port == DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return urlunsplit((parts.scheme, f"{user}{at}{host}{tail}", parts.path or "/", parts.query, parts.fragment))


def _host(parts: SplitResult) -> str | None:
    """The host of a URI in its one spelling; IPv6 in brackets."""
    if not parts.hostname:
        return None
    address = canonical_ip(parts.hostname)
    if address is None:
        return canonical_domain(parts.hostname)
    return f"[{address}]" if ":" in address else address
