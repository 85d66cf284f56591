from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.domain.model import Card, Domain, Point, Scenario
from steadyhand.domain.rows import Group, Rejected
from steadyhand.errors import Place, UsageError
from steadyhand.report.data import ReportData, finite
from steadyhand.report.dataset import count_dataset
from tests.report.sample import evaluation, report_data


def test_json_round_trip_keeps_everything() -> None:
    data = report_data("FAIL")
    again = ReportData.from_json(json.loads(json.dumps(data.to_json(), allow_nan=False)))
    assert again.to_json() == data.to_json()
    assert again.evaluations == data.evaluations
    assert (again.verdict, again.gate, again.dataset) == (data.verdict, data.gate, data.dataset)


def test_diverged_loss_becomes_null() -> None:
    assert finite({"loss": [float("nan"), float("-inf"), 1.5], 3: (True,)}) == {"loss": [None, None, 1.5], "3": [True]}


def test_stages_stand_in_training_order() -> None:
    both = {"dpo": evaluation("dpo", n=4), "base": evaluation("base", n=4)}
    assert ReportData("d", "now", both).stages == ("base", "dpo")
    assert ReportData("d", "now", both).tuned == "dpo"
    assert ReportData("d", "now", {"base": both["base"]}).tuned is None


def test_unknown_stage_is_refused() -> None:
    with pytest.raises(UsageError, match=r"unknown stage.*rlhf"):
        ReportData("d", "now", {"rlhf": evaluation("sft", n=4)})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"version": 99}, "version 99"),
        ({"version": 1, "domain": "d", "created": "now"}, "version 1, not 3"),
        ({"version": 3, "domain": "d", "created": "now", "surprise": 1}, "does not fit"),
        ({"version": 3, "domain": "d", "created": "now", "evaluations": {"base": {"model": "x"}}}, "does not fit"),
        ({"version": 3, "domain": "d", "created": "now", "evaluations": [1]}, "does not fit"),
    ],
)
def test_foreign_json_is_refused(row: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ReportData.from_json(row)


def scenario(name: str, split: str, input_class: str, *tags: str) -> Scenario:
    messages = (Message("user", "q"), Message("assistant", "a"))
    return Scenario(name, name, split, input_class, "en", (), messages, Place("s.yaml"), tags=tags)  # type: ignore[arg-type]


def test_counts_come_from_domain_and_groups() -> None:
    dialogue = (Message("user", "q"), Message("assistant", "a"))
    cards = tuple(
        Card(f"c{i}", "p", kind, "en", dialogue, Place("k")) for i, kind in enumerate(("noise", "noise", "turn_8"))
    )
    point = Point("p", (), "", (), (), cards, Place("k"))
    scenarios = (
        scenario("a", "train", "common", "stop"),
        scenario("b", "eval", "common"),
        scenario("c", "train", "noisy"),
    )
    domain = Domain(Path("d"), "d", (point,), {}, scenarios, (), rehearsal=(dialogue,))
    rejected = (
        Rejected("x", "no_call", "model"),
        Rejected("y", "no_call", "mutator"),
        Rejected("z", "wrong_args", "model"),
    )
    groups = [Group("a#1", dialogue[:1], (), dialogue[1], rejected, "noisy", "query")]
    counted = count_dataset(domain, groups)
    assert (counted.points, counted.groups, counted.rehearsal) == (1, 1, 1)
    assert counted.cards == {"noise": 2, "turn_8": 1}
    assert counted.scenarios == {
        "class": {"common": 2, "noisy": 1},
        "split": {"train": 2, "eval": 1},
        "tag": {"stop": 1},
    }
    assert counted.coverage is not None
    assert [counted.coverage.count("query", "noisy", mode) for mode in ("no_call", "wrong_args")] == [2, 1]
    assert counted.origin == {"model": 2, "mutator": 1}
