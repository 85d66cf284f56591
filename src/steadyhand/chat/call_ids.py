"""Which result answers which call: by the ids that both carry, by position where there are none.

Here a dialogue has the results of a turn in the order of its calls, so that whoever knows no ids (most chat templates,
ShareGPT) ties them together rightly. Knows ids and order; knows nothing of schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from steadyhand.chat.messages import Message, ToolCall

_PLACE = re.compile(r"call_\d+")


@dataclass(frozen=True)
class IdTurn:
    """The assistant's message at `index` and the tool messages right after it, at `index + 1` and on. `answers` holds
    for each of them the number of the call that it answers, None where its id names no open call of this turn."""

    index: int
    calls: tuple[ToolCall, ...]
    results: tuple[Message, ...]
    answers: tuple[int | None, ...]


def turns(messages: Sequence[Message]) -> Iterator[IdTurn]:
    """Every message with calls, with what answers them."""
    for index, message in enumerate(messages):
        if message.calls:
            end = index + 1
            while end < len(messages) and messages[end].role == "tool":
                end += 1
            results = tuple(messages[index + 1 : end])
            yield IdTurn(index, message.calls, results, _answers(message.calls, results))


def _answers(calls: Sequence[ToolCall], results: Sequence[Message]) -> tuple[int | None, ...]:
    """By id first; results without an id, and all of them where no call has one, take the calls left over in order."""
    open_calls = list(range(len(calls)))
    answers: list[int | None] = [None] * len(results)
    named = any(call.id for call in calls)
    for at, result in enumerate(results):
        own = [number for number in open_calls if result.tool_call_id and calls[number].id == result.tool_call_id]
        if own:
            answers[at] = own[0]
            open_calls.remove(own[0])
    for at, result in enumerate(results):
        if answers[at] is None and open_calls and not (named and result.tool_call_id):
            answers[at] = open_calls.pop(0)
    return tuple(answers)


def in_call_order(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The results of each turn in the order of its calls; ids that say no more than that (such as `with_ids` makes up)
    are left out, and others complete. A turn with a result that fits no call stays as it is: a rule tells of it.

    >>> calls = (ToolCall("price", {"of": "a"}, "x"), ToolCall("price", {"of": "b"}, "y"))
    >>> asked = (Message("user", "?"), Message("assistant", calls=calls))
    >>> results = (Message("tool", "7", tool_call_id="y"), Message("tool", "90", tool_call_id="x"))
    >>> [message.content for message in in_call_order((*asked, *results))[2:]]
    ['90', '7']
    """
    ordered = list(messages)
    for turn in turns(messages):
        named = any(call.id for call in turn.calls) or any(result.tool_call_id for result in turn.results)
        if named and None not in turn.answers:
            pairs = sorted(zip(turn.answers, turn.results, strict=True), key=lambda pair: pair[0] or 0)
            ids = _ids(turn)
            if [number for number, _ in pairs] == list(range(len(pairs))) and _counts(ids):
                ids = []
            _name(ordered, turn, [(number or 0, result) for number, result in pairs], ids or [""] * len(turn.calls))
    return tuple(ordered)


def with_ids(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The dialogue with an id for each call and for each result that answers one, as APIs want them. Ids that are there
    stay; others are made up of the places of message and call."""
    named = list(messages)
    for turn in turns(messages):
        pairs = [(number, result) for number, result in zip(turn.answers, turn.results, strict=True)]
        _name(named, turn, pairs, _ids(turn))
    return tuple(named)


def _name(
    messages: list[Message], turn: IdTurn, pairs: Sequence[tuple[int | None, Message]], ids: Sequence[str]
) -> None:
    """Put the calls and results (`pairs`: number of the call, result) of a turn back under these ids of its calls."""
    calls = tuple(replace(call, id=id) for call, id in zip(turn.calls, ids, strict=True))
    messages[turn.index] = replace(messages[turn.index], calls=calls)
    for at, (number, result) in enumerate(pairs, turn.index + 1):
        messages[at] = result if number is None else replace(result, tool_call_id=ids[number])


def _ids(turn: IdTurn) -> list[str]:
    """An id for each call of a turn: its own, else that of its result, else one made up."""
    given = {number: result.tool_call_id for number, result in zip(turn.answers, turn.results, strict=True)}
    ids = [call.id for call in turn.calls]
    for number, id in enumerate(ids):
        if not id and (given.get(number) or "") not in ["", *ids]:
            ids[number] = given[number]
        elif not id:
            ids[number] = next(made for made in _made(turn.index, number) if made not in ids)
    return ids


def _made(index: int, number: int) -> Iterator[str]:
    yield f"call_{index}_{number}"
    for more in count(1):
        yield f"call_{index}_{number}_{more}"


def _counts(ids: Sequence[str]) -> bool:
    """Whether the ids of a turn do nothing but count its calls, as those that are made up here do."""
    place = ids[0].rpartition("_")[0] if ids else ""
    return bool(_PLACE.fullmatch(place)) and list(ids) == [f"{place}_{number}" for number in range(len(ids))]
