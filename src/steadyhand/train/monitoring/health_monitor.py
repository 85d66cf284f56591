"""Watches a training under way: asks the model at fixed steps and at every alarm, and stops it when it is damaged.

An alarm is a loss or gradient far above what the last steps showed. It stops nothing by itself, it only has the model
asked at once; a loss or gradient that is no number stops at once. Damage at the height of the rate may pass by itself,
so it must be found again some steps later before it stops anything. Imports torch only when it asks.
"""

from __future__ import annotations

import json
import shutil
import statistics
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, UsageError
from steadyhand.models.backend import Completion, Sampling
from steadyhand.settings.model import WatchSettings
from steadyhand.train.monitoring.health_test import Checkup, Counts, HealthQuestion, check, count
from steadyhand.train.runner import checkpoints
from steadyhand.train.runner.result import publish

CHECKS = 8  # in a training, when the settings do not say how far apart
HEALTH = "health.json"
WINDOW, FEWEST = 32, 8  # steps that a spike is compared with, at most and at least
SPIKE = 6.0  # times the spread (median absolute deviation, scaled to a standard deviation) above the median
FLOOR = 0.15  # least spread, as a share of the median: batches of a smooth training differ by this much


class Alarm:
    """Says whether a figure is far above its last values. One per figure."""

    def __init__(self) -> None:
        self.last: deque[float] = deque(maxlen=WINDOW)

    def __call__(self, value: float) -> bool:
        before = list(self.last)
        self.last.append(value)
        if len(before) < FEWEST:
            return False
        middle = statistics.median(before)
        spread = 1.4826 * statistics.median(abs(loss - middle) for loss in before)
        return value > middle + SPIKE * max(spread, FLOOR * abs(middle))


class HealthMonitor:
    """One training's watch. `reference` is how often a healthy model fails by each sign; None: measure the model as
    it stands before its first step (`begin`)."""

    def __init__(
        self,
        questions: Sequence[HealthQuestion],
        config: WatchSettings | None = None,
        reference: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        if not questions:
            raise UsageError("the health watch has no questions", next="add probes, or set watch.enabled = false")
        self.questions, self.config = list(questions), config or WatchSettings()
        self.reference: Counts | None = {k: (a, b) for k, (a, b) in reference.items()} if reference else None
        self.history: list[dict[str, Json]] = []
        self._alarms = {"loss": Alarm(), "grad_norm": Alarm()}
        self.total, self._every, self._asked_at = 0, 1, 0

    def begin(self, model: Any, tokenizer: Any, total: int) -> None:
        """Before the first step of `total`: binds the model, and takes its failures as reference when none is given."""
        self._model, self._tokenizer, self.total = model, tokenizer, total
        self._every = self.config.steps or max(1, -(-total // CHECKS))
        if self.reference is None:
            self.reference = count(self.questions, self._ask)

    def watch(self, model: Any) -> None:
        """From now on `model` is asked: an adapter may begin elsewhere than the model that it is compared with."""
        self._model = model

    def refuse_damaged(self) -> None:
        """Raises JobError when the model as it stands is damaged already, measured against the reference."""
        checkup = self._checkup(0)
        if checkup.word == "damaged":
            raise JobError(
                f"the model is damaged before this training: {'; '.join(checkup.evidence)}",
                next="preference training repairs nothing: teach again with a lower rate or better data; "
                "dpo.accept_damaged = true trains it all the same and is written into the manifest",
            )

    def due(self, step: int, figures: Mapping[str, float]) -> str | None:
        """Why the model is to be asked after `step`, or None. An alarm waits until a quarter of the usual distance
        has passed since the last check, so that a noisy training does not spend its time answering."""
        rung = [name for name, alarm in self._alarms.items() if name in figures and alarm(figures[name])]
        if self.damaged_since and step == self.damaged_since + self.config.patience:
            return f"damaged since step {self.damaged_since}"
        if step % self._every == 0 or step == self.total:
            return "planned"
        if rung and step - self._asked_at >= max(1, self._every // 4):
            return f"{rung[0]} jumped to {figures[rung[0]]:.3g}"
        return None

    def examine(self, step: int, why: str, work: Path) -> Checkup:
        """Asks the model and keeps the answer in `work`. Raises nothing: what follows from it is the caller's."""
        self._asked_at = step
        checkup = self._checkup(step)
        self.history = [*self.history, {"step": step, "why": why, **asdict(checkup)}]
        (work / HEALTH).write_text(json.dumps(self.history, ensure_ascii=False), "utf-8")
        return checkup

    def recall(self, step: int, work: Path) -> None:
        """Takes up the watch of a training that goes on after `step`: what was seen until then."""
        path = work / HEALTH
        before = json.loads(path.read_text("utf-8")) if path.is_file() else []
        self.history = [row for row in before if row["step"] <= step]

    @property
    def damaged_since(self) -> int:
        """The first step of which a check found damage with no check since that found health; 0: there is none."""
        since = 0
        for row in self.history:
            if row["word"] == "healthy":
                since = 0
            elif row["word"] == "damaged":
                since = since or int(str(row["step"]))
        return since

    def lasts(self, step: int) -> bool:
        """Whether damage found at `step` is there to stay: `patience` steps old, or nothing is left to undo it."""
        return bool(self.damaged_since) and (step - self.damaged_since >= self.config.patience or step == self.total)

    def record(self) -> dict[str, Json]:
        """What the manifest says of the watch."""
        return {"reference": self.reference, "checks": self.history, "config": self.config.model_dump(mode="json")}

    def _checkup(self, step: int) -> Checkup:
        assert self.reference is not None, "begin first"
        planned = -(-self.total // self._every)
        return check(self.questions, self._ask, self.reference, self.config, 2 * planned)  # half for alarms

    def _ask(self, questions: Sequence[HealthQuestion]) -> Sequence[Completion]:
        """Greedy answers of the model as it stands; its training mode is restored."""
        from steadyhand.models.generation.local import LocalModel

        training = self._model.training
        self._model.eval()
        try:
            asked = LocalModel(self._model, self._tokenizer, Path())
            prompts = [question.prompt for question in questions]
            return asked.generate(prompts, Sampling(max_tokens=self.config.max_tokens))
        finally:
            self._model.train(training)


def stop_damaged(checkup: Checkup, since: int, step: int, work: Path, source: Path) -> JobError:
    """The error that ends a training damaged `since` a step. The last healthy checkpoint of `work` stays as a model
    folder beside it; checkpoints after it are removed, so that nothing resumes them."""
    from steadyhand.train.runner.model import copy_tokenizer

    healthy = checkpoints.back_to_healthy(work)
    folder_of_healthy = work.with_name(work.name.removesuffix(".work") + ".healthy")
    still = f", and at step {step} still" if step > since else ""
    what = f"training has damaged the model by step {since}{still}: {'; '.join(checkup.evidence)}"
    after = "lower the learning rate or look at the data (`steady check`, `steady train --inspect`)"
    if healthy is None:
        return JobError(what, next=f"{after}; no healthy step was kept, so go on with the model that it started from")

    def write(folder: Path) -> None:
        for path in healthy.iterdir():
            if path.suffix == ".safetensors" or path.name in ("config.json", "adapter_config.json"):
                shutil.copyfile(path, folder / path.name)
        copy_tokenizer(source, folder)

    publish(folder_of_healthy, write)
    at = healthy.name.removeprefix("checkpoint-")
    return JobError(
        what, where=str(folder_of_healthy), next=f"{after}; the model of step {at}, the last healthy one, is kept there"
    )
