"""A trial of an experiment: the base, or the base trained on a few rows, and what it answers to a list of questions.

Trials are work of the engine's, so an experiment that was killed goes on at the trial, and the training step, where it
was, and a wider one reuses what it shares with a narrower one. Knows rows and prompts; judges no answer. Only answers
are kept: weights of a trial are gone once it is done, unless it takes a `share` of a training that later ones go on
with.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.domain.rows import Row
from steadyhand.flow.artifacts import read_json, read_object, write_json
from steadyhand.flow.domain_inputs import content_hash
from steadyhand.flow.engine import Watcher, carry_out, make, seconds_of
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.flow.plan import Planned, Work, plan, remember, store_in
from steadyhand.flow.stages import sampling_of
from steadyhand.flow.training_preview import ALONE
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.store import Store
from steadyhand.models.backend import Completion, Prompt
from steadyhand.settings import Settings, filled
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.result import RECORD, TrainingProgress

VERSION = 2  # raise it when a trial would answer otherwise for the same rows, questions and settings
ANSWERS = "answers.json"


@dataclass(frozen=True)
class Trial:
    """`rows` empty: the base as it is. Questions are (id, prompt), each id once. With a `share` the model is the one
    after that share of the training's steps; trials of equal rows, seed and settings share one training, which goes on
    from one to the next and stays until `forget`. `scored`: groups of rows, of each of which the loss is taken."""

    name: str
    rows: tuple[Row, ...]
    questions: tuple[tuple[str, Prompt], ...]
    seed: int
    share: float | None = None
    scored: tuple[tuple[Row, ...], ...] = ()


@dataclass(frozen=True)
class Answered:
    """What a trial answered, by question, its loss on each group of rows (nats per token), and how its training went:
    `done` of `steps` (none: the base), and the `seconds` of all this."""

    answers: Mapping[str, Completion]
    steps: int
    cut_prompts: int
    seconds: float
    done: int = 0
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class TrialEnv:
    """Where trials are carried out: the base's folder with its fingerprint, the settings, and where answers go."""

    base: Path
    fingerprint: str
    settings: Settings
    out: Path


def env_of(settings: Settings, out: Path, folder: Path | None = None) -> TrialEnv:
    """`folder` is the domain's, where the settings' chat template lies. Raises PrerequisiteError when the base model
    cannot be found or is none."""
    from steadyhand.models.loading.fingerprint import fingerprint
    from steadyhand.models.loading.overlay import overlaid

    given = settings.model
    base = overlaid(given.base, given.chat_template, given.format, given.thinking, folder)
    return TrialEnv(base, fingerprint(base), settings, out)


def plan_trials(trials: Sequence[Trial], env: TrialEnv) -> list[Planned]:
    """What would be carried out, and why; writes nothing."""
    return plan([work_of(trial, env) for trial in trials], store_in(env.out))


def run_trials(trials: Sequence[Trial], env: TrialEnv, watcher: Watcher) -> dict[str, Answered]:
    """Every trial's answers by its name; trials that are done are read. Raises JobError while another process is at
    work in the same folder, and what trainings raise."""
    by_name, works = {trial.name: trial for trial in trials}, [work_of(trial, env) for trial in trials]
    with folder_lock(env.out):
        store = Store(env.out)
        store.gc()  # what a killed process was writing
        carry_out(works, plan(works, store), partial(_fill, by_name, env, store, watcher), store, watcher)
        return {work.name: read_answers(store, work.key) for work in works}


def run_alone(trial: Trial, env: TrialEnv, store: Store, watcher: Watcher) -> None:
    """Carries one trial out, whose folder is locked, and notes why it would run again. Raises what trainings raise."""
    remember(work_of(trial, env), env.out)
    run_trial(trial, env, store, watcher)


def run_trial(trial: Trial, env: TrialEnv, store: Store, watcher: Watcher) -> None:
    """Carries one trial out; several processes may, each another. Raises what trainings raise."""
    make(work_of(trial, env), partial(_fill, {trial.name: trial}, env, store, watcher), store)


def work_of(trial: Trial, env: TrialEnv) -> Work:
    depends = _depends_on(trial, env)
    return Work(trial.name, _key("trial", depends), depends)


def _key(kind: str, depends: Mapping[str, Json]) -> str:
    return key_of(kind, VERSION, {}, {name: content_hash(value) for name, value in depends.items()})


