"""The engine with stages of a few lines: order, reasons, what stays after an end, gates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.domain.model import Domain
from steadyhand.errors import GateFailed, JobError
from steadyhand.flow.context import RunContext
from steadyhand.flow.domain_inputs import Parts
from steadyhand.flow.engine import carry_out
from steadyhand.flow.journal import RunJournal
from steadyhand.flow.plan import Planned, plan
from steadyhand.flow.stage import Stage, performing, stage, works_of
from steadyhand.ledger.records import Records
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings
from steadyhand.settings.training import DpoConfig
from tests.flow.world import Watcher, files

HASHES = {"tools": "t", "training": "n", "taught": "c", "heldout": "h", "probes": "p", "model": "m"}
Work = Callable[[RunContext, Path], None]


def leave(name: str, text: str) -> Work:
    def work(context: RunContext, out: Path) -> None:
        (out / name).write_text(text, "utf-8")

    return work


def read_first(context: RunContext, out: Path) -> None:
    (out / "copy").write_text((context.artifact("first") / "a").read_text("utf-8"), "utf-8")


FIRST = stage("first", leave("a", "one"), "", "taught", "sft.epochs")
SECOND = stage("second", read_first, "first", "probes", "")
THIRD = stage("third", leave("verdict.json", '{"word": "PASS"}'), "second", "", "bars")
STAGES = (FIRST, SECOND, THIRD)


class House:
    """A store, records and a domain of hashes."""

    def __init__(self, root: Path) -> None:
        self.store, self.root = Store(root / "out"), root
        self.records = Records(f"sqlite:///{root / 'records.sqlite'}")
        self.watcher = Watcher()

    def context(self, stages: tuple[Stage, ...], hashes: dict[str, str], settings: Settings) -> RunContext:
        works = works_of(stages, hashes, settings)
        steps, keys = plan(works, self.store), {work.name: work.key for work in works}
        domain = Domain(self.root, "d", (), {}, (), ())
        return RunContext(Parts(domain, self.root, hashes), settings, self.store, keys, self.watcher, tuple(steps))

    def run(
        self, stages: tuple[Stage, ...] = STAGES, settings: Settings | None = None, **changed: str
    ) -> tuple[Planned, ...]:
        self.watcher.ran = []
        context = self.context(stages, HASHES | changed, settings or Settings())
        journal, works = RunJournal(self.records, context), works_of(stages, HASHES | changed, context.settings)
        with journal.run():
            carry_out(works, context.steps, performing(stages, context), self.store, self.watcher, journal)
        return context.steps


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_stages_run_once_in_order_and_read_earlier_ones(house: House) -> None:
    steps = house.run()
    assert house.watcher.ran == ["first", "second", "third"]
    assert (house.store.artifact(steps[1].key) / "copy").read_text("utf-8") == "one"
    again = house.run()
    assert house.watcher.ran == []
    assert {step.reason for step in again} == {"nothing that it depends on has changed"}
    run = house.records.runs()[0]
    assert (run.domain, run.status, run.verdict) == ("d", "done", "PASS")
    assert [(row.name, row.status) for row in house.records.stages(run.id)] == [
        ("first", "done"), ("second", "done"), ("third", "done"),
    ]  # fmt: skip


def test_reasons_name_what_changed(house: House) -> None:
    house.run()
    steps = house.run(probes="other")
    assert house.watcher.ran == ["second", "third"]
    assert [step.reason for step in steps] == [
        "nothing that it depends on has changed", "changed: the probes", "changed: stage second",
    ]  # fmt: skip
    house.run()
    assert house.watcher.ran == []  # what was made before the change is still there
    epochs = Settings().model_copy(update={"sft": Settings().sft.model_copy(update={"epochs": 9})})
    assert house.run(settings=epochs, taught="new")[0].reason == (
        "changed: the knowledge that is taught (cards, rehearsal), setting sft.epochs"
    )
    newer = (replace(FIRST, version=2), *STAGES[1:])
    assert "this program's version of the stage" in house.run(newer)[0].reason


def keys(stages: Sequence[Stage], hashes: dict[str, str], settings: Settings) -> dict[str, str]:
    return {work.name: work.key for work in works_of(stages, hashes, settings)}


def test_keys_depend_on_exactly_what_is_named() -> None:
    before = keys(STAGES, HASHES, Settings())
    same = keys(STAGES, HASHES | {"heldout": "x"}, Settings().model_copy(update={"seed": 5}))
    assert same == before
    other = keys(STAGES, HASHES | {"taught": "x"}, Settings())
    assert not set(other.values()) & set(before.values())
    assert len(set(before.values())) == 3


@pytest.mark.parametrize(("error", "status"), [(JobError("no disk"), "failed"), (KeyboardInterrupt(), "stopped")])
def test_what_was_finished_stays_when_a_stage_ends_badly(house: House, error: BaseException, status: str) -> None:
    def fail(context: RunContext, out: Path) -> None:
        (out / "half").write_text("half", "utf-8")
        (context.work("second") / "checkpoint").write_text("4", "utf-8")
        raise error

    with pytest.raises(type(error)):
        house.run((FIRST, replace(SECOND, work=fail), THIRD))
    run = house.records.runs()[0]
    reason = "no disk" if status == "failed" else "KeyboardInterrupt"
    assert (run.status, run.reason, run.verdict) == (status, reason, None)
    assert [(s.name, s.status, s.reason) for s in house.records.stages(run.id)] == [
        ("first", "done", ""), ("second", status, reason),
    ]  # fmt: skip
    assert not [name for name in files(house.root / "out") if name.endswith("half")]
    assert [name for name in files(house.root / "out") if name.endswith("checkpoint")]
    steps = house.run()
    assert house.watcher.ran == ["second", "third"]
    assert [step.reason for step in steps[1:]] == ["it was not finished", "not done yet"]
    assert list((house.root / "out" / "work").iterdir()) == []
    assert house.records.runs()[0].status == "done"


def test_a_failed_gate_stops_every_run_at_its_place(house: House) -> None:
    checks = [
        {"metric": "think_whole", "verdict": "FAIL", "value": 0.5, "bar": ">= 0.97", "reason": "12 of 24"},
        {"metric": "no_garbage", "verdict": "INSUFFICIENT", "value": None, "bar": ">= 0.98"},
    ]
    gate = replace(SECOND, work=leave("gate.json", json.dumps({"word": "FAIL", "checks": checks})))
    for ran in (["first", "second"], []):
        with pytest.raises(
            GateFailed, match=r"(?m)the base is kept: think_whole 50\.0 % \(>= 0\.97\): 12 of 24$"
        ) as caught:
            house.run((FIRST, gate, THIRD))
        assert str(caught.value.where).endswith("gate.json")
        assert house.watcher.ran == ran
    assert house.records.runs()[0].status == "failed"
    passed = replace(gate, work=leave("gate.json", '{"word": "INSUFFICIENT", "checks": []}'), version=2)
    house.run((FIRST, passed, THIRD))
    assert house.watcher.ran == ["second", "third"]


def test_a_plan_without_a_store_runs_everything() -> None:
    steps = plan(works_of(STAGES, HASHES, Settings()), None)
    assert {(step.state, step.reason) for step in steps} == {("run", "not done yet")}


def test_every_stage_says_how_long_it_took(house: House) -> None:
    house.run()
    seconds = house.context(STAGES, HASHES, Settings()).seconds()
    assert list(seconds) == ["first", "second", "third"]
    assert all(0 <= value < 60 for value in seconds.values())


def test_a_failed_gate_is_passed_when_the_settings_accept_damage(house: House) -> None:
    gate = replace(SECOND, work=leave("gate.json", '{"word": "FAIL", "checks": []}'))
    with pytest.raises(GateFailed, match=r"dpo\.accept_damaged"):
        house.run((FIRST, gate, THIRD))
    house.run((FIRST, gate, THIRD), Settings(dpo=DpoConfig(epochs=1, k=0, accept_damaged=True)))
    assert house.watcher.ran[-1] == "third"


def damaged(house: House, step: Planned, name: str) -> None:
    (house.store.artifact(step.key) / name).write_text("other", "utf-8")


def test_a_damaged_result_is_made_again_and_what_went_on_from_it_is_kept(house: House) -> None:
    steps = house.run()
    damaged(house, steps[0], "a")
    planned = house.context(STAGES, HASHES, Settings()).steps
    assert [step.state for step in planned] == ["run", "run", "run"]
    assert planned[0].reason == "what it left is not what was finished: a was changed"
    assert planned[1].reason.startswith("made again before it, and it is kept if that comes out the same: first")
    house.run()
    assert house.watcher.ran == ["first"]
    assert house.store.verify(steps[0].key) == []
    house.run()
    assert house.watcher.ran == []


def test_a_result_that_comes_out_otherwise_is_gone_on_from_anew(house: House) -> None:
    steps = house.run()
    damaged(house, steps[0], "a")
    moody = (replace(FIRST, work=leave("a", "two")), *STAGES[1:])
    house.run(moody)
    assert house.watcher.ran == ["first", "second", "third"]
    assert (house.store.artifact(steps[1].key) / "copy").read_text("utf-8") == "two"


def test_a_kill_between_a_result_and_those_that_go_on_from_it_loses_no_doubt(house: House) -> None:
    steps = house.run()
    house.store.discard(steps[0].key)
    with house.store.writing(steps[0].key) as folder:  # made anew, and then the process died
        (folder / "a").write_text("two", "utf-8")
    planned = house.context(STAGES, HASHES, Settings()).steps
    assert [step.state for step in planned] == ["done", "run", "run"]
    assert planned[1].reason == "it was made of another result than lies here now: first"
    house.run()
    assert (house.store.artifact(steps[1].key) / "copy").read_text("utf-8") == "two"


def test_a_marker_that_was_made_to_vouch_for_other_bytes_vouches_for_nothing_made_of_them(house: House) -> None:
    steps = house.run()
    folder = house.store.artifact(steps[0].key)
    (folder / "a").write_text("two", "utf-8")
    row = json.loads((folder / ".done.json").read_text("utf-8"))
    row["files"]["a"] = {"sha256": hashlib.sha256(b"two").hexdigest(), "bytes": 3}
    (folder / ".done.json").write_text(json.dumps(row))
    house.run()
    assert house.watcher.ran == ["second", "third"]


def test_a_result_that_was_deleted_is_made_again(house: House) -> None:
    steps = house.run()
    (house.store.artifact(steps[1].key) / "copy").unlink()
    house.run()
    assert house.watcher.ran == ["second"]
    house.store.discard(steps[0].key)
    house.run()
    assert house.watcher.ran == ["first"]


def test_results_of_an_older_version_hold_without_saying_what_they_were_made_of(house: House) -> None:
    steps = house.run()
    for step in steps:
        marker = house.store.artifact(step.key) / ".done.json"
        row = json.loads(marker.read_text("utf-8"))
        marker.write_text(json.dumps({name: row[name] for name in ("key", "written", "files")} | {"version": 1}))
    assert {step.state for step in house.run()} == {"done"}
