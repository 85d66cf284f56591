"""Curves to the tracker that a team has (`track`): one run of it for each training, a point a step.

Each tracker is the user's own package and keeps what it is told where it is set up to; here is what opens it, writes a
point and closes it. What it prints goes to stderr, where progress goes: stdout is for results.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from steadyhand.errors import JobError
from steadyhand.extras import not_installed
from steadyhand.flow.context import RunContext
from steadyhand.train.runner.result import TrainingProgress

Point = Callable[[Mapping[str, float], int], object]
Close = Callable[[], object]
PACKAGES = {"trackio": "trackio", "tensorboard": "tensorboard.summary", "wandb": "wandb", "mlflow": "mlflow",
            "swanlab": "swanlab"}  # fmt: skip


@contextmanager
def told(context: RunContext, stage: str) -> Iterator[TrainingProgress]:
    """Called after every step of the training of `stage`: it tells the watcher, and the tracker where one is named.
    Raises PrerequisiteError for a tracker that is not installed, JobError for one that fails."""
    name = context.settings.track
    point, close = _opened(name, context, stage) if name else (None, None)

    def tell(done: int, total: int, figures: Mapping[str, float]) -> None:
        context.progress(done, total, f"loss {figures['loss']:.3f}")
        if point:
            with _theirs(name):
                point({f"{stage}/{figure}": value for figure, value in figures.items()}, done)

    try:
        yield tell
    finally:
        if close:
            with _theirs(name):
                close()


def _opened(name: str, context: RunContext, stage: str) -> tuple[Point, Close]:
    try:
        module = import_module(PACKAGES[name])
    except ModuleNotFoundError as error:
        raise not_installed(error.name or name, f'`track = "{name}"`') from error
    project = context.parts.domain.name
    with _theirs(name):
        return OPEN[name](module, project, f"{project}-{stage}-{context.keys[stage][:8]}", context.store.root)


@contextmanager
def _theirs(name: str) -> Iterator[None]:
    """Around what a tracker does: its words go to stderr, its errors are one of ours."""
    try:
        with redirect_stdout(sys.stderr):
            yield
    except Exception as error:  # any kind: it is others' code, over a network perhaps
        after = "set the tracker up, or run without it: --set track=''; the training goes on where it was"
        raise JobError(f"{name} fails: {type(error).__name__}: {error}", next=after) from error


def _like_wandb(module: Any, project: str, run: str, _: Path) -> tuple[Point, Close]:
    """trackio has the interface of wandb."""
    module.init(project=project, name=run)
    return lambda figures, step: module.log(dict(figures), step=step), module.finish


def _swanlab(module: Any, project: str, run: str, _: Path) -> tuple[Point, Close]:
    module.init(project=project, experiment_name=run)
    return lambda figures, step: module.log(dict(figures), step=step), module.finish


def _mlflow(module: Any, project: str, run: str, _: Path) -> tuple[Point, Close]:
    module.set_experiment(project)
    module.start_run(run_name=run)
    return lambda figures, step: module.log_metrics(dict(figures), step=step), module.end_run


def _tensorboard(module: Any, _: str, run: str, root: Path) -> tuple[Point, Close]:
    """Into the run's own folder: `tensorboard --logdir runs/NAME/tensorboard`."""
    writer = module.Writer(os.fspath(root / "tensorboard" / run))

    def point(figures: Mapping[str, float], step: int) -> None:
        for figure, value in figures.items():
            writer.add_scalar(figure, value, step)

    return point, writer.close


OPEN: dict[str, Callable[[Any, str, str, Path], tuple[Point, Close]]] = {
    "trackio": _like_wandb,
    "wandb": _like_wandb,
    "swanlab": _swanlab,
    "mlflow": _mlflow,
    "tensorboard": _tensorboard,
}
