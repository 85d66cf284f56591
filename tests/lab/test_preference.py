"""A trained judge as a stage of `steady online`: what it learns from, is measured on, and when it is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from steadyhand.errors import JobError
from steadyhand.lab import online as flow
from steadyhand.lab import preference
from steadyhand.lab.online import online_stages
from steadyhand.pairs.judge import Pair, ScoreJudge
from steadyhand.settings import Settings
from tests.cli.test_run import result, steady
from tests.flow.world import Finished
from tests.lab.test_online import FEW, done, wrong_ones

__all__ = ["done"]
TRAINED = (*FEW, "--set", "online.judge=trained", "--set", "preference.epochs=3", "--set", "preference.held=0.34")


def test_it_is_trained_once_measured_on_other_scenarios_and_judges(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "answers_of", wrong_ones)
    monkeypatch.setattr(preference, "_share", lambda pairs, real=preference._share: real(pairs) | {"low": 0.6})
    words = ("online", done.folder, "--out", done.copy(tmp_path / "out"), *TRAINED)
    one = result(capsys, *words, "--rounds", "1")
    judge = one["judge"]
    assert judge["taught"] > 0
    assert judge["all"]["n"] == judge["model"]["n"] + judge["mutator"]["n"] > 0
    assert 0 <= judge["all"]["k"] <= judge["all"]["n"]
    (tally,) = one["rounds"]
    assert tally["decisions"] == sum(count for word, count in tally.items() if word != "decisions") > 0
    shown, told = steady(capsys, *words, "--rounds", "1")
    assert f"judge, on comparisons that it did not see: {judge['all']['k']} of {judge['all']['n']} right" in shown
    assert "preference: done before" in told


def test_what_it_is_measured_on_is_of_other_scenario_groups(done: Finished) -> None:
    taught, held = preference.split(done.context)
    names = preference.groups_of(done.context)
    assert taught
    assert held
    assert not {names[preference.scenario_of(one)] for one in taught} & {
        names[preference.scenario_of(one)] for one in held
    }


def test_a_judge_no_better_than_a_coin_is_refused(tmp_path: Path) -> None:
    held = preference.judged([("a", "model", 1.0), ("b", "model", -1.0), ("c", "mutator", 1.0)], 0.75)
    (tmp_path / preference.HELD).write_text(json.dumps(held), "utf-8")
    with pytest.raises(JobError, match="right in 2 of 3 comparisons"):
        preference.judge_of(Settings(), tmp_path)


def test_shares_are_counted_by_origin_and_certainty() -> None:
    found = preference.judged([("a", "model", 2.0), ("a", "model", -0.1), ("b", "mutator", -3.0)], 0.75)
    assert [(found[name]["k"], found[name]["n"]) for name in ("all", "model", "mutator", "certain")] == [
        (1, 3), (1, 2), (0, 1), (1, 2),
    ]  # fmt: skip


def test_scores_decide_where_they_are_far_enough_apart() -> None:
    asked: list[Sequence[str]] = []

    def score(case: object, answers: Sequence[str]) -> list[float]:
        asked.append(answers)
        return [{"good": 2.0, "fair": 1.5, "bad": 0.0}[answer] for answer in answers]

    from tests.pairs.test_online import CALL

    pairs: list[Pair] = [(CALL, "good", "bad"), (CALL, "bad", "fair"), (CALL, "fair", "good")]
    assert ScoreJudge(score, 0.75)(pairs) == ["first", "second", "tie"]
    assert ScoreJudge(score, 0.5)(pairs) == ["first", "second", "second"]
    assert ScoreJudge(score, 0.5)([(CALL, "bad", "bad")]) == ["tie"]
    assert asked[0] == ["good", "bad", "fair"]  # each answer once


def test_only_a_trained_judge_is_a_stage() -> None:
    assert "preference" not in [stage.name for stage in online_stages(1)]
    names = [stage.name for stage in online_stages(1, "trained")]
    assert names[-4:] == ["preference", "answers_1", "online_1", "eval_online_1"]
