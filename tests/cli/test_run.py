"""`steady run` and `steady report`: one JSON object, exit codes, and one message for whatever is wrong."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from steadyhand.cli import main
from steadyhand.flow.sign_off import sign_off_of
from steadyhand.ledger.result import Check
from steadyhand.ledger.seal import MARKER
from tests import tiny
from tests.domain.folder import QUERY, put
from tests.flow import world
from tests.flow.world import Finished, files

BARS = [word for name, value in world.PASSING.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return world.finished(tmp_path_factory)


def steady(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert main([str(word) for word in words]) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return out, err


def result(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> Any:
    """The one JSON object on stdout."""
    return json.loads(steady(capsys, *words, "--json", code=code)[0])


def test_a_finished_run_answers_at_once_with_everything(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = done.copy(tmp_path / "out")
    shown, told = steady(capsys, "run", done.folder, "--out", out, "--json", code=1)
    found = json.loads(shown)
    assert (found["version"], found["domain"], found["verdict"]["word"]) == (1, "uss", "FAIL")
    for model in ("base", "sft", "dpo"):
        metric = found["models"][model]["tool_call_accuracy"]
        assert {"value", "n", "low", "high", "k", "unscored"} <= set(metric)
    assert (Path(found["model_folder"]) / "model.safetensors").is_file()
    assert {Path(page).name for page in found["report"]} >= {"report.html", "report.json", "report.md"}
    assert all(Path(page).parent == out / "report" for page in found["report"])
    assert "nothing to do" in told
    assert told.count("done before") == len(world.STAGES)


def test_a_run_that_passes_its_bars_is_exit_0(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = done.copy(tmp_path / "out")
    shown, told = steady(capsys, "run", done.folder, "--out", out, *BARS)
    assert shown.startswith("verdict: PASS")
    model = out / "model"
    assert f"model: {model}\n" in shown
    assert shown.count("\nnext: steady ") == 3
    assert (model / "model.safetensors").is_file()
    assert str(sign_off_of(model)).startswith("verdict PASS on uss")
    compared, _ = steady(capsys, "compare", model, out)
    assert "scenario_pass" in compared
    assert f"report: {out / 'report' / 'report.html'}" in shown
    assert "[10/11] compare, judge: changed: setting bars" in told
    assert "nothing to do" not in told


def test_a_plan_shows_states_and_reasons(done: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(done.out)
    assert steady(capsys, "run", done.folder, "--out", done.out, "--plan")[0].endswith("nothing to do\n")
    words = ("run", done.folder, "--out", done.out, "--plan", "--set", "dpo.beta=0.3")
    steps = result(capsys, *words)["plan"]
    assert [step["stage"] for step in steps] == list(world.STAGES)
    assert {step["stage"]: step["reason"] for step in steps if step["state"] == "run"}["dpo"] == "changed: setting dpo"
    assert "run   dpo        changed: setting dpo" in steady(capsys, *words)[0]
    assert files(done.out) == before


def test_the_place_of_a_run_follows_the_folder_and_a_plan_does_not_make_it(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert {step["state"] for step in result(capsys, "run", done.folder, "--plan")["plan"]} == {"run"}
    assert files(tmp_path) == {}
    done.copy(tmp_path / "runs" / "uss")
    assert {step["state"] for step in result(capsys, "run", done.folder, "--plan")["plan"]} == {"done"}


def remark(artifact: Path) -> None:
    """Makes an artifact's marker agree with what its files hold now."""
    marker = artifact / MARKER
    row = json.loads(marker.read_text("utf-8"))
    for name, file in row["files"].items():
        data = (artifact / name).read_bytes()
        file |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    marker.write_text(json.dumps(row), "utf-8")


