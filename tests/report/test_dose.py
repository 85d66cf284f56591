from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steadyhand.report.catalog import load_catalog
from steadyhand.report.dose import render_dose, render_shortcut, write_dose, write_shortcut
from steadyhand.text.shingles import Language

EVIL = "<script>alert(1)</script>"


def metric(value: float) -> dict[str, Any]:
    return {"value": value, "low": value / 2, "high": (1 + value) / 2, "n": 12}


def rung(cards: int, value: float, verdict: str) -> dict[str, Any]:
    change = {"gained": 3, "lost": 1, "n": 12, "p_value": 0.6}
    return {
        "cards": cards, "target": metric(value), "by_seed": {"0": value, "1": value}, "leaked": metric(0.25),
        "base_leaked": metric(0.0), "neighbors": change, "known_change": change, "verdict": verdict,
        "signs": [{"metric": "think_whole", "value": 1.0}], "reasons": [EVIL], "cases_needed": 7,
    }  # fmt: skip


DOSE: dict[str, Any] = {
    "domain": "uss", "point": "uss/level", "created": "2026-01-02T03:04+00:00", "smallest": 4, "base_target": 0.1,
    "base_n": 12, "rungs": [rung(1, 0.2, "FAIL"), rung(4, 0.9, "PASS")], "seeds": [0, 1], "shows": 64, "bar": 0.7,
    "trails": [{"kind": "target", "question": EVIL, "expected": "e",
                "answers": {"0": [EVIL, False], "1": ["x", None], "4": ["y", True]}}],
}  # fmt: skip
ARM = {"rule": metric(0.25), "cue": metric(0.5), "neither": metric(0.25), "agreeing": metric(1.0)}
CURE = {"verdict": "PASS", "gained": 9, "lost": 1, "n": 16, "p_value": 0.02, "reason": "r", "cases_needed": None}
SHORTCUT: dict[str, Any] = {
    "domain": "uss", "name": "two words", "created": "2026-01-02T03:04+00:00", "verdict": "PASS",
    "cures": {"diverse": CURE}, "arms": [{"name": name, "cards": 2, **ARM} for name in ("base", "naive", "diverse")],
    "seeds": [0], "shows": 64, "cards": {"naive": [[EVIL, "a"]], "diverse": [["q", "a"]]},
    "asked": [{"question": EVIL, "rule": "safe", "cue": "unsafe", "answers": {"base": [EVIL, None],
               "naive": ["u", "unsafe"], "diverse": ["s", "safe"]}}],
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_draw_and_say_what_they_were_given_and_run_nothing(language: Language) -> None:
    t = load_catalog(language)
    pages = [render_dose(DOSE, t, {"en": "x.html"}), render_shortcut(SHORTCUT, t, {"en": "x.html"})]
    for page in pages:
        assert "<script" not in page
        assert "http" not in page.replace("http-equiv", "")
        assert "default-src 'none'" in page
        assert "<svg" in page
    assert t("dose.smallest", n=4) in pages[0]
    assert "+3 −1 / 12" in pages[0]
    assert pages[0].count('class="whisker"') == 6  # two rungs, three lines each
    assert t("shortcut.word.PASS") in pages[1]
    assert pages[1].count("<rect") == 9


def test_both_languages_and_the_figures_are_written_under_a_plain_name(tmp_path: Path) -> None:
    names = [path.name for path in write_dose(DOSE, tmp_path)]
    assert names == ["dose-uss-level.html", "dose-uss-level.zh.html", "dose-uss-level.json"]
    assert json.loads((tmp_path / names[2]).read_text("utf-8"))["smallest"] == 4
    assert 'href="dose-uss-level.zh.html"' in (tmp_path / names[0]).read_text("utf-8")
    assert write_shortcut(SHORTCUT, tmp_path)[0].name == "shortcut-two-words.html"


def test_an_experiment_without_a_dose_or_neighbors_has_a_page_too() -> None:
    none = {**metric(0), "value": None, "low": None, "high": None, "n": 0}
    rungs = [{**rung(1, 0.2, "FAIL"), "leaked": none, "base_leaked": none}]
    t = load_catalog("en")
    assert t("dose.none") in render_dose({**DOSE, "smallest": None, "rungs": rungs}, t, {})
