"""Which numbers with dots and colons are IP addresses: not versions, times, MAC addresses or hexadecimal dumps.

Judges one candidate in its surroundings; does not search for candidates.
"""

from __future__ import annotations

import ipaddress
import re

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
_BEFORE = 48  # characters that are read before an address to see whether it is a version
_VERSION = re.compile(
    r"(?:(?<![a-z])(?:versions?|ver|vers|v|builds?|releases?|firmware|revision|rev|sections?|chapter|oid)\.?|版本号?|版)"
    r"[\s:=#v\"'(]{0,4}(?:(?:is|of|from|number|no\.?|before|below|prior to|earlier than|up to|<=?|>=?)\s)?"
    r"v?(?:\d+(?:\.\d+){1,4}(?:\s?(?:,|and|or|to|through|-|–|/)\s?(?:and |or )?v?){1,2}){0,3}$",
    re.IGNORECASE,
)
_ROUND = re.compile(r"(?!10\.|127\.|0\.)\d+\.0\.0\.0")  # Chrome 131.0.0.0
_WORD_BEFORE = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,}[ ]$")
_PRODUCT = re.compile(r"(?<![\w+-])(?:(?![A-Za-z])[\w+-])*+[A-Za-z][\w+-]*+/v?$")
_GROUPS = re.compile(r"[0-9A-Fa-f]{1,4}")
_FRESH = frozenset(("", "\n", "|", "@", "<", "`"))  # nothing before these says what follows
MAX_IPV6 = 45


def is_ipv4(host: str) -> bool:
    """Four decimal octets without leading zeros."""
    return _IPV4.fullmatch(host) is not None


def is_version(view: str, start: int) -> bool:
    """Whether what stands before `start` makes four numbers a version: `version 4.18.2.1`, `Chrome/131.0.0.0`."""
    last = view[start - 1 : start]
    if last in _FRESH:
        return False
    before = view[max(0, start - _BEFORE) : start].rpartition("\n")[2]
    if last == "/":
        return _PRODUCT.search(before) is not None
    if _ROUND.match(view, start) and _WORD_BEFORE.search(before):
        return True
    return _VERSION.search(before) is not None


def ipv6(seen: str) -> str | None:
    """The compressed spelling of an IPv6 address; None for what only looks like one (`ab::cd` is C++, `1::` a list).

    Written out, its eight groups must not all have two digits: that is a dump of bytes or a fingerprint.
    """
    if not 2 < len(seen) <= MAX_IPV6:
        return None
    try:
        address = ipaddress.IPv6Address(seen)
    except ValueError:
        return None
    if address.ipv4_mapped is not None:  # RFC 5952 section 5; Python wrote it in hexadecimal until 3.13
        return f"::ffff:{address.ipv4_mapped}"
    groups = _GROUPS.findall(seen)
    if "::" not in seen:
        return None if all(len(group) <= 2 for group in groups) else str(address)
    telling = len(groups) > 2 or (len(groups) == 2 and len(groups[0]) > 2) or seen == "::1"
    return str(address) if telling and any(char.isdigit() for char in seen) else None
