"""S112: calls with arguments that are null because a table filled them in (Arrow gives each call the keys of all).

Knows calls and the schemas of tools: a null that a tool may take is an argument like any other, one that it does not
declare, or may leave out and does not take as null, is not. Where no schema says, the other calls do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.check.dataset import Dataset, Pair, Record
from steadyhand.check.finding import Finding, finding

Steps = tuple[str | int, ...]  # the way to a value inside of arguments
_COMBINED = ("allOf", "anyOf", "oneOf", "if", "then", "else")
_SHOWN = 3


def check_null_arguments(dataset: Dataset) -> Iterator[Finding]:
    """At most one finding per record, at its first call with such nulls; of a pair, both answers are looked at."""
    given = _Given()
    rows: list[Record | Pair] = [*dataset.records, *dataset.pairs]
    for row in rows:
        for call, _ in _calls(row):
            given.add(call)
    for row in rows:
        if finding := next(_findings(row, given), None):
            yield finding


def _findings(row: Record | Pair, given: _Given) -> Iterator[Finding]:
    for call, tool in _calls(row):
        nulls = list(foreign_nulls(call.arguments, tool.parameters)) if tool else []
        foreign = nulls or ([] if tool and "properties" in tool.parameters else given.foreign(call))
        if foreign:
            names = ", ".join(map(_named, foreign[:_SHOWN])) + (", ..." if len(foreign) > _SHOWN else "")
            reason = "its schema takes no null there" if nulls else "only calls of other tools ever give a value there"
            what = f"{row.name}: {call.name!r} is called with null for {names}: {reason}"
            fix = (
                "`--fix --write` does, in JSON and JSONL"
                if nulls
                else "by hand: no schema says that they are not meant"
            )
            yield finding("S112", row.place, what, f"leave the keys out: {fix}")


def _calls(row: Record | Pair) -> Iterator[tuple[ToolCall, Tool | None]]:
    tools = {tool.name: tool for tool in row.tools}
    messages = (*row.prompt, *filter(None, (row.chosen, row.rejected))) if isinstance(row, Pair) else row.taught
    return ((call, tools.get(call.name)) for message in messages for call in message.calls)


@dataclass
class _Given:
    """Which tools are ever given a value for an argument."""

    takers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, call: ToolCall) -> None:
        for name, value in call.arguments.items():
            if value is not None:
                self.takers[name].add(call.name)

    def foreign(self, call: ToolCall) -> list[Steps]:
        """Arguments that are null here, and in every call of this tool, and given in calls of others."""
        nulls = (name for name, value in call.arguments.items() if value is None)
        return [(name,) for name in nulls if self.takers.get(name) and call.name not in self.takers[name]]


def foreign_nulls(arguments: dict[str, Json], schema: dict[str, Json]) -> Iterator[Steps]:
    """Where `arguments` are null though the schema neither declares the key nor leaves it open, or declares it as
    optional and not as null. Nothing of objects whose keys no schema declares.

    >>> list(foreign_nulls({"a": None, "b": 1}, {"properties": {"b": {"type": "integer"}}}))
    [('a',)]
    """
    return _Schema(schema).nulls(arguments, [schema], ())


def nulls_of(messages: Sequence[Message], tools: Sequence[Tool]) -> list[tuple[ToolCall, list[Steps]]]:
    """The calls with such nulls, where a schema decides, and where they stand in their arguments."""
    offered = {tool.name: tool.parameters for tool in tools}
    calls = (call for message in messages for call in message.calls if call.name in offered)
    nulls = ((call, list(foreign_nulls(call.arguments, offered[call.name]))) for call in calls)
    return [(call, places) for call, places in nulls if places]


def without(value: Json, places: Sequence[Steps]) -> Json:
    """The value without what stands at `places`."""
    if isinstance(value, dict):
        return {key: without(item, _under(places, key)) for key, item in value.items() if (key,) not in places}
    if isinstance(value, list):
        return [without(item, _under(places, index)) for index, item in enumerate(value)]
    return value


def _under(places: Sequence[Steps], step: str | int) -> list[Steps]:
    return [place[1:] for place in places if len(place) > 1 and place[0] == step]


class _Schema:
    def __init__(self, root: dict[str, Json]) -> None:
        self._root = root

    def nulls(self, value: Json, schemas: Sequence[Json], steps: Steps) -> Iterator[Steps]:
        branches = [branch for schema in schemas for branch in self._branches(schema)]
        if isinstance(value, list):
            entries = [branch["items"] for branch in branches if isinstance(branch.get("items"), dict)]
            for index, item in enumerate(value):
                yield from self.nulls(item, entries, (*steps, index))
        elif isinstance(value, dict) and any(isinstance(branch.get("properties"), dict) for branch in branches):
            declared: dict[str, list[Json]] = defaultdict(list)
            for branch in branches:
                for name, schema in (branch.get("properties") or {}).items():
                    declared[name].append(schema)
            free = any(branch.get("additionalProperties") or branch.get("patternProperties") for branch in branches)
            required = {name for branch in branches for name in branch.get("required") or ()}
            for name, item in value.items():
                if item is not None:
                    yield from self.nulls(item, declared.get(name, ()), (*steps, name))
                elif name in declared:
                    if name not in required and not any(map(self._takes_null, declared[name])):
                        yield (*steps, name)
                elif not free:
                    yield (*steps, name)

    def _branches(self, schema: Json, seen: frozenset[int] = frozenset()) -> Iterator[dict[str, Json]]:
        """The schema and all that it is combined of, references within it followed."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return
        seen |= {id(schema)}
        yield schema
        parts = [schema[key] for key in _COMBINED if key in schema]
        if isinstance(schema.get("$ref"), str):
            parts.append(self._at(schema["$ref"]))
        for part in parts:
            for alternative in part if isinstance(part, list) else [part]:
                yield from self._branches(alternative, seen)

    def _at(self, reference: str) -> Json:
        """What a reference into this schema names; None for any other."""
        value: Json = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
        return value if reference.startswith("#") else None

    def _takes_null(self, schema: Json) -> bool:
        """Whether some branch allows null, or says nothing of types at all; a default of null counts as a word."""
        if not isinstance(schema, dict):
            return schema is not False
        branches = list(self._branches(schema))
        if any(branch.get("nullable") or ("default" in branch and branch["default"] is None) for branch in branches):
            return True
        said = [branch for branch in branches if "type" in branch or "enum" in branch or "const" in branch]
        return not said or any(map(_allows_null, said))


def _allows_null(schema: dict[str, Json]) -> bool:
    kinds = schema.get("type", "null")
    return (
        ("null" in kinds if isinstance(kinds, list) else kinds == "null")
        and None in schema.get("enum", [None])
        and schema.get("const") is None
    )


def _named(steps: Steps) -> str:
    """`filter.tags[0].name`"""
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return named.removeprefix(".")
