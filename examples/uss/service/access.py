"""Who may ask, and how often: bearer tokens by role, a token bucket per bearer. Knows nothing of ratings."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

AGENT, REVIEWER = "agent", "reviewer"


@dataclass
class _Bucket:
    left: float
    seen: float


class Gate:
    """`tokens` maps a role to its secret; `rate` requests a second are allowed, and `burst` at once."""

    def __init__(
        self, tokens: Mapping[str, str], rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens, self._rate, self._burst, self._clock = dict(tokens), rate, burst, clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def role(self, header: str | None) -> str | None:
        """The role behind `Authorization: Bearer <secret>`; None for no or a wrong secret (in the same time)."""
        kind, _, secret = (header or "").partition(" ")
        found = None
        for role, known in self._tokens.items():
            if hmac.compare_digest(secret.encode(), known.encode()) and kind.lower() == "bearer" and known:
                found = role
        return found

    def wait(self, role: str) -> float:
        """0 when the request may pass now (and is counted), else the seconds until one may."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(role, _Bucket(float(self._burst), now))
            bucket.left = min(float(self._burst), bucket.left + (now - bucket.seen) * self._rate)
            bucket.seen = now
            if bucket.left < 1:
                return (1 - bucket.left) / self._rate
            bucket.left -= 1
            return 0.0
