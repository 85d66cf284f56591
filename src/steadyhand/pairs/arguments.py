"""Arguments that are plausible and wrong: mangled identifiers, other values, missing and invented keys.

Knows schemas and values; whether the result is wrong for a decision is judged in `case`.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from steadyhand.chat.exact import kind
from steadyhand.chat.messages import Json, Tool, ToolCall
from steadyhand.pairs.case import Case

_PART = r"[\w:/.\[\]()@-]"
# From the first letter or digit of a run of these to its last: one attempt a run, or time would be quadratic.
_ENTITY = re.compile(rf"(?<!{_PART})(?:(?![A-Za-z0-9]){_PART})*+([A-Za-z0-9](?:(?![./\d-]){_PART})*+[./\d-]{_PART}*\w)")
_KINDS = {"integer": "number", **{name: name for name in ("number", "string", "boolean", "array", "object")}}
_INVENTED: tuple[tuple[str, Json], ...] = (("limit", 10), ("format", "json"), ("verbose", True), ("timeout", 30))


def wrong_arguments(call: ToolCall, tool: Tool | None, case: Case, rng: Random) -> dict[str, Json]:
    """`call`'s arguments with one thing changed: a value (mostly), a key dropped or a key added."""
    arguments = dict(call.arguments)
    action = rng.choice(("value", "value", "value", "drop", "extra")) if arguments else "extra"
    if action == "extra":
        name, value = _extra(arguments, tool, case, rng)
        return {**arguments, name: value}
    key = rng.choice(sorted(arguments))
    if action == "drop":
        del arguments[key]
    else:
        arguments[key] = _other(arguments[key], key, call, tool, case, rng)
    return arguments


def fill(tool: Tool, case: Case, rng: Random, known: dict[str, Json] | None = None) -> dict[str, Json]:
    """Arguments that satisfy the required part of the tool's schema: values of `known` first, then what the dialogue
    or other scenarios offer."""
    known = known or {}
    properties = _properties(tool)
    required = list(tool.parameters.get("required") or properties)
    strings = [value for value in known.values() if isinstance(value, str)]
    made: dict[str, Json] = {}
    for name in required:
        schema = properties.get(name, {})
        if name in known and kind(known[name]) == _KINDS.get(_type(schema)):
            made[name] = known[name]
        elif _type(schema) == "string" and "enum" not in schema and strings:
            made[name] = strings[0]
        else:
            made[name] = _value(schema, name, tool.name, case, rng)
    return made


def entities(case: Case) -> list[str]:
    """Identifiers that stand in the dialogue so far, in order of appearance."""
    identifiers = [e for message in case.decision.messages for e in _ENTITY.findall(message.content)]
    return list(dict.fromkeys(identifiers))


def mangle(text: str, rng: Random) -> str:
    """An identifier as models get it wrong: still defanged, one character off, cut, or its scheme changed."""
    ways = [text[:-1] if len(text) > 1 else text + "1", text + rng.choice("s1x")]
    if "." in text:
        ways.append(text.replace(".", "[.]"))
    if "[.]" in text:
        ways.append(text.replace("[.]", "."))
    if "://" in text:
        scheme, _, rest = text.partition("://")
        ways += [rest, ("http" if scheme == "https" else "https") + "://" + rest]
    at = rng.randrange(len(text)) if text else 0
    if text[at : at + 1].isdecimal():
        ways.append(text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1 :])
    swaps = [i for i in range(len(text) - 1) if text[i] != text[i + 1]]
    if swaps:
        i = rng.choice(swaps)
        ways.append(text[:i] + text[i + 1] + text[i] + text[i + 2 :])
    return rng.choice(ways)


def _properties(tool: Tool | None) -> dict[str, dict[str, Any]]:
    properties = tool.parameters.get("properties") if tool else None
    return {name: schema for name, schema in (properties or {}).items() if isinstance(schema, dict)}


def _extra(arguments: dict[str, Json], tool: Tool | None, case: Case, rng: Random) -> tuple[str, Json]:
    """An optional argument nobody asked for, or one that the tool does not have."""
    unused = [name for name in _properties(tool) if name not in arguments]
    if tool and unused:
        name = rng.choice(unused)
        return name, _value(_properties(tool)[name], name, tool.name, case, rng)
    return rng.choice([pair for pair in _INVENTED if pair[0] not in arguments] or [("extra", True)])


def _other(value: Json, key: str, call: ToolCall, tool: Tool | None, case: Case, rng: Random) -> Json:
    """Another value in the place of `value`."""
    choices = [choice for choice in _properties(tool).get(key, {}).get("enum", ()) if choice != value]
    if choices:
        return rng.choice(choices)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice((-1, 1))
    if isinstance(value, str):
        seen = [a.get(key) for a in case.material.arguments.get(call.name, ())] + entities(case)
        others = [other for other in seen if isinstance(other, str) and other != value]
        return rng.choice(others) if others and rng.random() < 0.3 else mangle(value, rng)
    return _other_container(value, rng)


def _other_container(value: Json, rng: Random) -> Json:
    """A list with an element lost or doubled, an object with a key lost; anything else becomes a word."""
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        return value[:at] + value[at + 1 :] if rng.random() < 0.5 else [*value, value[at]]
    if isinstance(value, dict) and value:
        gone = rng.choice(sorted(value))
        return {name: inner for name, inner in value.items() if name != gone}
    return "unknown"


def _type(schema: dict[str, Any]) -> str:
    """The schema's type; the first that is not null where it allows several, a string where it says nothing."""
    given = schema.get("type", "string")
    names = given if isinstance(given, list) else [given]
    return next((str(name) for name in names if name != "null"), "string")


def _value(schema: dict[str, Any], name: str, tool: str, case: Case, rng: Random) -> Json:
    """A value of the schema's type."""
    if schema.get("enum"):
        return rng.choice(list(schema["enum"]))
    wanted = _type(schema)
    if wanted == "boolean":
        return rng.random() < 0.5
    if wanted in ("integer", "number"):
        low = int(schema.get("minimum", 0))
        return rng.randint(low, max(low, int(schema.get("maximum", low + 100))))
    if wanted == "array":
        return [_value(schema.get("items") or {}, name, tool, case, rng)]
    if wanted == "object":
        return {}
    donated = [a[name] for a in case.material.arguments.get(tool, ()) if isinstance(a.get(name), str)]
    return rng.choice(entities(case)[-3:] or donated or ["unknown"])
