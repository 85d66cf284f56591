"""A cell of an experiment: the base, or the base trained on a few rows, and what it answers to a list of questions.

Cells are content-addressed, so an experiment that was killed goes on at the cell, and the training step, where it was,
and a wider one reuses what it shares with a narrower one. Knows rows and prompts; judges no answer. Only answers are
kept: weights of a cell are gone once it is done, unless it takes a `share` of a training that later cells go on with.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.domain.rows import Row
from steadyhand.flow.artifacts import read_json, write_json
from steadyhand.flow.context import Planned, Watcher
from steadyhand.flow.domain_inputs import content_hash
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.flow.plan import SEEN, UNCHANGED, note, read_object, why
from steadyhand.flow.stages import sampling_of
from steadyhand.flow.training_preview import ALONE
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.store import Store
from steadyhand.models.backend import Completion, Prompt
from steadyhand.settings import Settings, filled
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.result import RECORD, Progress

VERSION = 1  # raise it when a cell would answer otherwise for the same rows, questions and settings
ANSWERS = "answers.json"


@dataclass(frozen=True)
class Cell:
    """`rows` empty: the base as it is. Questions are (id, prompt), each id once. With a `share` the model is the one
    after that share of the training's steps; cells of equal rows, seed and settings share one training, which goes on
    from one to the next and stays until `forget`. `scored`: groups of rows, of each of which the loss is taken."""

    name: str
    rows: tuple[Row, ...]
    questions: tuple[tuple[str, Prompt], ...]
    seed: int
    share: float | None = None
    scored: tuple[tuple[Row, ...], ...] = ()


@dataclass(frozen=True)
class Answered:
    """What a cell answered, by question, its loss on each group of rows (nats per token), and how its training went:
    `done` of `steps` (none: the base), and the `seconds` of all this."""

    answers: Mapping[str, Completion]
    steps: int
    cut_prompts: int
    seconds: float
    done: int = 0
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Bench:
    """Where cells are carried out: the base's folder with its fingerprint, the settings, and where answers go."""

    base: Path
    fingerprint: str
    settings: Settings
    out: Path


def bench_of(settings: Settings, out: Path, folder: Path | None = None) -> Bench:
    """`folder` is the domain's, where the settings' chat template lies. Raises PrerequisiteError when the base model
    cannot be found or is none."""
    from steadyhand.models.loading.fingerprint import fingerprint
    from steadyhand.models.loading.overlay import overlaid

    given = settings.model
    base = overlaid(given.base, given.chat_template, given.format, given.thinking, folder)
    return Bench(base, fingerprint(base), settings, out)


def planned(cells: Sequence[Cell], bench: Bench) -> list[Planned]:
    """What would be carried out, and why; writes nothing."""
    store = Store(bench.out) if (bench.out / SEEN).is_file() else None  # a store makes its folders
    seen = read_object(bench.out / SEEN)
    steps = []
    for cell in cells:
        now = depends_on(cell, bench)
        key = _key("cell", now)
        if store and store.done(key):
            steps.append(Planned(cell.name, key, "done", UNCHANGED))
        else:
            wrong = store.damage(key) if store and store.begun(key) else []
            reason = f"its answers are not what they were: {wrong[0]}" if wrong else why(now, seen.get(cell.name))
            steps.append(Planned(cell.name, key, "run", reason))
    return steps


def _key(kind: str, depends: Mapping[str, Json]) -> str:
    return key_of(kind, VERSION, {}, {name: content_hash(value) for name, value in depends.items()})


def depends_on(cell: Cell, bench: Bench) -> dict[str, Json]:
    """Everything that a cell's answers depend on, as a person calls it."""
    now: dict[str, Json] = {
        "the base model": bench.fingerprint,
        "the questions": content_hash([[id, prompt] for id, prompt in cell.questions]),
        "setting sampling": asdict(sampling_of(bench.settings)),
        "setting model.dtype": bench.settings.model.dtype,
        "this program's version": VERSION,
    }
    if cell.rows:
        now |= _training(cell, bench)
    if cell.share is not None:
        now["the share of the steps"] = cell.share
    if cell.scored:
        now["the rows whose loss is taken"] = content_hash([list(rows) for rows in cell.scored])
    return now


def _training(cell: Cell, bench: Bench) -> dict[str, Json]:
    lasting = _config(cell, bench).but(save_steps=0, log_steps=1)  # neither changes the result
    return {"the rows that are trained": content_hash(list(cell.rows)), "setting sft": lasting.model_dump(mode="json")}