def test_a_damaged_model_is_exit_1_with_one_message(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate's file of a finished run says FAIL: the run stops there, also when all is done."""
    out = done.copy(tmp_path / "out")
    gate = out / "artifacts" / done.context.keys["gate"] / "gate.json"
    checks = [asdict(Check("think_whole", ">= 0.97", "FAIL", 0.5, 0.4, 0.6, 90))]
    gate.write_text(json.dumps({"word": "FAIL", "checks": checks}), "utf-8")
    remark(gate.parent)
    error = result(capsys, "run", done.folder, "--out", out, code=1)["error"]
    assert (error["kind"], error["exit_code"]) == ("GateFailed", 1)
    assert "think_whole 50.0 %" in error["what"]
    assert "error: " in steady(capsys, "run", done.folder, "--out", out, code=1)[1]


def test_ctrl_c_is_exit_130(
    done: Finished, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("steadyhand.flow.run.carry_out", interrupt)
    assert "interrupted" in steady(capsys, "run", done.folder, "--out", done.out, code=130)[1]


def no_folder(done: Finished, root: Path) -> Path:
    return root / "nowhere"


def a_file(done: Finished, root: Path) -> Path:
    put(root, "data.jsonl", "{}")
    return root / "data.jsonl"


def no_yaml(done: Finished, root: Path) -> Path:
    return world.make(root, done.base, scenarios="scenarios:\n  - {id: x\n")


def no_key(done: Finished, root: Path) -> Path:
    world.make(root, done.base)
    put(root, "steady.toml", "[sft]\nepoch = 3\n")
    return root


def no_template(done: Finished, root: Path) -> Path:
    shutil.copytree(done.base, root / "base")
    (root / "base" / "chat_template.jinja").unlink()
    return world.make(root / "domain", root / "base")


def no_model(done: Finished, root: Path) -> Path:
    (root / "base").mkdir(parents=True)
    return world.make(root / "domain", root / "base")


def no_weights(done: Finished, root: Path) -> Path:
    tiny.save(root / "base")
    (root / "base" / "model.safetensors").write_bytes(b"nothing")
    return world.make(root / "domain", root / "base")


def no_schema(done: Finished, root: Path) -> Path:
    tool = {**QUERY, "parameters": {"type": "objekt", "properties": {}}}
    return world.make(root, done.base, tools=json.dumps(tool))


def no_argument(done: Finished, root: Path) -> Path:
    return world.make(root, done.base, scenarios=world.SCENARIOS.replace("uri: a.example", "uri: 5"))


@pytest.mark.parametrize(
    ("broken", "code", "what", "where"),
    [
        (no_folder, 2, "no such folder", "nowhere"),
        (a_file, 2, "not a folder", "data.jsonl"),
        (no_yaml, 2, "", "scenarios/s.yaml:"),
        (no_key, 2, "unknown setting `sft.epoch`", "steady.toml:2:1"),
        (no_template, 3, "no chat template", "base"),
        (no_model, 3, "not a model", "base"),
        (no_weights, 3, "the weights cannot be read", "base"),
        (no_schema, 2, "'objekt' is no type", "tools/query.json:1:"),
        (no_argument, 4, "S101", "scenarios/s.yaml:"),
    ],
)
def test_whatever_is_wrong_is_one_message_and_loses_nothing(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: Any, code: int, what: str, where: str
) -> None:
    folder, out = broken(done, tmp_path / "in"), done.copy(tmp_path / "out")
    artifacts = files(out / "artifacts")
    words = ("run", folder, "--out", out)
    shown, told = steady(capsys, *words, code=code)
    errors = [line for line in told.splitlines() if line.startswith("error: ")]
    assert shown == ""
    assert len(errors) == 1
    assert what in errors[0]
    assert where in errors[0]
    assert "unexpected" not in told
    assert told.splitlines()[-1].startswith("  next: ")
    error = result(capsys, *words, code=code)["error"]
    assert error["exit_code"] == code
    assert files(out / "artifacts").items() >= artifacts.items()


def test_a_message_names_line_column_and_the_right_key(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = result(capsys, "run", no_yaml(done, tmp_path / "a"), code=2)["error"]
    assert error["file"].endswith("s.yaml")
    assert error["line"] >= 2
    assert error["column"] >= 1
    error = result(capsys, "run", no_key(done, tmp_path / "b"), code=2)["error"]
    assert (error["line"], error["column"]) == (2, 1)
    assert "did you mean `sft.epochs`?" in error["next"]
    assert "no value" in result(capsys, "run", done.folder, "--set", "sft.epochs", code=2)["error"]["what"]


def test_a_report_is_written_again(done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert result(capsys, "report", tmp_path, code=3)["error"]["what"] == "there is no report"
    out = done.copy(tmp_path / "out")
    steady(capsys, "run", done.folder, "--out", out, code=1)
    before = files(out / "report")
    pages = result(capsys, "report", out, "--to", tmp_path / "zh", "--language", "zh")["report"]
    assert all(Path(page).is_file() and Path(page).parent == tmp_path / "zh" for page in pages)
    assert files(out / "report") == before
    assert str(out / "report" / "report.html") in steady(capsys, "report", out)[0]
    assert files(out / "report") == before
