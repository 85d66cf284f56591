"""A chat request's body as what is asked, typed. Whatever is wrong is one Problem that names the field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import check_tool_schema
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.serve.dialogue import read_messages, too_deep, values_in
from steadyhand.serve.limits import BODY_VALUES, DEPTH, FIELDS, STOP, STOPS, TOOLS, VALUES
from steadyhand.serve.problem import Problem
from steadyhand.serve.request_fields import sifted

MAX_SEED, COLDEST = 2**63, 0.01
Choice = Literal["auto", "none", "required"]


@dataclass(frozen=True)
class Asked:
    """`prompt.tools` are those that the model is shown. `strict` names tools whose schema a call must keep to; `stop`
    ends the answer before the first of its texts; `ignored` are fields that nobody knows."""

    model: str
    prompt: Prompt
    sampling: Sampling
    choice: Choice = "auto"
    strict: frozenset[str] = frozenset()
    parallel: bool = True
    stop: tuple[str, ...] = ()
    stream: bool = False
    usage: bool = False
    ignored: tuple[str, ...] = ()


def read_body(data: bytes) -> dict[str, Json]:
    """A JSON object, without duplicate keys, NaN, more than DEPTH levels or BODY_VALUES values. Raises Problem."""
    if values_in(data) > BODY_VALUES:
        raise Problem(f"the body holds more than {BODY_VALUES} values", code="too_complex")
    try:
        value = exact.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Problem(f"the body is not UTF-8: {error.reason} at byte {error.start}", code="invalid_json") from error
    except JsonError as error:
        raise Problem(f"the body is not JSON: {error}", code="invalid_json") from error
    if too_deep(value):
        raise Problem(f"the body is nested more than {DEPTH} levels deep", code="invalid_json")
    if not isinstance(value, dict):
        raise Problem(f"the body is {exact.kind(value)}, not an object", code="invalid_json")
    found: dict[str, Json] = exact.plain(value)
    return found


def read_request(body: Mapping[str, Json], *, most: int) -> Asked:
    """What is asked; an answer has at most `most` tokens. Raises Problem."""
    if len(body) > FIELDS:
        raise Problem(f"the body has {len(body)} fields, at most {FIELDS} are read")
    ignored = sifted(body)
    model = _of(body, "model", str, None)
    if not model:
        raise Problem("model is missing: name one of GET /v1/models", code="missing_required_parameter", param="model")
    tools, strict = _tools(body.get("tools"))
    choice, tools = _choice(body.get("tool_choice"), tools)
    stream = bool(_of(body, "stream", bool, False))
    return Asked(
        model,
        Prompt(read_messages(body.get("messages")), () if choice == "none" else tools),
        _sampling(body, most),
        choice,
        strict,
        bool(_of(body, "parallel_tool_calls", bool, True)),
        _stop(body.get("stop")),
        stream,
        _wants_usage(body, stream),
        ignored,
    )


def _sampling(body: Mapping[str, Json], most: int) -> Sampling:
    """Greedy unless a temperature is given: what was measured is what is served."""
    temperature = _number(body, "temperature", 0.0, 0, 2)
    if 0 < temperature < COLDEST:
        raise Problem(f"temperature is 0, or from {COLDEST} to 2", param="temperature")
    wanted = [_number(body, name, most, 1, math.inf, whole=True) for name in ("max_completion_tokens", "max_tokens")]
    return Sampling(
        temperature=temperature,
        top_p=_number(body, "top_p", 1.0, 1e-6, 1),
        max_tokens=int(min(*wanted, most)),
        seed=int(_number(body, "seed", 0, -MAX_SEED, MAX_SEED, whole=True)),
    )


def _number(
    body: Mapping[str, Json], name: str, default: float, low: float, high: float, *, whole: bool = False
) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
        bounds = f"at least {low}" if high == math.inf else f"from {low} to {high}"
        raise Problem(f"{name} is {'a whole' if whole else 'a'} number {bounds}", param=name)
    return value


def _of(body: Mapping[str, Json], name: str, kind: type, default: Json) -> Json:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Problem(f"{name} is {exact.kind(value)}, which it must not be", code="invalid_type", param=name)
    return value


def _stop(value: Json) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(texts, list) or len(texts) > STOPS or not all(isinstance(t, str) and t for t in texts):
        raise Problem(f"stop is a text, or a list of at most {STOPS} texts, none empty", param="stop")
    if any(len(text) > STOP for text in texts):
        raise Problem(f"a text of stop has at most {STOP} characters", param="stop")
    return tuple(texts)


def _wants_usage(body: Mapping[str, Json], stream: bool) -> bool:
    options = _of(body, "stream_options", dict, {})
    if options and not stream:
        raise Problem("stream_options belongs to stream: true", param="stream_options")
    for name, value in options.items():
        if name not in ("include_usage", "include_obfuscation") or not isinstance(value, bool | None):
            raise Problem(f"stream_options.{name[:64]} is not supported", param="stream_options")
    return bool(options.get("include_usage"))


def _tools(value: Json) -> tuple[tuple[Tool, ...], frozenset[str]]:
    if value is None:
        return (), frozenset()
    if not isinstance(value, list):
        raise Problem(f"tools is {exact.kind(value)}, not an array", code="invalid_type", param="tools")
    if len(value) > TOOLS or not _few(value):
        raise Problem(f"tools are at most {TOOLS}, of {VALUES} values in their schemas together", param="tools")
    found = [_tool(row, f"tools[{i}]") for i, row in enumerate(value)]
    names = [tool.name for tool, _ in found]
    if len(set(names)) < len(names):
        raise Problem("two tools have one name", param="tools")
    return tuple(tool for tool, _ in found), frozenset(tool.name for tool, strict in found if strict)


def _few(value: Json) -> bool:
    """Whether there are at most VALUES values, lists and objects included; counted without recursion."""
    count, level = 0, [value]
    while level and count <= VALUES:
        count += len(level)
        inner = [v for v in level if isinstance(v, dict | list)]
        level = [item for v in inner for item in (v.values() if isinstance(v, dict) else v)]
    return count <= VALUES


def _tool(row: Json, at: str) -> tuple[Tool, bool]:
    function = row.get("function") if isinstance(row, dict) and row.get("type") == "function" else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Problem(f'{at} is not {{"type": "function", "function": {{"name": ...}}}}', param=at)
    description, parameters = function.get("description") or "", function.get("parameters")
    if not isinstance(description, str) or not isinstance(parameters, dict | None):
        raise Problem(f"{at}.function: description is a text and parameters an object", code="invalid_type", param=at)
    tool = Tool.from_openai({"name": function["name"], "description": description, "parameters": parameters})
    if problems := check_tool_schema(tool):
        raise Problem(f"{at}.function: {problems[0][:500]}", code="invalid_function_parameters", param=at)
    return tool, function.get("strict") is True


def _choice(value: Json, tools: tuple[Tool, ...]) -> tuple[Choice, tuple[Tool, ...]]:
    """The choice and the tools that are left to it: of a named one, only that."""
    if value is None or value == "auto":
        return "auto", tools
    if value == "none":
        return "none", tools
    if value == "required" and tools:
        return "required", tools
    name = value.get("function", {}).get("name") if _is_named(value) else None
    if name is not None and (named := tuple(tool for tool in tools if tool.name == name)):
        return "required", named
    raise Problem(
        "tool_choice is auto, none, required (with tools), or one function of tools by its name", param="tool_choice"
    )


def _is_named(value: Json) -> bool:
    return isinstance(value, dict) and value.get("type") == "function" and isinstance(value.get("function"), dict)