def training_key(cell: Cell, bench: Bench) -> str:
    """Equal for cells that share one training, whatever they ask of it."""
    return _key("training", {"the base model": bench.fingerprint} | _training(cell, bench))


def forget(trainings: Sequence[str], store: Store) -> None:
    """Removes the weights that trainings with these keys left for later cells."""
    for key in trainings:
        shutil.rmtree(store.work(key), ignore_errors=True)


def carry_out(cells: Sequence[Cell], bench: Bench, watcher: Watcher) -> dict[str, Answered]:
    """Every cell's answers by its name; cells that are done are read. Raises JobError while another process is at work
    in the same folder, and what trainings raise."""
    with folder_lock(bench.out):
        store = Store(bench.out)
        store.gc()  # what a killed process was writing
        steps = planned(cells, bench)
        for position, (cell, step) in enumerate(zip(cells, steps, strict=True), 1):
            watcher.stage(step, position, len(steps))
            if step.state == "run":
                settle(cell, step.key, bench, store, watcher)
        return {cell.name: read_answers(store, step.key) for cell, step in zip(cells, steps, strict=True)}


def settle(cell: Cell, key: str, bench: Bench, store: Store, watcher: Watcher) -> None:
    """Carries one cell out, whose folder is locked, and notes why it would run again. Raises what trainings raise."""
    note(bench.out, cell.name, depends_on(cell, bench))
    perform(cell, key, bench, store, watcher)


def perform(cell: Cell, key: str, bench: Bench, store: Store, watcher: Watcher) -> None:
    """Carries one cell out; several processes may, each another cell."""
    began = time.monotonic()
    with store.writing(key) as out:
        work = store.work(key if cell.share is None else training_key(cell, bench))
        folder = _trained(cell, bench, work / "trained", watcher) if cell.rows else bench.base
        answers = _ask(cell, folder, bench, watcher) if cell.questions else []
        losses = _losses(cell, folder, bench)
        record = read_object(folder / RECORD) if cell.rows else {}
        facts = {name: record.get(name, 0) for name in ("steps", "done", "cut_prompts")}
        rows = [{"id": id, **asdict(one)} for (id, _), one in zip(cell.questions, answers, strict=True)]
        write_json(out / ANSWERS, facts | {"seconds": time.monotonic() - began, "losses": losses, "answers": rows})


def _trained(cell: Cell, bench: Bench, folder: Path, watcher: Watcher) -> Path:
    """The trained model; a training that ended before its answers were in is not done again."""
    from steadyhand.train.objectives.sft import steps_of, train_sft

    share = 1.0 if cell.share is None else cell.share
    record = read_object(folder / RECORD)
    if not record or record["done"] != steps_of(share, record["steps"]):
        with first_interrupt() as stop:
            train_sft(bench.base, cell.rows, _config(cell, bench), folder, _figures(watcher), stop=stop, share=share)
    return folder


def _ask(cell: Cell, folder: Path, bench: Bench, watcher: Watcher) -> list[Completion]:
    from steadyhand.models.loading.load import load

    given = bench.settings
    return load(folder, dtype=given.model.dtype).generate(
        [prompt for _, prompt in cell.questions],
        sampling_of(given),
        batch_size=given.eval.batch_size,
        progress=lambda done, total: watcher.progress(done, total, "questions"),
    )


def _losses(cell: Cell, folder: Path, bench: Bench) -> list[float]:
    if not cell.scored:
        return []
    from steadyhand.train.monitoring.eval_loss import held_out_loss

    return [held_out_loss(folder, rows, _config(cell, bench)) for rows in cell.scored]


def _config(cell: Cell, bench: Bench) -> SftConfig:
    return filled(bench.settings.sft, bench.settings, seed=cell.seed, **ALONE)


def _figures(watcher: Watcher) -> Progress:
    def tell(done: int, total: int, figures: Mapping[str, float]) -> None:
        watcher.progress(done, total, f"loss {figures['loss']:.3f}")

    return tell


def read_answers(store: Store, key: str) -> Answered:
    """What a cell that is done answered."""
    row = read_json(store.artefact(key) / ANSWERS)
    answers = {one.pop("id"): Completion(**one) for one in row["answers"]}
    done, losses = row.get("done", row["steps"]), tuple(row.get("losses", ()))
    return Answered(answers, row["steps"], row["cut_prompts"], row["seconds"], done, losses)
