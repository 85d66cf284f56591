"""What smaller weights cost: every type is written, read back and asked what the whole model was asked.

Late on purpose: the merged model is measured as it would be served, after training and never instead of it. Answers of
a type are kept, so that a run that was killed goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from steadyhand.domain.model import Domain
from steadyhand.evaluate.compare import KNOWLEDGE, loss_check
from steadyhand.evaluate.run import evaluate
from steadyhand.evaluate.suites import Suite, digest, item_set, targets
from steadyhand.export.gguf import GgufReport, Kind, refuse_unwritable, write_gguf
from steadyhand.flow.exporting import PARITY, WEIGHTS, source_of
from steadyhand.flow.stages import sampling_of
from steadyhand.ledger.result import RESULT_VERSION, Check, Evaluation
from steadyhand.models.backend import Backend, Progress
from steadyhand.settings import Settings
from steadyhand.settings.model import EvalSettings
from steadyhand.train.runner.merge import merge

CALLS, SCENARIOS = "tool_call_accuracy", "scenario_pass"
_ASKED: tuple[Suite, ...] = ("tool", "public")


@dataclass(frozen=True)
class Cost:
    """What one type costs: the file, its answers, and what it loses of calls and of public facts (if asked)."""

    kind: Kind
    bytes: int
    error: float
    evaluation: Evaluation
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.verdict == "PASS" for check in self.checks)


@dataclass(frozen=True)
class Costs:
    """`whole` is the model as it is. `best`: the smallest type that passes, None when none does."""

    whole: Evaluation
    types: tuple[Cost, ...]

    @property
    def best(self) -> Cost | None:
        return min((cost for cost in self.types if cost.passed), key=lambda cost: cost.bytes, default=None)


def quantize(
    place: str,
    domain: Domain,
    kinds: Sequence[Kind],
    settings: Settings,
    *,
    keep: Path,
    margin: float,
    progress: Progress,
) -> Costs:
    """Measures the run, model or adapter at `place` (see `flow.exporting`) as it is and in each of `kinds`.

    `keep` is a folder for answers; `margin` the tolerated loss, a share. Raises what `steady export` raises.
    """
    from steadyhand.models.generation.gguf import load_gguf
    from steadyhand.models.loading.load import load

    source = source_of(place)
    desk = _Desk(domain, settings, keep, 1 + len(kinds), progress)
    with TemporaryDirectory(prefix="steady-quantize-") as made:
        folder = Path(made) / WEIGHTS
        merge(source.folder, folder, PARITY)
        refuse_unwritable(folder)
        whole = desk.measured(load(folder, dtype=settings.model.dtype), "as it is")
        types = []
        for kind in kinds:
            report = write_gguf(folder, Path(made) / f"{kind}.gguf", kind, name=source.name)
            own = desk.measured(load_gguf(report.path, folder, dtype=settings.model.dtype), kind)
            report.path.unlink()
            types.append(_cost(report, whole, own, margin))
    return Costs(whole, tuple(types))


def _cost(report: GgufReport, whole: Evaluation, own: Evaluation, margin: float) -> Cost:
    task = loss_check(whole, own, CALLS, margin) or loss_check(whole, own, SCENARIOS, margin, "scenarios")
    asked = (task, loss_check(whole, own, KNOWLEDGE, margin, "facts"))
    return Cost(report.kind, report.bytes, report.error, own, tuple(check for check in asked if check))


@dataclass
class _Desk:
    domain: Domain
    settings: Settings
    keep: Path
    models: int
    progress: Progress
    done: int = 0  # models

    @property
    def _eval(self) -> EvalSettings:
        return self.settings.eval.model_copy(update={"determinism_items": 0})  # a type is asked everything once

    def measured(self, backend: Backend, name: str) -> Evaluation:
        """The model's answers, from the kept ones when the same model was asked the same before."""
        path = self.keep / f"{self._key(backend)}.json"
        if path.is_file():
            found = Evaluation.from_json(json.loads(path.read_text("utf-8")))
        else:
            found = self._asked(backend, name)
            part = path.with_suffix(".part")
            self.keep.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(found.to_json(), ensure_ascii=False), "utf-8")
            part.replace(path)
        self.done += 1
        return found

    def _asked(self, backend: Backend, name: str) -> Evaluation:
        return evaluate(
            backend, self.domain, model=name, sampling=sampling_of(self.settings), settings=self._eval,
            suites=_ASKED, seed=self.settings.seed,
            progress=lambda done, total, _: self.progress(self.done * total + done, self.models * total),
        )  # fmt: skip

    def _key(self, backend: Backend) -> str:
        asked, sampling = item_set(targets(self.domain, _ASKED)), asdict(sampling_of(self.settings))
        given = [asked, sampling, self._eval.model_dump(), self.settings.seed]
        return digest([RESULT_VERSION, backend.fingerprint, *given])[:24]
