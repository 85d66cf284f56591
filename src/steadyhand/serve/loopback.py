"""Which host names mean this machine alone. Imports nothing, for the command line asks it too."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(256)  # every request asks it of the same few names
def is_loopback(host: str) -> bool:
    """`host` is a name or an address, without a port; an IPv6 address may stand in brackets."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
