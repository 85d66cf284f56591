"""How much work one input may cause: counted in steps, so that the same input is refused on every machine.

A deadline may stand beside the count, for callers who have promised an answer by a time.
"""

from __future__ import annotations

import time

from steadyhand.errors import LimitError

_CLOCK_EVERY = 4096  # steps between two looks at the clock; they take about a millisecond
_NEXT = "make the pattern, the schema or the text smaller"


class Budget:
    """Steps that may be spent on `what`. A step is what takes a fraction of a microsecond to a few microseconds: a
    character read by a pattern, a keyword of a schema applied to a value.

        budget = Budget(1_000_000, "the schema of 'weather'")
        budget.spend(len(text))
    """

    def __init__(self, steps: int, what: str, *, seconds: float | None = None, next: str = _NEXT) -> None:
        self.what, self.steps, self.seconds, self.next = what, steps, seconds, next
        self.spent = 0
        self._until = None if seconds is None else time.monotonic() + seconds
        self._look = 0

    def spend(self, steps: int = 1) -> None:
        """Counts work, before it is done. Raises LimitError when it would be more than was given."""
        self.spent += steps
        if self.spent > self.steps:
            raise LimitError(f"{self.what} asks for more than {self.steps:,} steps of work", next=self.next)
        if self._until is not None and self.spent >= self._look:
            self._look = self.spent + _CLOCK_EVERY
            if time.monotonic() > self._until:
                raise LimitError(f"{self.what} is not done after {self.seconds:g} s", next=self.next)
