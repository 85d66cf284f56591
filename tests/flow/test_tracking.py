"""Curves to a tracker: the real ones where they are installed, and what is said where one is not, or fails."""

from __future__ import annotations

import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast, get_args

import pytest

from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.flow import tracking
from steadyhand.flow.context import RunContext
from steadyhand.flow.tracking import OPEN, PACKAGES, told
from steadyhand.settings import Settings

POINTS = [(1, 10, {"loss": 0.5, "grad_norm": 2.0}), (2, 10, {"loss": 0.25, "grad_norm": 1.0})]


class Table(SimpleNamespace):
    """A context of a run in `root`, as far as trackers look at one."""

    def progress(self, done: int, total: int, label: str) -> None:
        self.shown.append((done, total, label))


def context_of(root: Path, track: str) -> RunContext:
    parts, store = SimpleNamespace(domain=SimpleNamespace(name="parcels")), SimpleNamespace(root=root)
    settings = Settings.model_validate({"track": track})
    made = Table(parts=parts, settings=settings, store=store, keys={"sft": "0123456789"}, shown=[])
    return cast(RunContext, made)


def train(context: RunContext) -> None:
    with told(context, "sft") as tell:
        for point in POINTS:
            tell(*point)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return tmp_path


def test_settings_and_trackers_are_the_same_names() -> None:
    names = set(get_args(Settings.model_fields["track"].annotation)) - {""}
    assert names == set(PACKAGES) == set(OPEN)


def test_without_a_tracker_the_watcher_alone_is_told(here: Path) -> None:
    context = context_of(here, "")
    train(context)
    assert cast(Any, context).shown == [(1, 10, "loss 0.500"), (2, 10, "loss 0.250")]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", PACKAGES)
def test_one_that_is_not_installed_is_named_before_the_training(
    name: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(module: str) -> ModuleType:
        raise ModuleNotFoundError(name=module.partition(".")[0])

    monkeypatch.setattr(tracking, "import_module", absent)
    with pytest.raises(PrerequisiteError) as failed:
        train(context_of(here, name))
    assert failed.value.next == f"pip install '{name}'"


def test_one_that_fails_says_how_to_go_on_without(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise RuntimeError("no login")

    monkeypatch.setattr(tracking, "import_module", lambda _: SimpleNamespace(init=refused))
    with pytest.raises(JobError, match="wandb fails: RuntimeError: no login") as failed:
        train(context_of(here, "wandb"))
    assert "--set track=''" in (failed.value.next or "")


@pytest.mark.parametrize("name", ["wandb", "swanlab", "trackio"])
def test_points_are_sent_under_the_stages_name_and_the_run_is_closed(
    name: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the interface that these three share; `pip install` brings the real ones, which a test below takes."""
    calls: list[tuple[object, ...]] = []

    def finish() -> None:
        sys.stdout.write("the tracker says something\n")
        calls.append(("finish",))

    module = SimpleNamespace(
        init=lambda **given: calls.append(("init", given["project"])),
        log=lambda figures, step: calls.append(("log", step, figures["sft/loss"])),
        finish=finish,
    )
    monkeypatch.setattr(tracking, "import_module", lambda _: module)
    train(context_of(here, name))
    assert calls == [("init", "parcels"), ("log", 1, 0.5), ("log", 2, 0.25), ("finish",)]
    out, err = capsys.readouterr()
    assert (out, err) == ("", "the tracker says something\n")


@pytest.mark.skipif(not find_spec("tensorboard"), reason="TensorBoard is not installed")
def test_tensorboard_gets_the_curve(here: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(context_of(here, "tensorboard"))
    (folder,) = (here / "tensorboard").iterdir()
    read = EventAccumulator(str(folder))
    read.Reload()
    tensors = read.Tensors("sft/loss")
    assert [(event.step, event.tensor_proto.float_val[0]) for event in tensors] == [(1, 0.5), (2, 0.25)]


@pytest.mark.skipif(not find_spec("mlflow"), reason="MLflow is not installed")
def test_mlflow_gets_the_curve(here: Path) -> None:
    train(context_of(here, "mlflow"))
    with sqlite3.connect(here / "mlflow.db") as rows:
        found = rows.execute("select key, step, value from metrics order by key, step").fetchall()
    assert found == [("sft/grad_norm", 1, 2.0), ("sft/grad_norm", 2, 1.0), ("sft/loss", 1, 0.5), ("sft/loss", 2, 0.25)]


@pytest.mark.skipif(not find_spec("trackio"), reason="trackio is not installed")
def test_trackio_gets_the_curve(here: Path) -> None:
    train(context_of(here, "trackio"))
    with sqlite3.connect(here / "trackio" / "parcels.db") as rows:
        found = rows.execute("select step, metrics from metrics order by step").fetchall()
    assert [step for step, _ in found] == [1, 2]
    first = found[0][1]
    assert "0.5" in (first.decode() if isinstance(first, bytes) else first)
