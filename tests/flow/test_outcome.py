"""The end of a run on a terminal: the verdict first, no empty rows, one row for figures that are all alike."""

from __future__ import annotations

from steadyhand.chat.messages import Json
from steadyhand.flow.outcome import table


def metric(value: float | None) -> Json:
    return {"value": value, "n": 9, "low": None, "high": None}


def shown(**metrics: float | None) -> list[str]:
    check = {"verdict": "PASS", "metric": "m", "value": 1.0, "bar": ">= 1", "reason": "all", "cases_needed": None}
    found: dict[str, Json] = {
        "verdict": {"word": "PASS", "checks": [check]},
        "fingerprint": "abc",
        "task": {"right": 3, "asked": 4},
        "models": {"base": {name: metric(value) for name, value in metrics.items()}},
    }
    return table(found).splitlines()


def test_the_verdict_and_the_task_come_first() -> None:
    lines = shown(rows=0.5)
    assert lines[0] == "verdict: PASS, of the model abc"
    assert lines[1] == "right: 3 of 4 held-out answers"
    assert lines[2].startswith("PASS")


def test_what_no_model_has_is_left_out_and_what_is_alike_is_one_row() -> None:
    alike = shown(rows=0.5, missed_rate=None, determinism_text=1.0, determinism_calls=1.0, determinism_outcome=1.0)
    names = [line.split("  ")[0] for line in alike[5:]]
    assert names == ["rows", "determinism_* (3 alike)"]
    apart = shown(rows=0.5, determinism_text=0.5, determinism_outcome=1.0)
    assert [line.split("  ")[0] for line in apart[5:]] == ["rows", "determinism_text", "determinism_outcome"]
