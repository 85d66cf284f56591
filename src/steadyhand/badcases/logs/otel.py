"""OpenTelemetry spans of generative AI (semantic conventions 1.37 and later): OTLP as JSON, or one span a line.

Read are `gen_ai.system_instructions`, `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.tool.definitions` and
`gen_ai.conversation.id`. Spans without messages (recording them is off by default) are counted as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from steadyhand.badcases.logs.logged import LoggedRequest
from steadyhand.chat.messages import Json
from steadyhand.datasets.unread import Unread, parsed

_CHAT = ("chat", "text_completion", "generate_content")
_VALUES = ("stringValue", "boolValue", "doubleValue", "bytesValue", "string_value", "bool_value", "double_value")


def fits(row: dict[str, Json]) -> bool:
    told = attributes(row.get("attributes"))
    return "resourceSpans" in row or "resource_spans" in row or any(key.startswith("gen_ai.") for key in told)


def entries(row: dict[str, Json], number: int, unread: Unread) -> Iterator[LoggedRequest | str]:
    """An entry, or why there is none, for each span."""
    for span in _spans(row):
        told = _noted(span)
        operation = told.get("gen_ai.operation.name")
        if operation not in _CHAT:
            yield f"a span of {operation or 'something else'}, no request to a model"
            continue
        try:
            yield _entry(span, told, number)
        except ValueError as error:
            yield str(error)


def _entry(span: dict[str, Json], told: dict[str, Json], number: int) -> LoggedRequest:
    shown = parsed(told.get("gen_ai.input.messages"), "gen_ai.input.messages")
    said = parsed(told.get("gen_ai.output.messages"), "gen_ai.output.messages")
    if not isinstance(shown, list) or not isinstance(said, list) or not said:
        raise ValueError("a span without messages: recording them is off")
    if len(said) > 1:
        raise ValueError("several answers to one request: which one went on is not said")
    system = parsed(told.get("gen_ai.system_instructions"), "gen_ai.system_instructions") or []
    messages = [one for message in [*_system(system), *shown, *said] for one in _messages(message)]
    context = span["context"] if isinstance(span.get("context"), dict) else {}
    ids = (told.get("gen_ai.conversation.id"), span.get("traceId"), span.get("trace_id"), context.get("trace_id"))
    talk = next(filter(None, ids), f"row-{number}")
    tools = parsed(told.get("gen_ai.tool.definitions"), "gen_ai.tool.definitions")
    return LoggedRequest(str(talk), messages, tools, _flag(span, told))


def _noted(span: dict[str, Json]) -> dict[str, Json]:
    """The span's attributes; messages may stand in those of its event (`gen_ai.client.inference.operation.details`)."""
    events = span["events"] if isinstance(span.get("events"), list) else []
    noted = [attributes(one.get("attributes")) for one in events if isinstance(one, dict)]
    inner = {key: value for one in noted for key, value in one.items() if key.startswith("gen_ai.")}
    return inner | attributes(span.get("attributes"))


def _system(parts: Json) -> list[Json]:
    return [{"role": "system", "parts": parts}] if parts else []


def _messages(message: Json) -> Iterator[dict[str, Json]]:
    """A message of parts as OpenAI messages: results become messages of their own. Raises ValueError for parts that
    are neither text, thinking, calls nor results."""
    if not isinstance(message, dict) or not isinstance(message.get("parts"), list):
        raise ValueError("a message without parts")
    texts: list[str] = []
    made: dict[str, Json] = {"role": message.get("role")}
    calls: list[Json] = []
    results: list[dict[str, Json]] = []
    for part in message["parts"]:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text":
            texts.append(str(part.get("content", "")))
        elif kind == "reasoning":
            made["reasoning_content"] = f"{made.get('reasoning_content', '')}{part.get('content', '')}"
        elif kind == "tool_call":
            function = {"name": part.get("name"), "arguments": part.get("arguments") or {}}
            calls.append({"type": "function", "function": function} | _id(part, "id"))
        elif kind == "tool_call_response":
            given = part.get("response", part.get("result"))
            text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
            results.append({"role": "tool", "content": text} | _id(part, "tool_call_id"))
        else:
            raise ValueError(f"a message with a part of type {kind!r}")
    yield from results
    if texts or calls or not results:
        yield made | {"content": "\n".join(texts)} | ({"tool_calls": calls} if calls else {})


def _id(part: dict[str, Json], key: str) -> dict[str, Json]:
    return {key: part["id"]} if part.get("id") is not None else {}


def _flag(span: dict[str, Json], told: dict[str, Json]) -> str:
    status = span.get("status")
    code = status.get("code", status.get("status_code")) if isinstance(status, dict) else None
    if code in (2, "STATUS_CODE_ERROR", "ERROR"):
        return str(status.get("message") or told.get("error.type") or "the span's status is an error")  # type: ignore[union-attr]
    return ""


def _spans(row: dict[str, Json]) -> Iterator[dict[str, Json]]:
    groups = row.get("resourceSpans", row.get("resource_spans"))
    if groups is None:
        yield row
        return
    for group in _listed(groups):
        for scope in _listed(group.get("scopeSpans", group.get("scope_spans"))):
            yield from _listed(scope.get("spans"))


def _listed(value: Json) -> list[dict[str, Json]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError("not the shape of OTLP: resourceSpans > scopeSpans > spans")
    return value


def attributes(value: Json) -> dict[str, Json]:
    """Attributes as a mapping, whether OTLP lists them or a file maps them."""
    if isinstance(value, dict):
        return value
    pairs = value if isinstance(value, list) else []
    told = (one for one in pairs if isinstance(one, dict) and isinstance(one.get("key"), str))
    return {one["key"]: _any(one.get("value")) for one in told}


def _any(value: Json) -> Json:
    """OTLP's AnyValue as plain data."""
    if not isinstance(value, dict):
        return value
    for key in _VALUES:
        if key in value:
            return value[key]
    if (number := value.get("intValue", value.get("int_value"))) is not None:
        return int(number) if str(number).lstrip("-").isdecimal() else number
    listed, mapped = value.get("arrayValue"), value.get("kvlistValue")
    if isinstance(listed, dict):
        return [_any(one) for one in listed.get("values") or ()]
    return attributes(mapped.get("values")) if isinstance(mapped, dict) else None
