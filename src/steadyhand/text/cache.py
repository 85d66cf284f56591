"""Results that are kept for texts, within a bound on what they weigh. Knows a text by its hash alone."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SizedCache(Generic[Value]):
    """The latest results, of at most `room` bytes by the makers' own estimate. Safe among threads; two that ask for the
    same at once may both make it.

        ready = SizedCache[int](room=1_000_000)
        ready.get("12", lambda: (int("12"), 28))
    """

    def __init__(self, room: int) -> None:
        self._room, self._taken = room, 0
        self._kept: OrderedDict[bytes, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str, make: Callable[[], tuple[Value, int]]) -> Value:
        """What `make` gave for `text`: a value and the bytes that it takes. What `make` raises is not kept."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        with self._lock:
            self._taken += made[1] - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = made
            while self._taken > self._room:
                self._taken -= self._kept.popitem(last=False)[1][1]
        return made[0]
