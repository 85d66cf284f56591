"""OpenAI's messages as ours. Knows roles, text parts and the ids that tie a tool's answer to its call.

Chat templates know no ids: a tool's answers are put into the order of the calls that they answer.
"""

from __future__ import annotations

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.messages import Json, Message, Role, ToolCall
from steadyhand.errors import LimitError
from steadyhand.serve.limits import BODY_VALUES, CALLS, DEPTH, MESSAGES
from steadyhand.serve.problem import Problem
from steadyhand.text.budget import Budget

_ROLES: dict[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool",
}  # fmt: skip


def read_messages(value: Json) -> tuple[Message, ...]:
    """Raises Problem, which names the message."""
    if not isinstance(value, list) or not value:
        raise Problem("messages is an array of at least one message", param="messages")
    if len(value) > MESSAGES:
        raise Problem(f"messages has {len(value)} messages, at most {MESSAGES} are read", param="messages")
    found: list[Message] = []
    room = Budget(BODY_VALUES, "all arguments together", next="send fewer")
    due: list[str] = []  # ids of calls that wait for their answers, in order
    answers: dict[str, Message] = {}
    for number, row in enumerate(value):
        at = f"messages[{number}]"
        message = _message(row, at, room)
        if message.role != "tool":
            found += _answered(due, answers, at)
            due, answers = [_id(call, at) for call in row.get("tool_calls") or ()], {}
            found.append(message)
        elif (answered := row.get("tool_call_id")) in due and answered not in answers:
            answers[answered] = message
        else:
            raise Problem(f"{at}.tool_call_id answers no call of the message before it", param=at)
    return (*found, *_answered(due, answers, "messages"))


def _answered(due: list[str], answers: dict[str, Message], at: str) -> list[Message]:
    if missing := [name for name in due if name not in answers]:
        raise Problem(f"{at}: the call {missing[0][:64]!r} before it has no answer by a tool", param="messages")
    return [answers[name] for name in due]


def _message(row: Json, at: str, room: Budget) -> Message:
    given = row.get("role") if isinstance(row, dict) else None
    role = _ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise Problem(f"{at}.role is not one of {', '.join(_ROLES)}", param=at)
    if row.get("function_call") or (row.get("tool_calls") and role != "assistant"):
        raise Problem(f"{at}: only an assistant calls, and with tool_calls", param=at)
    content = _text(row.get("content"), at)
    if role != "assistant":
        return Message(role, content)
    think = row.get("reasoning_content", row.get("reasoning"))
    if not isinstance(think, str | None):
        raise Problem(f"{at}.reasoning_content is not a text", code="invalid_type", param=at)
    return Message(role, content, think, _calls(row.get("tool_calls"), at, room))


def _text(content: Json, at: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts: list[Json] = content if isinstance(content, list) else [None]
    if not all(isinstance(p, dict) and p.get("type") == "text" and isinstance(p.get("text"), str) for p in parts):
        raise Problem(f"{at}.content is a text or an array of text parts; nothing else is read", param=at)
    return "".join(part["text"] for part in parts)


def _calls(value: Json, at: str, room: Budget) -> tuple[ToolCall, ...]:
    if not isinstance(value, list | None):
        raise Problem(f"{at}.tool_calls is not an array", code="invalid_type", param=at)
    if value and len(value) > CALLS:
        raise Problem(f"{at}.tool_calls has {len(value)} calls, at most {CALLS} are read", param=at)
    return tuple(_call(row, f"{at}.tool_calls[{i}]", room) for i, row in enumerate(value or ()))


def _call(row: Json, at: str, room: Budget) -> ToolCall:
    function = row.get("function") if isinstance(row, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Problem(f"{at} is not a call of a function", param=at)
    value = function.get("arguments")
    if value is None or value == "":  # how servers and clients write a call without any
        value = {}
    try:
        if isinstance(value, str):
            room.spend(values_in(value.encode("utf-8")))
            value = exact.plain(exact.loads(value))
    except (JsonError, RecursionError, LimitError) as error:
        raise Problem(f"{at}.function.arguments: {error}", code="invalid_json", param=at) from error
    if not isinstance(value, dict) or too_deep(value):
        raise Problem(f"{at}.function.arguments is not an object (of {DEPTH} levels), or one as a text", param=at)
    return ToolCall(function["name"], value)


def _id(call: Json, at: str) -> str:
    if not isinstance(call.get("id"), str) or not call["id"]:
        raise Problem(f"{at}: a call has no id", param=at)
    return str(call["id"])


def values_in(data: bytes) -> int:
    """How many values a JSON text holds at most, texts and names included; found without reading it, for reading many
    keeps everybody else waiting."""
    if (most := _marks(data) + data.count(b'"') // 2) <= BODY_VALUES:
        return most
    bare = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    quotes = bare.count(b'"')
    if quotes > 4 * BODY_VALUES:  # names and texts
        return quotes // 2
    return _marks(b"".join(bare.split(b'"')[::2])) + 1


def _marks(data: bytes) -> int:
    """Each value but the first follows a comma or a bracket."""
    return sum(map(data.count, (b",", b"[", b"{")))


def too_deep(value: Json) -> bool:
    """Whether there are more than DEPTH levels; counted without recursion."""
    depth, level = 0, [value]
    while level := [v for v in level if isinstance(v, dict | list)]:
        depth += 1
        level = [item for v in level for item in (v.values() if isinstance(v, dict) else v)]
    return depth > DEPTH
