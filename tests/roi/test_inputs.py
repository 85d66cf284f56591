"""The file: every number has a source, and whatever has none, or does not fit, is refused at its place."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from steadyhand.errors import DomainError, SteadyError
from steadyhand.roi.inputs import CostModel, MeasuredInput, parse_costs
from steadyhand.roi.result import roi

EXAMPLE = resources.files("steadyhand.roi").joinpath("example.toml").read_text("utf-8")


def nothing_measured(path: Path, measure: str, model: str) -> MeasuredInput:
    raise AssertionError("no run is named")


def read(text: str) -> CostModel:
    return parse_costs(text, Path("roi.toml"), nothing_measured)


def line(key: str, text: str, part: str) -> str:
    """The example with another line for `key` in table `part`."""
    head, table, rest = EXAMPLE.partition(f"[{part}]")
    lines = rest.split("\n")
    at = next(number for number, one in enumerate(lines) if one.startswith(f"{key} = "))
    lines[at] = text
    return head + table + "\n".join(lines)


def test_the_example_is_whole_and_every_number_has_a_source() -> None:
    model = read(EXAMPLE)
    assert all(one.source for one in model.inputs.values())
    found = roi(model)
    assert found["net"] == pytest.approx(found["monthly_saving"] * 12 - found["once"])
    assert 0 < len(found["assumed"]) < len(found["inputs"])


@pytest.mark.parametrize(
    ("key", "text", "part", "told"),
    [
        ("tasks", "tasks = 20000", "work", "without a source"),
        ("tasks", "tasks = {value = 20000}", "work", "has no source"),
        ("tasks", 'tasks = {value = 20000, source = "  "}', "work", "has no source"),
        ("tasks", 'tasks = {source = "assumed"}', "work", "has no value"),
        ("tasks", 'tasks = {value = "many", source = "assumed"}', "work", "number"),
        ("tasks", 'tasks = {value = true, source = "assumed"}', "work", "number"),
        ("tasks", 'tasks = {value = 20000, sauce = "assumed"}', "work", "unknown key 'sauce'"),
        ("tasks", 'tasks = {value = 0, source = "assumed"}', "work", "at least 1"),
        ("tasks", 'tasks = {run = "runs/x"}', "work", "no run can give"),
        ("tasks", "", "work", "'tasks' is missing"),
        ("tasks", 'tasks = {value = 2, source = "assumed"}\ntaks = 1', "work", "did you mean 'tasks'"),
        ("first_pass", 'first_pass = {value = 1.2, source = "assumed"}', "new", "at most 1"),
        ("first_pass", 'first_pass = {value = 0.5, low = 0.6, source = "assumed"}', "new", "not between"),
        ("first_pass", 'first_pass = {run = "r", value = 0.5}', "new", "a run gives value"),
        ("first_pass", 'first_pass = {value = 0.5, source = "assumed", model = "dpo"}', "new", "goes with `run`"),
        ("stream_rate", 'call_seconds = {value = 3, source = "log"}', "new", "'prefill_rate' beside 'call_seconds'"),
    ],
)  # fmt: skip
def test_a_line_that_does_not_fit_is_refused_at_its_place(key: str, text: str, part: str, told: str) -> None:
    with pytest.raises(SteadyError, match=told) as refused:
        read(line(key, text, part))
    assert str(refused.value.where).startswith("roi.toml:")
    assert refused.value.next


def test_ranges_are_the_files_or_a_quarter_either_way_within_bounds() -> None:
    model = read(line("first_pass", 'first_pass = {value = 0.9, source = "assumed"}', "new"))
    one = model.inputs["new.first_pass"]
    assert one.low == pytest.approx(0.675)
    assert (one.high, one.default_range) == (1.0, True)
    tasks = read(line("tasks", 'tasks = {value = 10, source = "log", low = 4}', "work")).inputs["work.tasks"]
    assert (tasks.low, tasks.high, tasks.default_range, tasks.assumed) == (4, 12.5, False, False)


def test_a_run_gives_value_interval_and_source() -> None:
    asked: list[tuple[str, str, str]] = []

    def measure(path: Path, kind: str, model: str) -> MeasuredInput:
        asked.append((path.as_posix(), kind, model))
        return MeasuredInput(0.8, 0.7, 0.9, 40, "dpo")

    text = line("first_pass", 'first_pass = {run = "runs/uss", model = "dpo"}', "new")
    one = parse_costs(text, Path("there/roi.toml"), measure).inputs["new.first_pass"]
    assert asked == [("there/runs/uss", "first_pass", "dpo")]
    assert (one.value, one.low, one.high, one.n, one.source) == (0.8, 0.7, 0.9, 40, "runs/uss: dpo")
    assert not one.assumed


def test_a_table_that_is_missing_is_named() -> None:
    with pytest.raises(DomainError, match=r"unknown key 'trainin'|'training' is missing"):
        read(EXAMPLE.replace("[training]", "[trainin]"))
