"""`steady eval`, `compare` and `gate` on real evaluations of the tiny models: a roundtrip, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.flow.sign_off import saved_evaluation
from steadyhand.ledger.overrides import MISSED, Overrides
from steadyhand.ledger.result import Verdict
from tests.cli.test_run import BARS, result, steady
from tests.flow import world
from tests.flow.world import Finished

FEWER = ("--set", "sampling.max_tokens=7")


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return world.finished(tmp_path_factory)


@pytest.fixture(scope="module")
def saved(done: Finished) -> tuple[Path, Path]:
    """The run's own evaluations of the base and of the tuned model: `eval --save` writes the same."""
    return tuple(done.context.artifact(f"eval_{name}") / "evaluation.json" for name in ("base", "dpo"))  # type: ignore[return-value]


def test_eval_measures_what_the_run_measured(
    done: Finished, saved: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, target = done.context.artifact("merge") / "model", tmp_path / "new" / "tuned.json"
    found = result(capsys, "eval", "--model", model, "--domain", done.folder, "--save", target)
    mine, theirs = (json.loads(path.read_text("utf-8")) for path in (target, saved[1]))
    assert found["model"] == mine["model"] == str(model)
    assert found["metrics"] == mine["metrics"] == theirs["metrics"]
    assert mine["items"] == theirs["items"]
    assert mine["fingerprint"] == theirs["fingerprint"]
    assert found["manifest"]["sampling"]["max_tokens"] == 8
    assert [path.name for path in target.parent.iterdir()] == ["tuned.json"]
    rows = {row["metric"]: row for row in result(capsys, "compare", saved[1], target)["rows"]}
    assert rows["tool_call_accuracy"]["difference"] == 0
    assert rows["tool_call_accuracy"]["discordant"] == [0, 0]


def test_eval_speaks_to_a_person_and_clarifies_when_asked(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("eval", "--model", done.base, "--domain", done.folder, "--set", "eval.determinism_items=0", *FEWER)
    shown, _ = steady(capsys, *words, "--clarify", "--save", tmp_path / "short.json")
    assert any(line.split()[0] == "tool_call_accuracy" and "n=5" in line for line in shown.splitlines())
    assert json.loads((tmp_path / "short.json").read_text("utf-8"))["manifest"]["clarify"] is True


def test_compare_shows_both_and_refuses_unequal_sampling(
    done: Finished, saved: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown, _ = steady(capsys, "compare", *saved)
    assert shown.splitlines()[0].split()[:3] == ["metric", "a", "b"]
    assert any(line.startswith("tool_call_accuracy ") for line in shown.splitlines())
    row = json.loads(saved[1].read_text("utf-8"))
    row["manifest"]["sampling"]["temperature"] = 0.7
    (tmp_path / "hot.json").write_text(json.dumps(row), "utf-8")
    error = result(capsys, "compare", saved[0], tmp_path / "hot.json", code=2)["error"]
    assert "different sampling parameters" in error["what"]
    bars = ("--base", saved[0], "--domain", done.folder)
    assert "sampling" in result(capsys, "gate", tmp_path / "hot.json", *bars, code=2)["error"]["what"]


def test_gate_answers_by_its_exit_code(
    done: Finished, saved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("gate", saved[1], "--base", saved[0], "--domain", done.folder)
    assert result(capsys, *words, code=1)["word"] == "FAIL"
    shown, told = steady(capsys, *words, code=1)
    assert "FAIL         tool_call_accuracy" in shown
    assert told == "verdict: FAIL\n"
    found = result(capsys, *words, *BARS)
    assert found["word"] == "PASS"
    assert {check["verdict"] for check in found["checks"]} == {"PASS"}


def test_gate_shows_who_accepted_what_and_lets_it_pass_only_when_asked(
    done: Finished, saved: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known, path = Overrides(tmp_path / "overrides.jsonl"), ("--overrides", tmp_path / "overrides.jsonl")
    words = ("gate", saved[1], "--base", saved[0], "--domain", done.folder)
    found = Verdict.from_json({key: result(capsys, *words, code=1)[key] for key in ("word", "checks")})
    mark = saved_evaluation(saved[1]).fingerprint
    missed = [check for check in found.checks if check.verdict in MISSED]
    known.accept("verdict", mark, missed[0], "mei", "the pilot knows")
    shown, _ = steady(capsys, *words, *path, code=1)
    assert "  accepted by mei, " in shown
    assert result(capsys, *words, *path, "--accepted", code=int(len(missed) > 1))["overrides"].keys() == {
        missed[0].metric
    }
    for check in missed[1:]:
        known.accept("verdict", mark, check, "mei", "the pilot knows")
    assert result(capsys, *words, *path, code=1)["word"] == "FAIL"
    assert result(capsys, *words, *path, "--accepted")["word"] == "FAIL"


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        (None, 3, "no such evaluation"),
        ("{]", 2, "not JSON"),
        ("[]", 2, "no JSON object"),
        ("{}", 2, "not a saved evaluation"),
        ('{"metrics": [], "items": []}', 2, "not a saved evaluation"),
        ('{"metrics": {"x": {"unknown": 1}}, "items": []}', 2, "not a saved evaluation"),
        ("\udcff", 2, "not UTF-8"),
    ],
)
def test_what_is_no_evaluation_is_refused(
    saved: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, code: int, what: str
) -> None:
    path = tmp_path / "e.json"
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    for words in (("compare", saved[0], path), ("gate", path, "--base", saved[0], "--domain", tmp_path)):
        error = result(capsys, *words, code=code)["error"]
        assert what in error["what"]
        assert error["where"].startswith(str(path))


def test_a_place_that_cannot_take_the_evaluation_is_refused_before_the_work(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    words = ("eval", "--model", tmp_path / "no-model", "--domain", done.folder, "--save")
    assert "cannot be written" in result(capsys, *words, tmp_path / "file" / "e.json", code=2)["error"]["what"]
    assert "directory" in result(capsys, *words, tmp_path, code=2)["error"]["what"]
    assert result(capsys, *words, tmp_path / "e.json", code=3)["error"]["what"].startswith("not a model folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_endpoint_needs_the_name_of_its_model(done: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    error = result(capsys, "eval", "--model", "http://127.0.0.1:9/v1", "--domain", done.folder, code=2)["error"]
    assert "--served-model" in error["next"]
