"""A call in any dialect as {"id", "name", "arguments"}. Knows how others call these three; checks no schema."""

from __future__ import annotations

from steadyhand.chat.messages import Json
from steadyhand.datasets.unread import Unread, parsed

_IDS = ("id", "call_id", "tool_call_id", "tool_use_id")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "kwargs")  # of Llama 3, LangChain, Anthropic
_KNOWN = ("type", "index", "function", "name", *_IDS, *_ARGUMENTS)


def calls_of(value: Json, unread: Unread) -> list[dict[str, Json]]:
    """One call or a list of them; the whole, each entry and its `function` may be JSON text. Raises ValueError."""
    value = parsed(value, "a function call")
    if not value:
        return []
    return [_call(parsed(one, "a function call"), unread) for one in (value if isinstance(value, list) else [value])]


def _call(call: Json, unread: Unread) -> dict[str, Json]:
    if not isinstance(call, dict):
        raise ValueError("a call is not an object")
    unread.rest(call, _KNOWN, "tool_calls[].")
    function = call.get("function")
    if isinstance(function, str) and function.lstrip().startswith("{"):
        function = parsed(function, "a function call")
    if isinstance(function, str):  # {"function": "search", "arguments": {...}}
        function = {**call, "name": function}
    elif isinstance(function, dict):
        unread.rest(function, _KNOWN, "tool_calls[].function.")
        function = {**{key: call[key] for key in _ARGUMENTS if key in call}, **function}
    else:
        function = call
    made = {"name": function.get("name"), "arguments": _arguments(function)}
    id = next((call[key] for key in _IDS if call.get(key) is not None), None)
    return made if id is None else {"id": id, **made}


def _arguments(function: dict[str, Json]) -> Json:
    """Raises ValueError where two keys differ, and where arguments may hide behind a key that nobody knows."""
    found = {key: function[key] for key in _ARGUMENTS if function.get(key) is not None}
    if len({str(parsed(value, "arguments")) for value in found.values()}) > 1:
        raise ValueError(f"a call of {function.get('name')!r} has different {' and '.join(found)}")
    if not found:
        unknown = [key for key, value in function.items() if key not in _KNOWN and isinstance(value, dict)]
        if unknown:
            raise ValueError(f"a call of {function.get('name')!r} has no arguments, but the unknown key {unknown[0]!r}")
    return next(iter(found.values()), {})
