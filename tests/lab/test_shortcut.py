from __future__ import annotations

from pathlib import Path

from steadyhand.lab.shortcut import shortcut_plan, try_shortcut
from tests.flow import trial
from tests.flow.world import Watcher, files, settings


def test_every_set_is_trained_alone_and_asked_the_same(tmp_path: Path) -> None:
    folder, file = trial.make(tmp_path)
    before = files(tmp_path)
    steps = shortcut_plan(folder, file, settings(folder), tmp_path / "out", [0], 4)
    assert [step.name for step in steps] == ["base", "naive cards, seed 0", "diverse cards, seed 0"]
    assert files(tmp_path) == before
    watcher = Watcher()
    found = try_shortcut(folder, file, settings(folder), tmp_path / "out", [0], 4, watcher)
    assert watcher.ran == [step.name for step in steps]
    assert [(arm.name, arm.cards, arm.rule.n) for arm in found.arms] == [
        ("base", 0, 2),
        ("naive", 1, 2),
        ("diverse", 2, 2),
    ]
    for arm in found.arms:
        shares = [metric.value for metric in (arm.rule, arm.cue, arm.neither)]
        assert sum(share for share in shares if share is not None) == 1
    assert list(found.cures) == ["diverse"]
    assert found.verdict == found.cures["diverse"].verdict == "INSUFFICIENT"  # two questions show nothing
    assert set(found.asked[0].answers) == {"base", "naive", "diverse"}
    again = Watcher()
    assert try_shortcut(folder, file, settings(folder), tmp_path / "out", [0], 4, again).arms == found.arms
    assert again.ran == []
