"""A text that is one JSON value of a given schema (2020-12), and equal to a gold value where the scenario has one.

The value is the whole text or its only fenced block; RFC 8259, so no NaN, no comments, no key twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from steadyhand.chat.exact import JsonError, equal, loads, plain
from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import schema_errors, schema_problem
from steadyhand.checks.fenced import only_block
from steadyhand.checks.files import read_file
from steadyhand.checks.shape import Checker, Context, Figure, Judged, Judgment, Spoiled, failed, passed, rate_of
from steadyhand.errors import UsageError

_KEPT = 3  # errors kept of one answer
_OTHER_TYPES: tuple[Json, ...] = ("text", 7, True, None, ["text"], {"key": 1})


class JsonSchema(Checker):
    kind = "json_schema"
    guards = True
    known = ("schema",)

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        self.schema = _schema(name, options.get("schema"), root)

    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        block = only_block(text)
        try:
            value = loads(block or "")
        except JsonError as error:
            return failed("not_json", why=str(error), valid=False)
        errors = schema_errors(Tool(self.name, "", self.schema), plain(value))
        if errors:
            return failed("schema", errors=errors[:_KEPT], valid=False)
        same = gold is True or equal(value, gold)
        return passed(valid=True) if same else failed("other_value", valid=True)

    def faults(self, gold: Json, context: Context) -> list[str]:
        if gold is not True and (errors := schema_errors(Tool(self.name, "", self.schema), gold)):
            return [f"the value under `answer` breaks the schema: {errors[0]}"]
        return super().faults(gold, context)

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        """The gold value with a key left out, a key too many, a value of another type, or cut short."""
        try:
            value = plain(loads(only_block(context.reference) or ""))
        except JsonError:
            return
        made = list(_spoiled(value))
        for spoilt, mode in rng.sample(made, len(made)):
            yield Spoiled(json.dumps(spoilt, ensure_ascii=False), mode)
        yield Spoiled(context.reference.rstrip()[:-1], "cut_short")

    @classmethod
    def figures(cls, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
        valid = [
            (judgment.cluster, bool(judgment.facts["valid"])) for judgment in judged if judgment.passed is not None
        ]
        return [*super().figures(judged, seed), rate_of("valid", valid, "answers that the schema accepts")]

    def identity(self) -> Json:
        return {"kind": self.kind, "schema": self.schema}


def _spoiled(value: Json) -> Iterator[tuple[Json, str]]:
    if not isinstance(value, dict):
        yield from ((other, "wrong_type") for other in _OTHER_TYPES)
        return
    for key in value:
        yield {other: one for other, one in value.items() if other != key}, "missing_key"
        yield from ((value | {key: other}, "wrong_type") for other in _OTHER_TYPES)
    yield value | {"note": "extra"}, "extra_key"


def _schema(name: str, given: Json, root: Path) -> dict[str, Json]:
    """A schema written in place, or in a file. Raises UsageError for what is none."""
    if isinstance(given, str):
        text = read_file(root, given, f"the schema of check {name!r}")
        try:
            given = json.loads(text)
        except ValueError as error:
            raise UsageError(f"the schema of check {name!r} is no JSON: {error}", where=str(root / given)) from None
    if not isinstance(given, dict):
        raise UsageError(f"check {name!r} needs a schema", next="schema: out.json")
    if problem := schema_problem(given, "schema"):
        raise UsageError(f"the schema of check {name!r} is none: {problem}", next="correct the schema")
    return given
