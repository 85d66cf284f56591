"""What is handed to others: the wheel in an environment of its own, and what stands in the archives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

import steadyhand
from tests.docs.blocks import assert_readable
from tests.test_house import ROOT

SECONDS = 900


def run(words: Sequence[str | Path], folder: Path, code: int = 0) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "OMP_NUM_THREADS": "1"
    }
    done = subprocess.run([*map(str, words)], cwd=folder, capture_output=True, text=True, timeout=SECONDS, env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def install(python: Path, words: Sequence[str | Path], folder: Path) -> None:
    """Skips where no index can be reached; any other failure is one."""
    command = [str(python), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"), *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode and re.search(r"No matching distribution|ConnectionError|Could not find a version", done.stderr):
        pytest.skip(f"no package index here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has hatchling and nothing else."""
    folder = tmp_path_factory.mktemp("builder")
    venv.create(folder, with_pip=True)
    install(folder / "bin" / "python", ["hatchling"], folder)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def dist(builder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sdist and wheel, as `make dist` makes them."""
    folder = tmp_path_factory.mktemp("dist")
    run([builder, "-m", "hatchling", "build", "--directory", folder], ROOT)
    return folder


@pytest.mark.slow
def test_the_archives_hold_what_they_should(dist: Path) -> None:
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    assert wheel.name == f"steadyhand-{steadyhand.__version__}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert {"steadyhand/py.typed", "steadyhand/domain/starter/knowledge/rivet.yaml"} <= set(names)
    assert any(name.startswith("steadyhand/models/nano/") and name.endswith(".safetensors") for name in names)
    assert {name.split("/")[0] for name in names} == {"steadyhand", f"steadyhand-{steadyhand.__version__}.dist-info"}
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "CHANGELOG.md", "docs/index.md", "tests/test_package.py"} <= inside
    assert [name for name in inside if name.startswith((".ci", "runs/", ".venv"))] == []


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_of_its_own(dist: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", with_pip=True)
    python, steady = tmp_path / "fresh" / "bin" / "python", tmp_path / "fresh" / "bin" / "steady"
    install(python, [*dist.glob("*.whl")], tmp_path)
    assert f"steady {steadyhand.__version__} " in run([steady, "--version"], tmp_path)
    assert "not installed: train" in run([steady, "--version"], tmp_path)
    run([steady, "init", "parcels"], tmp_path)
    told = run([steady, "check", "parcels", "--report", "check.html"], tmp_path)
    assert "0 errors, 0 warnings" in told
    assert "D106" in (tmp_path / "check.html").read_text("utf-8")
    assert "训练" in (tmp_path / "check.zh.html").read_text("utf-8")
    run([steady, "run", "parcels"], tmp_path, code=3)  # torch comes with the extra
    # what the extra brings is lent from here, behind the wheel's own
    (site,) = (tmp_path / "fresh").glob("lib/python*/site-packages")
    import torch

    (site / "lent.pth").write_text(f"{Path(torch.__file__).parents[1]}\n", "utf-8")
    where = run([python, "-c", "import steadyhand; print(steadyhand.__file__)"], tmp_path)
    assert str(tmp_path / "fresh") in where
    run([steady, "run", "parcels"], tmp_path, code=1)
    page = (tmp_path / "runs" / "parcels" / "report" / "report.html").read_text("utf-8")
    assert "FAIL" in page
    assert "</html>" in page


@pytest.mark.slow
def test_the_files_that_a_container_gets_are_enough_to_build_of(builder: Path, dist: Path, tmp_path: Path) -> None:
    """What .dockerignore lets through; that the image builds is shown where there is docker."""
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()[1:]:
        source = ROOT / line.removeprefix("!")
        copied = shutil.copytree if source.is_dir() else shutil.copy
        copied(source, tmp_path / source.name)
    run([builder, "-m", "hatchling", "build", "-t", "wheel", "--directory", tmp_path / "out"], tmp_path)
    (made,), (wheel,) = (tmp_path / "out").glob("*.whl"), dist.glob("*.whl")
    assert sorted(zipfile.ZipFile(made).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_the_container_starts_what_the_command_line_takes() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    words = json.loads(text.rpartition("ENTRYPOINT ")[2])
    assert_readable(" ".join([*words, "--model", "/model"]), "Dockerfile")
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for word in line.split()}
    kept = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()[1:]}
    assert copied == kept


def test_everything_names_the_same_version() -> None:
    version = steadyhand.__version__
    assert re.search(rf"^## {re.escape(version)}$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == version


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.stem)
def test_the_forms_and_workflows_are_yaml_of_the_right_shape(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    if path.parent.name == "workflows":
        assert all(job["steps"] and job["timeout-minutes"] for job in document["jobs"].values())
        assert document["permissions"] == {"contents": "read"}
    elif path.stem != "config":
        assert {field["type"] for field in document["body"]} <= {"markdown", "textarea", "input", "dropdown"}
        assert any(field.get("validations", {}).get("required") for field in document["body"])


def test_the_extras_of_the_package_are_those_that_errors_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    from steadyhand.extras import EXTRA_OF

    assert set(EXTRA_OF.values()) <= set(project["optional-dependencies"])
    assert sys.version_info[:2] >= tuple(map(int, re.findall(r"\d+", project["requires-python"])))
