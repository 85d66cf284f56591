"""Unsound rows of an import go to the rejects with their finding; the sound rest is a domain that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.chat.messages import Json
from steadyhand.check import check
from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.to_domain import domain_of
from steadyhand.datasets.write import write_domain
from steadyhand.domain.load import load
from steadyhand.errors import UsageError
from steadyhand.flow.importing import set_aside
from tests.domain.folder import QUERY
from tests.flow import world
from tests.flow.world import Finished, Watcher, figures

HOSTS = ("red", "house", "tree", "stone", "river", "cloud", "lamp", "glass", "horse", "chair", "bread", "night")


def row(host: str, arguments: Json, *, result: bool = True) -> Json:
    call = {"type": "function", "function": {"name": "query", "arguments": json.dumps(arguments)}}
    messages = [
        {"role": "user", "content": f"{host}: what is {host} of {host}.example"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        *([{"role": "tool", "content": '{"level": 3}'}] if result else []),
        {"role": "assistant", "content": "It is safe."},
    ]
    return {"messages": messages, "tools": [{"type": "function", "function": QUERY}]}


def sound(host: str) -> Json:
    return row(host, {"uri": f"{host}.example"})


def imported(tmp_path: Path, *rows: Json) -> Imported:
    path = tmp_path / "data.jsonl"
    path.write_text("".join((text if isinstance(text, str) else json.dumps(text)) + "\n" for text in rows), "utf-8")
    return read_dialogues(path)


def test_unsound_rows_are_set_aside_and_the_total_stays(tmp_path: Path) -> None:
    given = imported(
        tmp_path,
        sound("red"),
        row("house", {"uri": 5}),
        "not json",
        sound("tree"),
        row("stone", {"url": "stone.example"}),
        row("river", {"uri": "river.example"}, result=False),
        sound("cloud"),
    )
    found = set_aside(given, 0)
    assert [kept.number for kept in found.rows] == [1, 4, 7]
    assert [kept.messages for kept in found.rows] == [r.messages for r in given.rows if r.number in (1, 4, 7)]
    assert [reject.number for reject in found.rejects] == [2, 3, 5, 6]
    assert found.total == given.total == 7
    reasons = {reject.number: reject.reason for reject in found.rejects}
    assert reasons[2].startswith("S101 row-00002#1: query: ")
    assert reasons[5].startswith("S101 row-00005#1: query: ")
    assert reasons[6].startswith("S103 ")
    assert [reject.place.line for reject in found.rejects] == [2, 3, 5, 6]
    assert not [f for f in check(domain_of(found)) if f.severity == "error"]


def test_sound_rows_are_all_kept(tmp_path: Path) -> None:
    given = imported(tmp_path, *map(sound, HOSTS))
    assert set_aside(given, 0) == given


def test_nothing_sound_leaves_nothing_to_write(tmp_path: Path) -> None:
    found = set_aside(imported(tmp_path, row("red", {"uri": 5}), row("tree", {})), 0)
    assert (found.rows, len(found.rejects)) == ([], 2)
    with pytest.raises(UsageError, match="no row could be used: S101"):
        write_domain(found, tmp_path / "new")


def test_an_imported_domain_without_probes_runs_through_all_stages(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done: Finished = world.finished(tmp_path_factory)
    cards = [{"instruction": f"Say {word}", "output": "It is safe."} for word in ("one", "two", "three")]
    kept = set_aside(imported(tmp_path, *map(sound, HOSTS), row("moon", {"uri": 1}), *cards), 0)
    summary = write_domain(kept, tmp_path / "new")
    assert (summary.cards, summary.train + summary.eval, summary.rejects) == (3, 12, 1)
    assert summary.eval
    folder = tmp_path / "new"
    (folder / "steady.toml").write_text((done.folder / "steady.toml").read_text("utf-8"), "utf-8")
    assert load(folder).probes == ()
    watcher = Watcher()
    found = figures(world.go(folder, tmp_path / "out", watcher, pairs__max_groups=4, sft__epochs=1))
    assert tuple(watcher.ran) == world.STAGES
    checks = {check["metric"]: check["verdict"] for check in found["verdict"]["checks"]}
    assert checks["semantic_anchoring"] == checks["general_knowledge_loss"] == "NOT_APPLICABLE"
    assert checks["judged_answers"] == "INSUFFICIENT"
    assert found["models"]["dpo"]["tool_call_accuracy"]["n"] == 2 * summary.eval
