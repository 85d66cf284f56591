"""`steady judge`: a reasoning judge is trained once, measured beside the others on what none saw, and judges online."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.errors import JobError
from steadyhand.flow.context import RunContext
from steadyhand.lab import judges
from steadyhand.lab.online import online_stages
from tests.cli.test_run import result, steady
from tests.flow.world import Finished
from tests.lab.test_online import FEW, done

__all__ = ["done"]
WORDS = (*FEW, "--set", "preference.epochs=1", "--set", "preference.held=0.34")


def test_judges_are_trained_once_and_measured_on_the_same_comparisons(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("judge", done.folder, "--out", done.copy(tmp_path / "out"), *WORDS)
    found = result(capsys, *words)
    assert list(found["judges"]) == ["reasoning", "scalar", "one at a time"]
    (n,) = {row["n"] for row in found["judges"].values()}
    assert n > 0
    assert all(row["k"] + row["ties"] + row["wrong"] == n for row in found["judges"].values())
    assert found["own"] == {"all": {"won": 0, "lost": 0, "ties": 0, "n": 0}}  # this domain has no preferences/
    shown, told = steady(capsys, *words)
    assert f"{found['judges']['reasoning']['k']} of {n}" in shown
    assert "reasoning: done before" in told
    assert "compared with nothing" in told


def test_a_reasoning_judge_no_better_than_a_coin_is_refused(done: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.name for one in online_stages(1, "reasoned")][-4:] == [
        "reasoning", "answers_1", "online_1", "eval_online_1",
    ]  # fmt: skip
    context = done.context
    artifact = type(context).artifact

    def untuned(self: RunContext, name: str) -> Path:
        """The fine-tuned model stands for a judge that learned nothing."""
        return artifact(self, "sft" if name == "reasoning" else name)

    monkeypatch.setattr(type(context), "artifact", untuned)
    with pytest.raises(JobError, match="not shown to be better than a coin"):
        judges.judge_of(context)
