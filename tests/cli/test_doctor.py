from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from steadyhand.cli import doctor, main


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without starting torch, whose answer one test asks for."""
    found = {"version": "2", "threads": 1, "gpu": None, "gpu_gb": None, "gpu_bf16": None}
    monkeypatch.setattr(doctor, "_TORCH_PROBE", f"import json; print(json.dumps({found!r}))")
    return monkeypatch


def model_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")  # whole, and empty
    return folder


def checks(capsys: pytest.CaptureFixture[str], folder: Path, code: int) -> dict[str, dict[str, Any]]:
    assert main(["doctor", str(folder), "--json"]) == code
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)["checks"]}


def domain(folder: Path, base: object) -> Path:
    (folder / "steady.toml").write_text(f"[model]\nbase = {json.dumps(str(base))}\n", encoding="utf-8")
    return folder


def test_a_machine_with_everything_is_ok(
    quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checks(capsys, domain(tmp_path, model_folder(tmp_path / "m")), 0)
    assert found["model"]["state"] == "ok"
    assert str(tmp_path / "m") in found["model"]["text"]
    assert found["gpu"]["state"] == "note"
    names = ["steadyhand", "python", "packages", "training", "torch", "gpu", "processor", "memory", "disk", "model"]
    assert list(found) == names
    assert main(["doctor", str(tmp_path)]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == names


def test_a_missing_model_exits_3_and_says_what_to_do(
    quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    row = checks(capsys, domain(tmp_path, tmp_path / "empty"), 3)["model"]
    assert row["state"] == "missing"
    assert row["next"]
    assert main(["doctor", str(tmp_path)]) == 3
    assert "next: " in capsys.readouterr().out


def test_a_hub_model_is_looked_up_without_the_network(
    quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = checks(capsys, domain(tmp_path, "nobody-we-know/no-such-model"), 0)["model"]
    assert row["state"] == "note"
    assert "not downloaded" in row["text"]
    assert checks(capsys, domain(tmp_path, "no/such/name"), 3)["model"]["state"] == "missing"


def test_a_missing_package_exits_3(
    quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.setattr(doctor, "CORE", ("click", "no-such-package-here"))
    row = checks(capsys, domain(tmp_path, model_folder(tmp_path / "m")), 3)["packages"]
    assert row["state"] == "missing"
    assert "no-such-package-here" in row["text"]
    assert "click" not in row["text"]


def test_a_torch_that_dies_does_not_take_the_doctor_with_it(
    quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = domain(tmp_path, model_folder(tmp_path / "m"))
    quick.setattr(doctor, "_TORCH_PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert "SIGILL" in checks(capsys, folder, 3)["torch"]["text"]
    quick.setattr(doctor, "_TORCH_PROBE", "raise ImportError('libfoo.so is missing')")
    assert "libfoo.so is missing" in checks(capsys, folder, 3)["torch"]["text"]
    quick.setattr(doctor, "_TORCH_PROBE", "pass")
    assert checks(capsys, folder, 3)["torch"]["state"] == "missing"


def test_a_wrong_steady_toml_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "steady.toml").write_text("[model]\nbsae = 1\n", encoding="utf-8")
    assert main(["doctor", str(tmp_path)]) == 2
    assert "steady.toml:2:1" in capsys.readouterr().err


def test_little_disk_is_noted(quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quick.setattr(doctor, "LITTLE_DISK_GB", 1e9)
    row = checks(capsys, domain(tmp_path, model_folder(tmp_path / "m")), 0)["disk"]
    assert row["state"] == "note"
    assert row["next"]


def test_the_real_torch_answers() -> None:
    asked = subprocess.run([sys.executable, "-c", doctor._TORCH_PROBE], capture_output=True, text=True, check=True)
    found = json.loads(asked.stdout)
    assert found["version"].startswith("2.")
    assert found["threads"] == 1


def test_training_that_is_not_installed_is_missing_for_a_domain_and_a_note_elsewhere(
    quick: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.setattr(doctor, "TRAIN", ("no-such-package-here",))
    row = checks(capsys, tmp_path, 0)["training"]
    assert (row["state"], row["next"]) == ("note", "pip install 'steadyhand[train]'")
    assert checks(capsys, domain(tmp_path, model_folder(tmp_path / "m")), 3)["training"]["state"] == "missing"
