"""In which way a value is wrong: right but written otherwise, cut, taken from elsewhere in the dialogue, invented."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from steadyhand.chat.messages import Json, ToolCall
from steadyhand.text.normal import fold, refang

Leaf = tuple[str, Json, Json]  # path ("query.uri", "query.tags[1]"), what is due, what came
_NOTHING = object()


def kind_of(due: Json, got: Json, shown: str) -> str:
    """The category of a wrong value. `shown`: what the model was shown, as far as it is known.

    >>> kind_of("a.example", "A.EXAMPLE", "")
    'argument_format'
    """
    one, other = _text(due), _text(got)
    if _bare(one) == _bare(other):
        return "argument_format"
    if one and other and (fold(one) in fold(other) or fold(other) in fold(one)):
        return "argument_cut"
    if not shown:
        return "argument_value"
    return "argument_mixed_up" if other and fold(other) in fold(shown) else "argument_invented"


def differences(expected: Sequence[ToolCall], got: Sequence[ToolCall]) -> Iterator[Leaf]:
    """Where values differ, call by call: calls of one name are held against each other in order."""
    left = list(got)
    for due in expected:
        made = next((call for call in left if call.name == due.name), None)
        if made is not None:
            left.remove(made)
            for name in due.arguments.keys() & made.arguments.keys():
                yield from _differing(f"{due.name}.{name}", due.arguments[name], made.arguments[name])


def calls_of(expected: str) -> tuple[ToolCall, ...]:
    """The gold calls that an evaluation notes as JSON; none where it notes a rule for the text instead."""
    try:
        rows = json.loads(expected)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(rows, list):
        return ()
    told = (row for row in rows if isinstance(row, dict) and isinstance(row.get("arguments"), dict))
    return tuple(ToolCall(str(row.get("name")), row["arguments"]) for row in told)


def _differing(path: str, due: Json, got: Json) -> Iterator[Leaf]:
    if isinstance(due, dict) and isinstance(got, dict):
        for key in sorted(due.keys() | got.keys()):
            yield from _differing(f"{path}.{key}", due.get(key, _NOTHING), got.get(key, _NOTHING))
    elif isinstance(due, list) and isinstance(got, list):
        for index, (a, b) in enumerate(zip_longest(due, got, fillvalue=_NOTHING)):
            yield from _differing(f"{path}[{index}]", a, b)
    elif type(due) is not type(got) or due != got:
        yield path, due, got


def _text(value: Json) -> str:
    if value is _NOTHING:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _bare(text: str) -> str:
    """Letters and digits alone, defanged names made whole: what is left when only the writing differs."""
    return "".join(char for char in fold(refang(text)) if char.isalnum())
