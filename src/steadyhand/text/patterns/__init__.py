"""Patterns that users and strangers write, in one place: read in their own syntax, matched in linear time, or refused.

Python's syntax for what a domain folder says (answer rules, comparators), ECMA-262's for JSON Schema. A pattern that
cannot be matched in linear time is refused by name when it is read; none is ever run by `re`.

    rule = python_pattern(r"(?<!not )\\bsafe\\b", ignore_case=True)
    rule.search("It is not safe.")       # False
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from steadyhand.text.budget import Budget
from steadyhand.text.cache import SizedCache
from steadyhand.text.patterns.ecma import to_python
from steadyhand.text.patterns.machine import Machine
from steadyhand.text.patterns.tree import MAX_WRITTEN, At, Concatenation, Node, PatternError, parse, size

__all__ = ["Pattern", "PatternError", "ecma_pattern", "python_pattern"]

STEPS = 10_000_000  # of one pattern on one text: some seconds
_STEP_BYTES, _RESTING_BYTES = 400, 100_000  # what a step of a machine takes, and what it remembers between two texts


class Pattern:
    """A pattern that is whole and linear; the machine that runs it is made when it is first run. `size`: characters of
    its text in full, and steps of its machine."""

    def __init__(self, source: str, tree: Node, written: int) -> None:
        self.source, self._tree = source, tree
        self.size = written + size(tree)

    def search(self, text: str, budget: Budget | None = None) -> bool:
        """Whether the pattern matches anywhere in `text`. Raises LimitError beyond the steps of `budget`."""
        return self._anywhere.search(text, budget or self._budget(text))

    def fullmatch(self, text: str, budget: Budget | None = None) -> bool:
        """Whether the pattern matches all of `text`. Raises LimitError beyond the steps of `budget`."""
        return self._whole.search(text, budget or self._budget(text))

    def _budget(self, text: str) -> Budget:
        return Budget(STEPS, f"the pattern {self.source[:80]!r} on a text of {len(text):,} characters")

    @cached_property
    def _anywhere(self) -> Machine:
        return Machine(self._tree)

    @cached_property
    def _whole(self) -> Machine:
        return Machine(Concatenation((At(r"\A", 0), self._tree, At(r"\Z", 0))))


_KEPT = SizedCache[Pattern](room=256_000_000)


def python_pattern(source: str, *, ignore_case: bool = False) -> Pattern:
    """A pattern in the syntax of Python's `re`. Raises PatternError."""
    flags = re.IGNORECASE if ignore_case else 0
    return _kept(f"python {flags:d} {source}", lambda: Pattern(source, parse(source, flags), len(source)))


def ecma_pattern(source: str) -> Pattern:
    """A pattern in the syntax of ECMA-262, as JSON Schema has them. Raises PatternError."""

    def make() -> Pattern:
        written = to_python(source)
        return Pattern(source, parse(written, re.ASCII, MAX_WRITTEN), len(written))

    return _kept(f"ecma {source}", make)


def _kept(name: str, make: Callable[[], Pattern]) -> Pattern:
    def weighed() -> tuple[Pattern, int]:
        made = make()
        return made, _RESTING_BYTES + _STEP_BYTES * made.size

    return _KEPT.get(name, weighed)
