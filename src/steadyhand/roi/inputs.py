"""Reads the file of a cost model: every number with its source, the word "assumed", or the run that it comes from.

    currency = "EUR"
    [work]
    tasks = {value = 20000, source = "ticket system, October"}
    review_minutes = {value = 4, source = "assumed", low = 2, high = 8}
    [new]
    first_pass = {run = "runs/uss-en"}

Refuses a number without a source, an unknown input, and bounds that do not hold. Knows nothing of what things cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field

from steadyhand.files import read_text
from steadyhand.roi.fields import FIELDS, MEASURES, SPEED, InputField, Part
from steadyhand.source.cursor import Cursor
from steadyhand.source.tomlfile import read_toml
from steadyhand.source.typed import read_typed

ASSUMED = "assumed"
SPREAD = 0.25  # a number without a range of its own is tried this much lower and higher
Number = Annotated[float, Field(strict=True)]  # an integer is taken, true and text are not


class InputRow(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    value: Number | None = None
    source: str = Field("", max_length=500)
    run: str = ""
    model: str = ""
    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True)
class CostInput:
    """One number of the model. `low` to `high` is what the tornado tries: the file's range, the 95 % interval of what
    was measured, or 25 % either way (`default_range`). `source`: "assumed", where it is from, or the run."""

    name: str
    value: float
    low: float
    high: float
    source: str
    unit: str
    default_range: bool = False
    n: int | None = None

    @property
    def assumed(self) -> bool:
        return self.source.casefold().startswith(ASSUMED)


@dataclass(frozen=True)
class MeasuredInput:
    """What a run gives for an input: the value, its 95 % interval, on `n` samples, and what it was taken from."""

    value: float
    low: float
    high: float
    n: int
    source: str


Measure = Callable[[Path, str, str], MeasuredInput]  # path, measure, model ("": the tuned one) -> what was measured


@dataclass(frozen=True)
class CostModel:
    """All inputs of a file, by name ("old.calls")."""

    name: str
    currency: str
    inputs: dict[str, CostInput]

    @property
    def values(self) -> dict[str, float]:
        return {name: one.value for name, one in self.inputs.items()}

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        return {name: (one.low, one.high) for name, one in self.inputs.items()}


def read_costs(path: Path, measure: Measure) -> CostModel:
    """The file at `path`; `measure` looks up what runs measured. Raises UsageError or DomainError with
    file:line:column for whatever is wrong with it."""
    return parse_costs(read_text(path), path, measure)


def parse_costs(text: str, path: Path, measure: Measure) -> CostModel:
    """As `read_costs`; runs are looked for beside `path`."""
    row = read_toml(text, str(path))
    row.fields(list(FIELDS), ["name", "currency"])
    inputs: dict[str, CostInput] = {}
    for part in get_args(Part):
        for name, one in _part(row.at(part), part).items():
            inputs[f"{part}.{name}"] = _input(one, f"{part}.{name}", FIELDS[part][name], path, measure)
    return CostModel(row.text("name", path.stem), row.text("currency", "EUR"), inputs)


def _part(row: Cursor, part: Part) -> dict[str, Cursor]:
    """The entries of one table, none missing and none unknown."""
    fields = list(FIELDS[part])
    if part in ("work", "training"):
        row.fields(fields)
        return {name: row.at(name) for name in fields}
    measured = isinstance(row.value, Mapping) and "call_seconds" in row.value
    left_out = set(SPEED) if measured else {"call_seconds"}
    for name in SPEED:
        if measured and name in row.value:
            raise row.error(
                f"{name!r} beside 'call_seconds': both say how long an answer takes", "remove one of them", key=name
            )
    wanted = [name for name in fields if name not in left_out]
    row.fields(wanted)
    return {name: row.at(name) for name in wanted}


def _input(row: Cursor, name: str, field: InputField, path: Path, measure: Measure) -> CostInput:
    if not isinstance(row.value, dict):
        after = f'write {{value = {row.value}, source = "..."}}, or source = "assumed"'
        raise row.error(f"{name} is a number without a source", after)
    given = read_typed(row, InputRow)
    if given.run:
        return _measured(row, name, field, given, path, measure)
    if given.value is None:
        raise row.error(f"{name} has no value", "write value = NUMBER, or run = PATH where a run can give it")
    if not given.source.strip():
        raise row.error(f"{name} has no source", 'say where the number is from, or source = "assumed"')
    if given.model:
        raise row.error(f"{name}: `model` goes with `run`", "remove it")
    return _ranged(row, name, field, given, float(given.value))


def _ranged(row: Cursor, name: str, field: InputField, given: InputRow, value: float) -> CostInput:
    _bounded(row, name, field, value, "value")
    part = 0.0 if field.whole else SPREAD
    spread = [max(field.least, value * (1 - part)), min(field.most, value * (1 + part))]
    ends = [given.low, given.high]
    low, high = (spread[at] if end is None else float(end) for at, end in enumerate(ends))
    _bounded(row, name, field, low, "low")
    _bounded(row, name, field, high, "high")
    if not low <= value <= high:
        raise row.error(f"{name}: {value:g} is not between low {low:g} and high {high:g}", "correct the range")
    return CostInput(name, value, low, high, given.source.strip(), field.unit, ends == [None, None] and low < high)


def _measured(row: Cursor, name: str, field: InputField, given: InputRow, path: Path, measure: Measure) -> CostInput:
    if given.value is not None or given.source or given.low is not None or given.high is not None:
        raise row.error(f"{name}: a run gives value, range and source", "remove what stands beside `run`")
    kind = name.rpartition(".")[2]
    if name.partition(".")[0] in ("work", "training") or kind not in MEASURES:
        raise row.error(f"no run can give {name}", f"a run gives {', '.join(MEASURES)}; write a value and its source")
    found = measure(path.parent / given.run, MEASURES[kind], given.model)
    _bounded(row, name, field, found.value, "value")
    low, high = max(field.least, found.low), min(field.most, found.high)
    return CostInput(name, found.value, low, high, f"{given.run}: {found.source}", field.unit, n=found.n)


def _bounded(row: Cursor, name: str, field: InputField, value: float, key: str) -> None:
    if not field.least <= value <= field.most:
        most = "" if field.most == float("inf") else f" and at most {field.most:g}"
        raise row.error(f"{name}: {key} {value:g} must be at least {field.least:g}{most} ({field.unit})", "correct it")