def _depends_on(trial: Trial, env: TrialEnv) -> dict[str, Json]:
    """Everything that a trial's answers depend on, as a person calls it."""
    now: dict[str, Json] = {
        "the base model": env.fingerprint,
        "the questions": content_hash([[id, prompt] for id, prompt in trial.questions]),
        "setting sampling": asdict(sampling_of(env.settings)),
        "setting model.dtype": env.settings.model.dtype,
        "this program's version": VERSION,
    }
    if trial.rows:
        now |= _training(trial, env)
    if trial.share is not None:
        now["the share of the steps"] = trial.share
    if trial.scored:
        now["the rows whose loss is taken"] = content_hash([list(rows) for rows in trial.scored])
    return now


def _training(trial: Trial, env: TrialEnv) -> dict[str, Json]:
    lasting = _config(trial, env).but(save_steps=0, log_steps=1)  # neither changes the result
    return {"the rows that are trained": content_hash(list(trial.rows)), "setting sft": lasting.model_dump(mode="json")}


def training_key(trial: Trial, env: TrialEnv) -> str:
    """Equal for trials that share one training, whatever they ask of it."""
    return _key("training", {"the base model": env.fingerprint} | _training(trial, env))


def forget(trainings: Sequence[str], store: Store) -> None:
    """Removes the weights that trainings with these keys left for later trials."""
    for key in trainings:
        shutil.rmtree(store.work(key), ignore_errors=True)


def _fill(trials: Mapping[str, Trial], env: TrialEnv, store: Store, watcher: Watcher, name: str, out: Path) -> None:
    trial = trials[name]
    key = work_of(trial, env).key if trial.share is None else training_key(trial, env)
    folder = _trained(trial, env, store.work(key) / "trained", watcher) if trial.rows else env.base
    answers = _ask(trial, folder, env, watcher) if trial.questions else []
    record = read_object(folder / RECORD) if trial.rows else {}
    facts: dict[str, Json] = {name: record.get(name, 0) for name in ("steps", "done", "cut_prompts")}
    rows = [{"id": id, **asdict(answer)} for (id, _), answer in zip(trial.questions, answers, strict=True)]
    write_json(out / ANSWERS, facts | {"losses": _losses(trial, folder, env), "answers": rows})


def _trained(trial: Trial, env: TrialEnv, folder: Path, watcher: Watcher) -> Path:
    """The trained model; a training that ended before its answers were in is not done again."""
    from steadyhand.train.objectives.sft import steps_of, train_sft

    share = 1.0 if trial.share is None else trial.share
    record = read_object(folder / RECORD)
    if not record or record["done"] != steps_of(share, record["steps"]):
        with first_interrupt() as stop:
            train_sft(env.base, trial.rows, _config(trial, env), folder, _figures(watcher), stop=stop, share=share)
    return folder


def _ask(trial: Trial, folder: Path, env: TrialEnv, watcher: Watcher) -> list[Completion]:
    from steadyhand.models.loading.load import load

    given = env.settings
    return load(folder, dtype=given.model.dtype).generate(
        [prompt for _, prompt in trial.questions],
        sampling_of(given),
        batch_size=given.eval.batch_size,
        progress=lambda done, total: watcher.progress(done, total, "questions"),
    )


def _losses(trial: Trial, folder: Path, env: TrialEnv) -> list[float]:
    if not trial.scored:
        return []
    from steadyhand.train.monitoring.eval_loss import held_out_loss

    return [held_out_loss(folder, rows, _config(trial, env)) for rows in trial.scored]


def _config(trial: Trial, env: TrialEnv) -> SftConfig:
    return filled(env.settings.sft, env.settings, seed=trial.seed, **ALONE)


def _figures(watcher: Watcher) -> TrainingProgress:
    def tell(done: int, total: int, figures: Mapping[str, float]) -> None:
        watcher.progress(done, total, f"loss {figures['loss']:.3f}")

    return tell


def read_answers(store: Store, key: str) -> Answered:
    """What a trial that is done answered."""
    row = read_json(store.artifact(key) / ANSWERS)
    answers = {answer.pop("id"): Completion(**answer) for answer in row["answers"]}
    seconds = seconds_of(store, key)
    return Answered(answers, row["steps"], row["cut_prompts"], seconds, row["done"], tuple(row["losses"]))
