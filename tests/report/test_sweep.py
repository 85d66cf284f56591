from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from steadyhand.report.catalog import load_catalog
from steadyhand.report.sweep import render_sweep, write_sweep
from steadyhand.text.shingles import Language

EVIL = "<script>alert(1)</script>"


def stop(rung: int, *losses: float, rate: float | None = None) -> dict[str, Any]:
    asked = {"right": 3, "n": 4, "low": 0.5, "high": 0.9} if rate else dict.fromkeys(("right", "n", "low", "high"))
    loss = math.prod(losses) ** (1 / len(losses)) if losses else None
    return {"rung": rung, "steps": 9, "loss": loss, "losses": list(losses), "rate": rate, **asked}


def story(name: str, end: str, *stops: dict[str, Any], **fate: Any) -> dict[str, Any]:
    plain = {"end": end, "rung": len(stops) - 1, "items": 4, "reason": "", "against": None, "gains": 0, "losses": 0}
    return {
        "branch": name, "sets": {"sft.scenarios": True, "sft.epochs": 3}, "data": None, "steps": 9,
        "stops": list(stops), "fate": plain | {"e": None, "instead": None} | fate,
    }  # fmt: skip


FOUND: dict[str, Any] = {
    "domain": "uss", "created": "2026-01-02T03:04+00:00", "winner": "hot", "items": 8, "base_right": 1,
    "rungs": [
        {"share": 0.15, "items": 4, "keep": 3}, {"share": 0.27, "items": 5, "keep": 2},
        {"share": 1.0, "items": 8, "keep": 1},
    ],
    "compute": {"steps": 11, "full_steps": 30, "answers": 12, "full_answers": 24},
    "manifest": {"held": ["s1", "s2"], "alpha": 0.05},
    "stories": [
        story("hot", "won", stop(0, 0.5, 0.25), stop(1, 0.4, 0.25), stop(2, rate=0.75), instead="late"),
        story(
            EVIL, "worse", stop(0, 0.7, 0.2), stop(1, 0.6), stop(2, rate=0.2), against="hot", gains=1, losses=14,
            e=123.4,
        ),
        story("broken", "outscored", stop(0, 2.0), against="hot"),
        story("late", "harmed", reason=EVIL),
        story("never", "failed", reason="max_length is 16"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_who_won_and_why_the_others_ended_and_runs_nothing(language: Language) -> None:
    t = load_catalog(language)
    page = render_sweep(FOUND, t, {"en": "x.html"})
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert t("sweep.winner", name="hot") in page
    assert "e = 123" in page
    assert t("sweep.end.won") + t("sweep.instead", name="late") in page
    assert "sft.scenarios = true" in page
    assert "max_length is 16" in page
    assert page.count("<polyline") == 3
    assert t("sweep.parts", taught="0.500", kept="0.250") in page
    assert "75.0 %" in page.replace("\u202f", " ").replace("%", " %").replace("  ", " ")


def test_branches_that_were_all_trained_whole_have_no_curve() -> None:
    whole = {**FOUND, "rungs": FOUND["rungs"][2:], "stories": [story("hot", "won", stop(0, rate=0.75))]}
    assert "<svg" not in render_sweep(whole, load_catalog("en"), {})


def test_a_sweep_without_a_winner_has_a_page_and_both_languages_are_written(tmp_path: Path) -> None:
    lost = {**FOUND, "winner": None, "stories": FOUND["stories"][1:]}
    assert load_catalog("en")("sweep.none") in render_sweep(lost, load_catalog("en"), {})
    names = [path.name for path in write_sweep(FOUND, tmp_path)]
    assert names == ["sweep-uss.html", "sweep-uss.zh.html", "sweep-uss.json"]
    assert json.loads((tmp_path / names[2]).read_text("utf-8"))["winner"] == "hot"
