"""Runs a pattern's tree over a text in time proportional to the text, whatever the pattern.

All ways through the pattern are followed at once, a character at a time, and what one character does to one set of
ways is remembered (a deterministic automaton, built as far as texts ask for it). What a pattern asks about a place
(`\\b`, `(?<!no )`) is answered first, for all places of the text in one pass each, inner questions before outer ones.
So there is no going back, and the only answer is whether there is a match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from steadyhand.text.budget import Budget
from steadyhand.text.patterns.tree import At, Char, Choice, Concatenation, Look, Node, Repeat, looks

REMEMBERED = 50_000  # sets of ways, what they hold and where they lead; beyond, all are forgotten
RESTING = 1_000  # the same, once a text has been read
_MATCH = -1  # the step that ends a match


class Alphabet:
    """Tells characters apart only as far as the pattern does: equal numbers, equal steps."""

    def __init__(self, tests: Iterable[Char]) -> None:
        self._tests = [_compiled(one.test, one.flags) for one in tests]
        self._known: dict[str, int] = {}

    def number(self, char: str) -> int:
        """One bit for each test that holds."""
        found = self._known.get(char)
        if found is None:
            found = sum(1 << bit for bit, test in enumerate(self._tests) if test.match(char))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[char] = found
        return found


@lru_cache(maxsize=2048)
def _compiled(test: str, flags: int) -> re.Pattern[str]:
    """Letters and classes are few, and many patterns share them."""
    return re.compile(test, flags)


class MachineState:
    """A set of ways that lead on from one place of the text, by the numbers of their next steps."""

    __slots__ = ("moves", "ways")

    def __init__(self, ways: tuple[int, ...]) -> None:
        self.ways = ways
        self.moves: dict[tuple[int, int] | int, tuple[bool, MachineState]] = {}


class Program:
    """A tree as numbered steps; the text is read from its end when `backwards`."""

    def __init__(self, tree: Node, chars: dict[Char, int], places: dict[At | Look, int], *, backwards: bool) -> None:
        self._chars, self._places, self._backwards = chars, places, backwards
        self._bits: dict[int, int] = {}  # step -> the bit of its character
        self._asked: dict[int, int] = {}  # step -> the bit of its place
        self._next: list[tuple[int, ...]] = []
        self.start = self._build(tree, _MATCH)
        self._states: dict[tuple[int, ...], MachineState] = {}
        self._held = 0

    def state(self, ways: tuple[int, ...]) -> MachineState:
        found = self._states.get(ways)
        if found is None:
            self.forget(REMEMBERED)
            self._held += 4 + len(ways)
            found = self._states[ways] = MachineState(ways)
        return found

    def forget(self, above: int) -> None:
        if self._held > above:
            self._states, self._held = {}, 0

    def move(self, state: MachineState, place: int, char: int, budget: Budget) -> tuple[bool, MachineState]:
        """Whether a match ends before a character, and the ways that lead on behind it. A search may begin at every
        place, so the first step is always among them."""
        reading, matched = self._closed(state.ways, place, budget)
        on = {self._next[step][0] for step in reading if char >> self._bits[step] & 1}
        on.add(self.start)
        self._held += 1
        return matched, self.state(tuple(sorted(on)))

    def ends(self, state: MachineState, place: int, budget: Budget) -> bool:
        """Whether a match ends at a place."""
        return self._closed(state.ways, place, budget)[1]

    def _closed(self, ways: Iterable[int], place: int, budget: Budget) -> tuple[list[int], bool]:
        """The steps that wait for a character once all others are taken, and whether a match ends here."""
        waiting, seen, reading = list(ways), set(ways), []
        while waiting:
            step = waiting.pop()
            if step in self._bits:
                reading.append(step)
            elif step != _MATCH and (step not in self._asked or place >> self._asked[step] & 1):
                fresh = [one for one in self._next[step] if one not in seen]
                seen.update(fresh)
                waiting += fresh
        budget.spend(len(seen))
        return reading, _MATCH in seen

    def _step(self, *following: int) -> int:
        self._next.append(following)
        return len(self._next) - 1

    def _build(self, node: Node, then: int) -> int:
        """The first step of `node`, where `then` is what follows it."""
        match node:
            case Char():
                step = self._step(then)
                self._bits[step] = self._chars[node]
            case At() | Look():
                step = self._step(then)
                self._asked[step] = self._places[node]
            case Concatenation(parts=parts):
                for part in parts if self._backwards else reversed(parts):
                    then = self._build(part, then)
                return then
            case Choice(parts=parts):
                step = self._step(*(self._build(part, then) for part in parts))
            case Repeat():
                return self._repeated(node, then)
        return step

    def _repeated(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self._step()
            self._next[loop] = (self._build(node.body, loop), then)
            first = loop
        else:
            first = then
            for _ in range(node.most - node.least):
                first = self._step(self._build(node.body, first), then)
        for _ in range(node.least):
            first = self._build(node.body, first)
        return first


class Machine:
    """A tree, ready to be run. Threads may share one: what it remembers is only ever replaced by its like."""

    def __init__(self, tree: Node) -> None:
        self._asked = looks(tree)
        chars = {char: bit for bit, char in enumerate(dict.fromkeys(_chars(tree)))}
        places = {place: bit for bit, place in enumerate(self._asked)}
        self._alphabet = Alphabet(chars)
        self._program = Program(tree, chars, places, backwards=False)
        self._inner = {
            look: Program(look.body, chars, places, backwards=not look.behind)
            for look in self._asked
            if isinstance(look, Look)
        }

    def search(self, text: str, budget: Budget) -> bool:
        """Whether the tree matches anywhere in `text`. Raises LimitError."""
        numbers = list(map(self._alphabet.number, text))
        budget.spend(len(text) * (1 + len(self._asked)))
        try:
            return any(_scan(self._program, numbers, self._places(text, numbers, budget), budget))
        finally:
            for program in (self._program, *self._inner.values()):
                program.forget(RESTING)

    def _places(self, text: str, numbers: Sequence[int], budget: Budget) -> list[int]:
        """For each place of the text, from 0 to its length, one bit for each question that is answered with yes."""
        places = [0] * (len(text) + 1) if self._asked else []
        for bit, asked in enumerate(self._asked):
            if isinstance(asked, At):
                for found in _compiled(asked.test, asked.flags).finditer(text):
                    places[found.start()] |= 1 << bit
            else:
                for place, holds in enumerate(self._answers(asked, numbers, places, budget)):
                    places[place] |= (holds != asked.negative) << bit
        return places

    def _answers(self, look: Look, numbers: Sequence[int], places: Sequence[int], budget: Budget) -> list[bool]:
        program = self._inner[look]
        if look.behind:
            return list(_scan(program, numbers, places, budget))
        return list(_scan(program, numbers[::-1], places[::-1], budget))[::-1]


def _scan(program: Program, numbers: Sequence[int], places: Sequence[int], budget: Budget) -> Iterator[bool]:
    """For each place in order, whether a match ends there; `places` is empty where the pattern asks about none."""
    state = program.state((program.start,))
    for index, char in enumerate(numbers):
        place = places[index] if places else 0
        key = (place, char) if places else char
        known = state.moves.get(key)
        if known is None:
            known = state.moves[key] = program.move(state, place, char, budget)
        matched, state = known
        yield matched
    yield program.ends(state, places[-1] if places else 0, budget)


def _chars(node: Node) -> Iterator[Char]:
    match node:
        case Char():
            yield node
        case Look(body=body) | Repeat(body=body):
            yield from _chars(body)
        case Concatenation(parts=parts) | Choice(parts=parts):
            for part in parts:
                yield from _chars(part)
