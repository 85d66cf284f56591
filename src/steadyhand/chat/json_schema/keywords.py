"""What each keyword of JSON Schema 2020-12 demands of a value.

A rule takes what the keyword says, the value, and the place where both meet; it yields a sentence for each violation
at this place, or violations from further down. A keyword that is about other types of values demands nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING

from steadyhand.chat.json_schema.values import IS_TYPE, canonical, is_multiple, is_number, shown
from steadyhand.chat.messages import Json
from steadyhand.text.patterns import ecma_pattern

if TYPE_CHECKING:
    from steadyhand.chat.json_schema.validate import Here, Violation

Found = Iterable["str | Violation"]
Rule = Callable[[Json, Json, "Here"], Found]


def prepared(schema: dict[str, Json]) -> list[tuple[Rule, Json, int]]:
    """The rules of a schema with what each takes in steps, those last that ask what others have looked at."""
    known = sorted((key for key in schema if key in RULES), key=lambda key: key.startswith("unevaluated"))
    return [(RULES[key], schema[key], _steps(key, schema[key])) for key in known]


def _steps(keyword: str, wanted: Json) -> int:
    return 1 + len(wanted) if isinstance(wanted, list | dict) and keyword not in ("enum", "const") else 1


def _type(wanted: Json, value: Json, here: Here) -> Found:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(IS_TYPE[name](value) for name in names):
        yield f"{shown(value)} is not of type {', '.join(map(repr, names))}"


def _enum(wanted: Json, value: Json, here: Here) -> Found:
    options = here.document.prepared(wanted, lambda all: {canonical(one, here.budget) for one in all})
    if canonical(value, here.budget) not in options:
        yield f"{shown(value)} is not one of {shown(wanted)}"


def _const(wanted: Json, value: Json, here: Here) -> Found:
    if canonical(value, here.budget) != canonical(wanted, here.budget):
        yield f"{shown(wanted)} was expected"


def _multiple_of(wanted: Json, value: Json, here: Here) -> Found:
    if is_number(value) and not is_multiple(value, wanted):
        yield f"{shown(value)} is not a multiple of {shown(wanted)}"


def _compared(breaks: Callable[[Json, Json], bool], words: str) -> Rule:
    def rule(wanted: Json, value: Json, here: Here) -> Found:
        if is_number(value) and breaks(value, wanted):
            yield f"{shown(value)} is {words} of {shown(wanted)}"

    return rule


def _sized(kind: type[Sized], breaks: Callable[[int, Json], bool], words: str, at_one: str = "") -> Rule:
    def rule(wanted: Json, value: Json, here: Here) -> Found:
        if isinstance(value, kind) and breaks(len(value), wanted):
            yield f"{shown(value)} {at_one if at_one and wanted == 1 else words}"

    return rule


def _pattern(wanted: Json, value: Json, here: Here) -> Found:
    if isinstance(value, str) and not ecma_pattern(wanted).search(value, here.budget):
        yield f"{shown(value)} does not match {shown(wanted)}"


def _unique_items(wanted: Json, value: Json, here: Here) -> Found:
    if wanted and isinstance(value, list) and len({canonical(one, here.budget) for one in value}) < len(value):
        yield f"{shown(value)} has non-unique elements"


def _required(wanted: Json, value: Json, here: Here) -> Found:
    if isinstance(value, dict):
        yield from (f"{shown(name)} is a required property" for name in wanted if name not in value)


def _dependent_required(wanted: Json, value: Json, here: Here) -> Found:
    for name, others in wanted.items() if isinstance(value, dict) else ():
        if name in value:
            here.budget.spend(len(others))
            yield from (f"{shown(other)} is a dependency of {shown(name)}" for other in others if other not in value)


def _dependent_schemas(wanted: Json, value: Json, here: Here) -> Found:
    for name, schema in wanted.items() if isinstance(value, dict) else ():
        if name in value:
            yield from here.same(schema, value)


def _all_of(wanted: Json, value: Json, here: Here) -> Found:
    for schema in wanted:
        yield from here.same(schema, value)


def _any_of(wanted: Json, value: Json, here: Here) -> Found:
    """All are tried only where what they look at is asked for."""
    holding = (here.holds(schema, value) for schema in wanted)
    if not (any([*holding]) if here.seen is not None else any(holding)):
        yield f"{shown(value)} is not valid under any of the given schemas"


def _one_of(wanted: Json, value: Json, here: Here) -> Found:
    holding = [schema for schema in wanted if here.holds(schema, value)]
    if not holding:
        yield f"{shown(value)} is not valid under any of the given schemas"
    elif len(holding) > 1:
        yield f"{shown(value)} is valid under each of {', '.join(map(shown, holding[:3]))}"


def _not(wanted: Json, value: Json, here: Here) -> Found:
    if next(here.down(wanted, value), None) is None:
        yield f"{shown(value)} should not be valid under {shown(wanted)}"


def _if(wanted: Json, value: Json, here: Here) -> Found:
    branch = here.schema.get("then" if here.holds(wanted, value) else "else", True)
    yield from here.same(branch, value)


def _ref(wanted: Json, value: Json, here: Here) -> Found:
    schema, base = here.document.resolve(wanted, here.scope[-1])
    yield from here.same(schema, value, base)


def _dynamic_ref(wanted: Json, value: Json, here: Here) -> Found:
    schema, base = here.document.resolve_dynamic(wanted, here.scope[-1], here.scope)
    yield from here.same(schema, value, base)


def _properties(wanted: Json, value: Json, here: Here) -> Found:
    for name, schema in wanted.items() if isinstance(value, dict) else ():
        if name in value:
            yield from _looked(name, schema, value, here)


def _pattern_properties(wanted: Json, value: Json, here: Here) -> Found:
    for source, schema in wanted.items() if isinstance(value, dict) else ():
        pattern = ecma_pattern(source)
        for name in value:
            if pattern.search(name, here.budget):
                yield from _looked(name, schema, value, here)


def _additional_properties(wanted: Json, value: Json, here: Here) -> Found:
    if not isinstance(value, dict):
        return
    others = list(_undeclared(value, here))
    if wanted is False and others:
        named = f"{', '.join(map(shown, sorted(others)[:20]))} {'was' if len(others) == 1 else 'were'} unexpected"
        yield f"Additional properties are not allowed ({named})"
        return
    for name in others:
        yield from _looked(name, wanted, value, here)


def _undeclared(value: dict[str, Json], here: Here) -> Iterator[str]:
    here.budget.spend(len(value))
    declared = here.schema.get("properties", {})
    patterns = [ecma_pattern(source) for source in here.schema.get("patternProperties", {})]
    for name in value:
        if name not in declared and not any(pattern.search(name, here.budget) for pattern in patterns):
            yield name


def _unevaluated_properties(wanted: Json, value: Json, here: Here) -> Found:
    if isinstance(value, dict) and here.seen is not None:
        here.budget.spend(len(value))
        for name in [name for name in value if name not in here.seen.names]:
            yield from _looked(name, wanted, value, here)


def _looked(name: str, schema: Json, value: dict[str, Json], here: Here) -> Iterator[Violation]:
    if here.seen is not None:
        here.seen.names.add(name)
    return here.down(schema, value[name], name)


def _property_names(wanted: Json, value: Json, here: Here) -> Found:
    for name in value if isinstance(value, dict) else ():
        yield from here.down(wanted, name)


def _prefix_items(wanted: Json, value: Json, here: Here) -> Found:
    if isinstance(value, list):
        for index, (schema, item) in enumerate(zip(wanted, value, strict=False)):
            yield from _looked_at(index, schema, item, here)


def _items(wanted: Json, value: Json, here: Here) -> Found:
    first = len(here.schema.get("prefixItems", ()))
    for index in range(first, len(value)) if isinstance(value, list) else ():
        yield from _looked_at(index, wanted, value[index], here)


def _contains(wanted: Json, value: Json, here: Here) -> Found:
    if not isinstance(value, list):
        return
    holding = [index for index, item in enumerate(value) if next(here.down(wanted, item, index), None) is None]
    if here.seen is not None:
        here.seen.items.update(holding)
    least, most = here.schema.get("minContains", 1), here.schema.get("maxContains", len(value))
    if len(holding) < least:
        yield f"{shown(value)} contains {len(holding)} items of the given schema, {shown(least)} are due"
    if len(holding) > most:
        yield f"{shown(value)} contains {len(holding)} items of the given schema, {shown(most)} are allowed"


def _unevaluated_items(wanted: Json, value: Json, here: Here) -> Found:
    if isinstance(value, list) and here.seen is not None:
        for index in [index for index in range(len(value)) if index not in here.seen.items]:
            yield from _looked_at(index, wanted, value[index], here)


def _looked_at(index: int, schema: Json, item: Json, here: Here) -> Iterator[Violation]:
    if here.seen is not None:
        here.seen.items.add(index)
    return here.down(schema, item, index)


RULES: dict[str, Rule] = {
    "$ref": _ref,
    "$dynamicRef": _dynamic_ref,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "multipleOf": _multiple_of,
    "minimum": _compared(lambda value, wanted: value < wanted, "less than the minimum"),
    "maximum": _compared(lambda value, wanted: value > wanted, "greater than the maximum"),
    "exclusiveMinimum": _compared(lambda value, wanted: value <= wanted, "less than or equal to the minimum"),
    "exclusiveMaximum": _compared(lambda value, wanted: value >= wanted, "greater than or equal to the maximum"),
    "minLength": _sized(str, lambda size, wanted: size < wanted, "is too short", "should be non-empty"),
    "maxLength": _sized(str, lambda size, wanted: size > wanted, "is too long"),
    "minItems": _sized(list, lambda size, wanted: size < wanted, "is too short", "should be non-empty"),
    "maxItems": _sized(list, lambda size, wanted: size > wanted, "is too long"),
    "minProperties": _sized(dict, lambda size, wanted: size < wanted, "does not have enough properties"),
    "maxProperties": _sized(dict, lambda size, wanted: size > wanted, "has too many properties"),
    "pattern": _pattern,
    "uniqueItems": _unique_items,
    "required": _required,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "propertyNames": _property_names,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "unevaluatedItems": _unevaluated_items,
    "unevaluatedProperties": _unevaluated_properties,
}
