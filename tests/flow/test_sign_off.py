"""A verdict is about the weights that it was given for, wherever they are used, and about no others."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.errors import JobError, PrerequisiteError, SteadyError
from steadyhand.flow.exporting import export_model, source_of
from steadyhand.flow.outcome import outcome
from steadyhand.flow.run import plan, publish_report, rewrite_report
from steadyhand.flow.sign_off import SYSTEM, judging, sign_off_of
from steadyhand.ledger.seal import MARKER
from steadyhand.ledger.store import Store
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load
from tests.flow import world
from tests.ledger.test_seal import flip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> world.Finished:
    return world.finished(tmp_path_factory)


@pytest.fixture
def run(done: world.Finished, tmp_path: Path) -> Path:
    out = done.copy(tmp_path / "run")
    publish_report(done.context, out)
    return out


def model_of(done: world.Finished, run: Path, stage: str = "merge") -> Path:
    return run / "artifacts" / done.context.keys[stage] / "model"


def forge(home: Path, name: str) -> None:
    """Changes a file and lets the marker vouch for it, as somebody would who knows of the marker."""
    flip(home / name)
    marker, digest = home / MARKER, hashlib.sha256((home / name).read_bytes()).hexdigest()
    row = json.loads(marker.read_text("utf-8"))
    row["files"][name]["sha256"] = digest
    marker.write_text(json.dumps(row), "utf-8")


def test_a_runs_model_is_known_with_its_verdict(done: world.Finished, run: Path) -> None:
    found = sign_off_of(model_of(done, run))
    assert found is not None
    assert (found.word, found.domain) == (outcome(done.context)["verdict"]["word"], done.context.parts.domain.name)
    assert found.fingerprint == fingerprint(model_of(done, run)) == outcome(done.context)["fingerprint"]
    assert found.fingerprint[:16] in str(found)
    assert found.judging == judging("", {})
    assert set(found.judging or ()) == {SYSTEM}  # this domain has no checks.yaml
    assert sign_off_of(model_of(done, run, "sft")) is None
    shutil.copytree(model_of(done, run), run.parent / "elsewhere" / "model")
    assert sign_off_of(run.parent / "elsewhere" / "model") is None


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_flipped_byte_is_seen_wherever_the_model_is_used(done: world.Finished, run: Path, name: str) -> None:
    flip(model_of(done, run) / name)
    model = str(model_of(done, run))
    for work in (
        lambda: load(model), lambda: source_of(str(run)), lambda: export_model(str(run), run / "x", ["safetensors"]),
    ):  # fmt: skip
        with pytest.raises(SteadyError, match=f"model/{name} was changed") as caught:
            work()
        assert isinstance(caught.value, JobError | PrerequisiteError)
    assert not (run / "x").exists()
    for words in (["serve", "--model", model], ["serve", "--model", str(run)], ["eval", "--model", model, "--domain"]):
        assert main([*words, str(done.folder)] if words[-1] == "--domain" else words) in (3, 4)


def test_a_deleted_model_is_seen_by_the_plan(done: world.Finished, run: Path) -> None:
    model = model_of(done, run)
    shutil.rmtree(model)
    steps = {step.name: step for step in plan(done.folder, world.settings(done.folder), run)}
    assert steps["merge"].state == "run"
    assert "model/" in steps["merge"].reason
    assert "is missing" in steps["merge"].reason
    assert [steps[name].state for name in ("check", "eval_base", "sft", "dpo")] == ["done"] * 4
    assert steps["verdict"].state == "run"


def test_a_verdict_is_not_about_other_weights_that_their_marker_vouches_for(done: world.Finished, run: Path) -> None:
    forge(model_of(done, run).parent, "model/config.json")
    (model_of(done, run) / "config.json").write_text((model_of(done, run, "sft") / "config.json").read_text("utf-8"))
    model = model_of(done, run)
    model.joinpath("model.safetensors").write_bytes((model_of(done, run, "sft") / "model.safetensors").read_bytes())
    home = model.parent
    row = json.loads((home / MARKER).read_text("utf-8"))
    for path in model.iterdir():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        row["files"][f"model/{path.name}"] = {"sha256": digest, "bytes": path.stat().st_size}
    (home / MARKER).write_text(json.dumps(row), "utf-8")
    load(model)  # the marker says so
    with pytest.raises(PrerequisiteError, match="is about other weights"):
        sign_off_of(model)
    with pytest.raises(PrerequisiteError, match="is about other weights"):
        source_of(str(run))


def test_a_report_is_the_one_that_the_run_made(done: world.Finished, run: Path) -> None:
    path = run / "report" / "report.json"
    row = json.loads(path.read_text("utf-8"))
    word = row["verdict"]["word"]
    path.write_text(json.dumps(row | {"verdict": row["verdict"] | {"word": "PASS"}, "domain": "other"}), "utf-8")
    found = sign_off_of(model_of(done, run))
    assert found is not None
    assert (found.word, found.domain) == (word, done.context.parts.domain.name)
    flip(run / "artifacts" / done.context.keys["report"] / "report.json")
    with pytest.raises(JobError, match=r"report\.json was changed"):
        rewrite_report(run, run / "again", "en")
    assert Store(run).begun(done.context.keys["report"])


def test_an_exported_model_keeps_its_verdict_and_its_sums(done: world.Finished, run: Path, tmp_path: Path) -> None:
    export_model(str(run), tmp_path / "out", ["safetensors"])
    found = sign_off_of(tmp_path / "out" / "model")
    assert found is not None
    assert found.judging == judging("", {})
    assert found.word == outcome(done.context)["verdict"]["word"]
    (tmp_path / "out" / "README.md").write_text("my own words")  # the card is for people
    assert sign_off_of(tmp_path / "out" / "model") == found
    load(tmp_path / "out" / "model")
    (tmp_path / "out" / "verdict.json").write_text(
        (tmp_path / "out" / "verdict.json").read_text("utf-8").replace("FAIL", "PASS").replace("INSUFFICIENT", "PASS")
    )
    with pytest.raises(PrerequisiteError, match=r"verdict\.json was changed"):
        sign_off_of(tmp_path / "out" / "model")
    flip(tmp_path / "out" / "model" / "model.safetensors")
    with pytest.raises(PrerequisiteError, match=r"model/model\.safetensors was changed"):
        load(tmp_path / "out" / "model")


def test_what_else_lies_in_a_model_folder_is_not_handed_on(done: world.Finished, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(done.base, tmp_path / "base"))
    for name in ("evil.py", "optimizer.pt", "pytorch_model.bin", "notes.md", ".env"):
        (folder / name).write_text("x")
    (folder / "LICENSE").write_text("Apache-2.0")
    export_model(str(folder), tmp_path / "out", ["safetensors"])
    assert {path.name for path in (tmp_path / "out" / "model").iterdir()} == {
        *(path.name for path in done.base.iterdir()), "LICENSE",
    }  # fmt: skip
