"""Hosts that no report may have changed: public suffixes, addresses that are not public, names shared by strangers.

Facts about the internet, not about any domain: the whole Public Suffix List (its ICANN and its private part, as
`publicsuffixlist` ships it) and the reserved ranges of IP in every embedding. A domain lists more (`Shared`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_OWN = frozenset(
    [
        "localhost",
        "local",
        "internal",
        "lan",
        "home",
        "corp",
        "intranet",
        "test",
        "invalid",
        "arpa",
        "example",
        "alt",
    ]
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052; 64:ff9b:1::/48 (RFC 8215) is for local use
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_SIIT = ipaddress.ip_network("::ffff:0:0:0/96")  # RFC 2765
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291 section 2.5.5.1
# Not on every Python's list yet: documentation (RFC 9637), segments of routes (RFC 9602).
_YOUNG = (ipaddress.ip_network("3fff::/20"), ipaddress.ip_network("5f00::/16"))
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the upper half of the interface's name


def host_of(entity: str) -> str:
    """The host of a URI, or the entity itself; lower case, without port and brackets."""
    if "://" not in entity:
        return entity.lower().rstrip(".")
    try:
        return (urlsplit(entity).hostname or "").rstrip(".")
    except ValueError:
        return ""


def bare_suffix(host: str) -> bool:
    """Whether names below `host` belong to many owners: `com`, `co.uk`, `github.io`, `duckdns.org`."""
    if is_address(host):
        return False
    return "." not in host or bool(_suffixes().is_public(host))


def reserved(host: str) -> bool:
    """Addresses that are not of the public internet, bare or embedded, and names that never leave a house.

    >>> reserved("64:ff9b::10.1.2.3"), reserved("2002:a01:203::1"), reserved("8.8.8.8")
    (True, True, False)
    """
    address = _address(host)
    if address is None:
        return host.rpartition(".")[2] in _OWN
    young = any(address in network for network in _YOUNG)
    return young or any(not one.is_global or one.is_multicast for one in _with_embedded(address))


def listed(host: str, entries: Iterable[str]) -> bool:
    """Whether `host` is one of `entries`, below one of them, or inside one of their networks (`10.0.0.0/8`)."""
    address = _address(host)
    if address is None:
        return not _above(host).isdisjoint(entries)
    inside = list(_with_embedded(address))
    return any(one in network for network in _networks(entries) for one in inside)


def is_address(host: str) -> bool:
    return _address(host) is not None


_MOST_LABELS = 127  # of a name of the DNS (RFC 1035, section 2.3.4: 255 bytes)


def _above(host: str) -> set[str]:
    """The name and every name above it."""
    labels = host.split(".")[-_MOST_LABELS:]
    return {".".join(labels[n:]) for n in range(len(labels))}


def _networks(entries: Iterable[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for entry in entries:
        try:
            yield ipaddress.ip_network(entry, strict=False)
        except ValueError:
            continue


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _with_embedded(address: Address) -> Iterator[Address]:
    """The address and every IPv4 address that a gateway would make of it."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or address in _SIIT or address.ipv4_mapped or (address in _COMPATIBLE and int(address) > 1):
        yield low  # nothing but a spelling of it
        return
    yield address
    if address in _NAT64_LOCAL or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield low
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


@dataclass(frozen=True)
class Shared:
    """Hosts that many strangers share or depend on: `names` cover what is below them, `hosts` do not."""

    names: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Shared:
        """From a file's `names` (a mapping of texts), `hosts` and `networks` (texts, words apart)."""
        names = frozenset(name for part in row["names"].values() for name in part.split())
        return cls(names, frozenset(row["hosts"].split()), tuple(row["networks"].split()))

    def holds(self, host: str) -> bool:
        if _address(host) is None:
            return host in self.hosts or not _above(host).isdisjoint(self.names)
        return listed(host, self.networks)
