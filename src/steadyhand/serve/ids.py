"""Ids that no two answers share. A random word for each process, then a count: the kernel's random numbers for every
answer cost more than reading its request."""

from __future__ import annotations

import secrets
from functools import cache
from itertools import count

_COUNT = count(1)


def fresh() -> str:
    """24 signs of hex, another one at each call, from any thread."""
    return f"{_process()}{next(_COUNT):08x}"


@cache
def _process() -> str:
    return secrets.token_hex(8)
