"""`steady train` shows what would be trained and whether it fits, and trains nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.settings.presets import BUDGETS
from tests import tiny
from tests.flow import world


def test_inspect_marks_what_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = world.make(tmp_path / "d", tiny.save(tmp_path / "base"))
    assert main(["train", str(folder), "--inspect", "--source", "uss.level/c4"]) == 0
    out, err = capsys.readouterr()
    assert "--- card:uss.level/c4: " in out
    assert "level 50?<|im_end|>" in out
    assert "It is safe.<|im_end|>]]" in out
    assert "rows have an answer without thinking" in err
    assert "packing packed: " in out
    assert "padding none" in out
    assert "truncation left: " in out
    assert main(["train", str(folder), "--inspect", "--rows", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [shown["source"].partition(":")[0] for shown in found["shown"]] in (
        ["card", "rehearsal"],
        ["rehearsal", "card"],
    )
    assert main(["train", str(folder), "--inspect", "--source", "card:none"]) == 2
    assert "no row comes from 'card:none'" in capsys.readouterr().err


def test_inspect_shows_where_a_row_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = world.make(tmp_path / "d", tiny.save(tmp_path / "base"))
    for side, place in (("left", "trained\n[… 2 tokens cut …]"), ("right", "It is safe[… 2 tokens cut …]")):
        sets = ["--set", "sft.max_length=30", "--set", f"sft.truncation={side}", "--source", "uss.level/c4"]
        assert main(["train", str(folder), "--inspect", *sets]) == 0
        out = capsys.readouterr().out.replace("[[", "").replace("]]", "")
        assert place in out
        assert f"truncation {side}: longest row 38 tokens; " in out


def test_plan_says_whether_a_preset_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = world.make(tmp_path / "d", tmp_path / "nowhere")
    words = ["train", str(folder), "--plan", "--model", "Qwen/Qwen3-8B", "--preset", "qwen3-8b-24gb"]
    code = main([*words, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["device"], found["memory_gb"]) == ("cuda", 24.0)
    assert code == (0 if all(plan["fits"] for plan in found["plans"].values()) else 1)
    for plan in found["plans"].values():
        assert plan["total"] == sum(plan["parts"].values())
        assert plan["fits"] == (plan["total"] <= 24e9)
    assert main([*words, "--memory", "1"]) == 1
    assert "DOES NOT FIT 1 GB" in capsys.readouterr().out
    assert main(["train", str(folder), "--plan", "--model", "steady-nano"]) == 0
    assert "peak" in capsys.readouterr().out


@pytest.mark.parametrize("preset", BUDGETS)
def test_every_preset_for_cards_fits_them(tmp_path: Path, preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = world.make(tmp_path / "d", tmp_path / "nowhere")
    assert main(["train", str(folder), "--plan", "--model", "Qwen/Qwen3-8B", "--preset", preset]) == 0
    assert ("of each of 8 workers" in capsys.readouterr().out) == (preset == "qwen3-8b-8x80gb")


def test_what_cannot_be_looked_at_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = world.make(tmp_path / "d", tmp_path / "nowhere")
    assert main(["train", str(folder)]) == 2
    assert "one of --inspect and --plan" in capsys.readouterr().err
    assert main(["train", str(folder), "--plan", "--model", "Some/Other-Model"]) == 3
    assert "downloads nothing" in capsys.readouterr().err
