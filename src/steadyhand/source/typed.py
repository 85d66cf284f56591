"""A file's values as a typed model, with the place of whatever does not fit. Knows no particular file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from steadyhand.errors import DomainError
from steadyhand.source.cursor import Cursor, suggestion

Model = TypeVar("Model", bound=BaseModel)


def read_typed(row: Cursor, model: type[Model]) -> Model:
    """`row` as a `model`. Raises DomainError at the first value that does not fit, or at an unknown key."""
    try:
        return model.model_validate(row.value)
    except ValidationError as error:
        raise _complaint(row, error.errors()[0]) from None


def _complaint(row: Cursor, problem: ErrorDetails) -> DomainError:
    path = _present(row, problem["loc"])
    missing = problem["loc"][len(path) :]
    if problem["type"] == "extra_forbidden":
        above = row.at(*path[:-1])
        return above.error(f"unknown key {path[-1]!r}", "remove it, or correct its spelling", key=str(path[-1]))
    if problem["type"] == "missing":
        return row.at(*path).error(f"the key {missing[0]!r} is missing", f"add `{missing[0]}:` here")
    if problem["type"] in ("literal_error", "enum"):
        options = str(problem["ctx"].get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        return row.at(*path).error(f"it cannot be {problem['input']!r}", suggestion(str(problem["input"]), options))
    return row.at(*path).error(problem["msg"].removeprefix("Value error, "), "correct this value")


def _present(row: Cursor, location: Sequence[str | int]) -> tuple[str | int, ...]:
    """As much of `location` as the file has: a missing key has no place, and pydantic names branches of unions."""
    path: list[str | int] = []
    value = row.value
    for step in location:
        inside = isinstance(value, dict) and step in value
        inside = inside or (isinstance(value, list) and isinstance(step, int) and step < len(value))
        if not inside:
            break
        value = value[step]
        path.append(step)
    return tuple(path)
