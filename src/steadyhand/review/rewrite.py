"""A row as a reviewer wants it, in whatever format it stands: answers exchanged, a verdict turned, a text replaced.

Knows no format: places are tried where the old values stand, and a change counts only when the row then reads as it
should, message by message. A row in which no such place is found is refused, never bent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from steadyhand.chat.messages import Json, Message
from steadyhand.datasets.convert import Dialogue, Preference, read_row_alone
from steadyhand.datasets.dataset_info import Columns
from steadyhand.datasets.mapping import ColumnMap
from steadyhand.datasets.raw import Raw
from steadyhand.review.decisions import ReviewDecision
from steadyhand.review.items import ReviewItem

Path = tuple[str | int, ...]
_TRIES = 3000  # places, or pairs of them, that are tried in one row
_OPPOSITES = (
    (True, False), (1, 0), ("true", "false"), ("True", "False"), ("yes", "no"), ("good", "bad"), ("1", "0"),
    ("desirable", "undesirable"), ("chosen", "rejected"), ("preferred", "rejected"),
)  # fmt: skip


class CannotRewriteError(ValueError):
    """Why a decision cannot be written into a row in its own format."""


@dataclass(frozen=True)
class _Meaning:
    """What a row says: its dialogue, or all of its judged pairs."""

    rows: tuple[tuple[object, ...], ...]


def rewritten(raw: Raw, item: ReviewItem, decision: ReviewDecision, columns: Columns | ColumnMap | None = None) -> Json:
    """The row's value after the decision; the same value where nothing changes. Raises CannotRewriteError."""
    if isinstance(columns, ColumnMap):
        raise CannotRewriteError("a row under --map is not written in place")
    before = _meant(raw, columns)
    wanted, tries = _wanted(before, item, decision), _places(raw.value, item, decision)
    if wanted == _Meaning(tuple(map(_told, before))):
        return raw.value
    for value in tries:
        made = replace(raw, value=value, text=json.dumps(value, ensure_ascii=False))
        if _Meaning(tuple(map(_told, _meant(made, columns)))) == wanted:
            return value
    raise CannotRewriteError(f"no place in the row holds what `{decision.word}` would change")


def _meant(raw: Raw, columns: Columns | ColumnMap | None) -> list[Dialogue | Preference]:
    found = read_row_alone(raw, columns)
    return [*found.rows, *found.preferences]


def _told(row: Dialogue | Preference) -> tuple[object, ...]:
    if isinstance(row, Dialogue):
        return row.messages, row.tools, row.unscored
    return row.prompt, row.tools, row.chosen, row.rejected, row.other


def _wanted(before: list[Dialogue | Preference], item: ReviewItem, decision: ReviewDecision) -> _Meaning:
    """What the row shall say. Of several worse answers to one better, exchanging one makes it the better of all."""
    made = list(before)
    row = made[item.part]
    if isinstance(row, Dialogue):
        if decision.word == "fix":
            made[0] = replace(row, messages=(*row.messages[:-1], _corrected(decision)))
    elif row.chosen is None or row.rejected is None:
        made[item.part] = _turned(row, decision)
    elif decision.word == "rejected":
        if row.other is not None:
            raise CannotRewriteError("the two answers follow different prompts")
        made = [replace(one, chosen=row.rejected) for one in made if isinstance(one, Preference)]
        made[item.part] = replace(row, chosen=row.rejected, rejected=row.chosen)
    elif decision.word == "fix":
        made = [replace(one, chosen=_corrected(decision)) for one in made if isinstance(one, Preference)]
    return _Meaning(tuple(map(_told, made)))


def _turned(row: Preference, decision: ReviewDecision) -> Preference:
    """An answer that was judged alone, under the reviewer's verdict; a correction takes the place of the answer."""
    answer = row.chosen or row.rejected
    if decision.word == "fix":
        return replace(row, chosen=_corrected(decision), rejected=None)
    good = decision.word == "pass"
    return replace(row, chosen=answer if good else None, rejected=None if good else answer)


def _corrected(decision: ReviewDecision) -> Message:
    return Message.from_openai(decision.correction)


def _places(value: Json, item: ReviewItem, decision: ReviewDecision) -> Iterator[Json]:
    """Changed copies of the row, the likeliest first, and only so many."""
    if decision.word == "fix":
        new = _corrected(decision)
        tried = _replaced(value, item.answers[0], new)
        if item.kind == "verdict" and item.verdict is False:
            tried = (turned for one in tried for turned in (one, *_opposite(one)))
    elif item.kind == "verdict":
        tried = _opposite(value)
    else:
        tried = _exchanged(value)
    for number, changed in enumerate(tried):
        if number >= _TRIES:
            return
        yield changed


def _replaced(value: Json, old: Message, new: Message) -> Iterator[Json]:
    """With another answer: in a text that is the old one, or in a message of OpenAI's shape. The last place first: the
    same words may have been said before."""
    nodes = list(_nodes(value))
    for path, node in reversed(nodes):
        if isinstance(node, str) and node.strip() == old.content.strip() and old.content.strip() and not new.calls:
            yield _with(value, {path: new.content})
    for path, node in reversed(nodes):
        if isinstance(node, dict) and "role" in node:
            kept = {key: one for key, one in node.items() if key not in ("tool_calls", "content")}
            calls = {"tool_calls": _calls(new)} if new.calls else {}
            yield _with(value, {path: {**kept, "content": new.content, **calls}})


def _calls(message: Message) -> list[Json]:
    """As APIs write them."""
    return [
        {
            "id": call.id or f"call_{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
        }
        for number, call in enumerate(message.calls)
    ]


def _opposite(value: Json) -> Iterator[Json]:
    for key, node in value.items() if isinstance(value, dict) else ():
        for one, other in _OPPOSITES:
            for old, new in ((one, other), (other, one)):
                if node == old and type(node) is type(old):
                    yield _with(value, {(key,): new})


def _exchanged(value: Json) -> Iterator[Json]:
    """With two values in each other's place: columns, entries of lists, texts. `why` spoke of the answer that was the
    worse one, so it goes."""
    bare = {key: one for key, one in value.items() if key != "why"} if isinstance(value, dict) else value
    for depth in (1, 2, 3):
        nodes = [(path, node) for path, node in _nodes(bare) if 0 < len(path) <= depth and node is not None]
        for at, (path, node) in enumerate(nodes):
            for other, there in nodes[at + 1 :]:
                if depth > 1 and len(path) < depth and len(other) < depth:
                    continue  # tried before
                if type(node) is type(there) and other[: len(path)] != path and path[: len(other)] != other:
                    yield _with(bare, {path: there, other: node})
                elif _is_only(node, there):
                    yield _with(bare, {path: _unwrapped(node, there), other: _unwrapped(there, node)})


def _is_only(one: Json, other: Json) -> bool:
    """Whether one side is a list of the one answer, and the other the answer itself."""
    lists = [value for value in (one, other) if isinstance(value, list)]
    return len(lists) == 1 and len(lists[0]) == 1


def _unwrapped(here: Json, there: Json) -> Json:
    """What stands `there`, in the shape of what stands `here`."""
    bare = there[0] if isinstance(there, list) else there
    return [bare] if isinstance(here, list) else bare


def _nodes(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _nodes(one, (*path, key))


def _with(value: Json, changes: dict[Path, Json], path: Path = ()) -> Json:
    """A copy with other values at these places."""
    if path in changes:
        return changes[path]
    if isinstance(value, dict):
        return {key: _with(one, changes, (*path, key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_with(one, changes, (*path, at)) for at, one in enumerate(value)]
    return value
