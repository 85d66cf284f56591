"""What smaller weights cost: every type is written, read back and asked what the whole model was asked.

Late on purpose: the merged model is measured as it would be served, after training and never instead of it. Answers of
a type are kept, so that a run that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from steadyhand.chat.messages import Json
from steadyhand.domain.model import Domain
from steadyhand.evaluate.compare import KNOWLEDGE, loss_check
from steadyhand.evaluate.run import evaluate
from steadyhand.evaluate.suites import Suite, item_set, targets
from steadyhand.export.gguf import Kind, refuse_unwritable, write_gguf
from steadyhand.flow.artifacts import read_evaluation, read_json, write_evaluation, write_json
from steadyhand.flow.domain_inputs import content_hash
from steadyhand.flow.engine import Watcher, carry_out
from steadyhand.flow.exporting import PARITY, WEIGHTS, ExportSource, source_of
from steadyhand.flow.plan import Work, plan
from steadyhand.flow.stages import sampling_of
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.result import RESULT_VERSION, Check, Evaluation
from steadyhand.ledger.store import Store
from steadyhand.models.backend import Backend
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.resolve import base_of
from steadyhand.settings import Settings
from steadyhand.settings.model import EvalSettings
from steadyhand.train.runner.merge import merge

VERSION = 1  # raise it when a type's file would hold other numbers
WHOLE, WRITTEN = "as it is", "gguf.json"
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
    watcher: Watcher,
) -> Costs:
    """Measures the run, model or adapter at `place` (see `flow.exporting`) as it is and in each of `kinds`.

    `keep` is a folder for answers; `margin` the tolerated loss, a share. Raises what `steady export` raises.
    """
    source = source_of(place)
    refuse_unwritable(base_of(source.folder) or source.folder)
    works = {name: _work(name, source, domain, settings) for name in (WHOLE, *kinds)}
    with TemporaryDirectory(prefix="steady-quantize-") as made, folder_lock(keep):
        store = Store(keep)
        store.gc()  # what a killed process was writing
        bench = _Bench(source, domain, settings, Path(made), watcher)
        steps = plan(list(works.values()), store)
        carry_out(list(works.values()), steps, bench.measure, store, watcher)
        folders = {name: store.artifact(work.key) for name, work in works.items()}
    whole = read_evaluation(folders.pop(WHOLE))
    return Costs(whole, tuple(_cost(cast("Kind", kind), folder, whole, margin) for kind, folder in folders.items()))


def _work(name: str, source: ExportSource, domain: Domain, settings: Settings) -> Work:
    depends: dict[str, Json] = {
        "the model": fingerprint(source.folder),
        "the questions": item_set(targets(domain, _ASKED)),
        "setting eval": _eval_of(settings).model_dump(mode="json"),
        "setting sampling": asdict(sampling_of(settings)),
        "setting model.dtype": settings.model.dtype,
        "setting seed": settings.seed,
        "this program's version": [VERSION, RESULT_VERSION],
    }
    hashes = {what: content_hash(value) for what, value in depends.items()}
    return Work(name, key_of("quantize", VERSION, {"type": name}, hashes), depends)


def _eval_of(settings: Settings) -> EvalSettings:
    return settings.eval.model_copy(update={"determinism_items": 0})  # a type is asked everything once


def _cost(kind: Kind, folder: Path, whole: Evaluation, margin: float) -> Cost:
    own, written = read_evaluation(folder), read_json(folder / WRITTEN)
    task = loss_check(whole, own, CALLS, margin) or loss_check(whole, own, SCENARIOS, margin, "scenarios")
    asked = (task, loss_check(whole, own, KNOWLEDGE, margin, "facts"))
    return Cost(kind, written["bytes"], written["error"], own, tuple(check for check in asked if check))


@dataclass(frozen=True)
class _Bench:
    source: ExportSource
    domain: Domain
    settings: Settings
    folder: Path
    watcher: Watcher

    @cached_property
    def merged(self) -> Path:
        """The whole model, which every type is made of."""
        merge(self.source.folder, self.folder / WEIGHTS, PARITY)
        return self.folder / WEIGHTS

    def measure(self, name: str, out: Path) -> None:
        from steadyhand.models.generation.gguf import load_gguf
        from steadyhand.models.loading.load import load

        dtype = self.settings.model.dtype
        if name == WHOLE:
            write_evaluation(out, self._asked(load(self.merged, dtype=dtype), name))
            return
        file = self.folder / f"{name}.gguf"
        report = write_gguf(self.merged, file, cast("Kind", name), name=self.source.name)
        write_json(out / WRITTEN, {"bytes": report.bytes, "error": report.error})
        write_evaluation(out, self._asked(load_gguf(file, self.merged, dtype=dtype), name))
        file.unlink()

    def _asked(self, backend: Backend, name: str) -> Evaluation:
        return evaluate(
            backend, self.domain, model=name, sampling=sampling_of(self.settings), settings=_eval_of(self.settings),
            suites=_ASKED, seed=self.settings.seed, progress=self.watcher.progress,
        )  # fmt: skip
