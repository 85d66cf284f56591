"""A logged dialogue, and what the reading of a file of them found. Knows no format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.errors import Place


@dataclass(frozen=True)
class LoggedRequest:
    """One request with its answer as a log has it: OpenAI messages (the last is the answer) and tools, still unread.
    `flag`: what somebody said against the answer; `talk`: which conversation it belongs to."""

    talk: str
    messages: list[Json]
    tools: Json = None
    flag: str = ""


@dataclass(frozen=True)
class Logged:
    """A dialogue that ends with the assistant's message. `flags`: index of an answer -> what was said against it."""

    talk: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    place: Place
    flags: Mapping[int, str] = field(default_factory=dict)


@dataclass
class Logs:
    """`left_out`: reason -> entries that are no dialogue here; `ignored`: key -> entries that had it, unread.
    `total` == len(dialogues) + sum(left_out): nothing is dropped silently."""

    source: str
    dialogues: list[Logged] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return len(self.dialogues) + self.left_out.total()


BEGINNING = "the beginning of a longer dialogue that is here"


def merged(found: Sequence[Logged]) -> tuple[list[Logged], int]:
    """(the dialogues without those that are the beginning of another one of the same conversation, how many those
    were). What was said against an answer goes along."""
    talks: dict[str, list[Logged]] = {}
    for one in found:
        talks.setdefault(one.talk, []).append(one)
    kept = [one for own in talks.values() for one in _longest(own)]
    return kept, len(found) - len(kept)


def _longest(found: Sequence[Logged]) -> list[Logged]:
    kept: list[Logged] = []
    for one in sorted(found, key=lambda each: -len(each.messages)):
        whole = next((n for n, other in enumerate(kept) if _begins(one, other)), None)
        if whole is None:
            kept.append(one)
        else:
            kept[whole] = replace(kept[whole], flags={**one.flags, **kept[whole].flags})
    return kept


def _begins(one: Logged, other: Logged) -> bool:
    return one.tools == other.tools and other.messages[: len(one.messages)] == one.messages
