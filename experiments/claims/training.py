"""How an arm's steps are carried out: rows and groups are drawn, and the house's own trainings do the rest."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from experiments import kept
from experiments.claims import rows as own_rows
from experiments.claims.claim import Dpo, Online, Sft
from experiments.claims.mislabeled import mislabeled
from experiments.claims.world import CARDS, World
from steadyhand.domain.rows import Group, Row
from steadyhand.flow import artifacts
from steadyhand.flow.domain_inputs import plain
from steadyhand.flow.engine import Watcher
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.flow.stages import own_errors
from steadyhand.flow.training_preview import ALONE
from steadyhand.models.backend import Prompt
from steadyhand.settings import filled
from steadyhand.train.runner.result import TrainingProgress, TrainResult

MODEL, COST, GROUPS = "model", "cost.json", "groups.jsonl"
PARITY = 8  # prompts on which a merged model must answer as its adapter
BLOCK = 32  # weights that share a scale


def sft(step: Sft, start: Path, world: World, seed: int, work: Path, watcher: Watcher, out: Path) -> None:
    from steadyhand.train.objectives.sft import train_sft

    config = filled(world.settings.sft, world.settings, seed=seed, **ALONE).but(**dict(step.set))
    rows = rows_of(step, world, seed)
    resumed, began = any(work.iterdir()), time.process_time()
    with first_interrupt() as stop:
        result = train_sft(start, rows, config, work / "trained", _told(watcher), stop=stop)
    _leave(result, config.method, rows, world, out, None if resumed else time.process_time() - began)


def dpo(
    step: Dpo, groups: Sequence[Group], start: Path, world: World, seed: int, work: Path, watcher: Watcher, out: Path
) -> None:
    from steadyhand.train.objectives.dpo import train_dpo

    config = filled(world.settings.dpo, world.settings, seed=seed, **ALONE).but(**dict(step.set))
    rows = rows_of(Sft(), world, seed) if step.cards else []
    resumed, began = any(work.iterdir()), time.process_time()
    with first_interrupt() as stop:
        result = train_dpo(start, groups, config, work / "trained", _told(watcher), rows=rows, stop=stop)
    asked = [Row((*group.messages, group.chosen), group.tools, group.id) for group in groups]
    _leave(result, config.method, asked, world, out, None if resumed else time.process_time() - began)


def rows_of(step: Sft, world: World, seed: int) -> list[Row]:
    """Cards with their rehearsal, chosen decisions, or both."""
    from steadyhand.cards.rows import sft_rows

    if step.rows:
        return own_rows.made(step.rows, world, seed)
    given, domain = world.settings.sft, world.drawn(step.chosen, seed)
    if not step.cards:
        domain = replace(domain, points=())
    rows = sft_rows(
        domain,
        scenarios=bool(step.chosen),
        rehearsal=given.rehearsal if step.cards else 0.0,
        seed=seed,
        card_repeats=given.card_repeats,
    )
    rows = part(rows, CARDS)
    return mislabeled(rows, domain, world.start, step.wrong, seed) if step.wrong else rows


def part(rows: Sequence[Row], share: float) -> list[Row]:
    """All decisions of scenarios, and of the other rows the first ones of their order, so many as the share says."""
    others = [row for row in rows if not row.source.startswith("scenario:")]
    kept = {id(row) for row in others[: round(share * len(others))]}
    return [row for row in rows if row.source.startswith("scenario:") or id(row) in kept]


def groups(step: Dpo, start: Path, world: World, seed: int, watcher: Watcher, out: Path) -> None:
    """The groups of so many decisions, with the model's own errors where the step wants them."""
    from steadyhand.models.loading.load import load
    from steadyhand.pairs.build import build_groups

    model, domain = load(start, dtype=world.settings.model.dtype), world.drawn(step.take, seed)
    errors = own_errors(model, domain, world.settings, watcher.progress) if step.errors else []
    renderer, k = model.renderer, int(str(dict(step.set).get("k", world.settings.dpo.k)))
    made = build_groups(domain, errors, renderer.completion_text, k, seed, renderer.format)
    lines = (json.dumps(plain(group), ensure_ascii=False) + "\n" for group in made)
    (out / GROUPS).write_text("".join(lines), "utf-8")


def read_groups(folder: Path) -> list[Group]:
    return artifacts.read_groups(folder / GROUPS)


def rounded(start: Path, bits: int, out: Path) -> None:
    """A copy of the model whose matrices hold 2^bits - 1 levels for each block of 32 weights in a row."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(start, out / MODEL)
    for path in (out / MODEL).glob("*.safetensors"):
        weights = {name: weight.float() for name, weight in load_file(path).items()}
        save_file(
            {name: _rounded(w, bits) if w.dim() == 2 else w for name, w in weights.items()}, path, {"format": "pt"}
        )
    config = artifacts.read_object(out / MODEL / "config.json")
    artifacts.write_json(out / MODEL / "config.json", config | {"dtype": "float32"})  # 16 bits would round once more


def _rounded(weights: torch.Tensor, bits: int) -> torch.Tensor:  # type: ignore[name-defined]  # noqa: F821
    rows, width = weights.shape
    if width % BLOCK:
        return weights
    blocks, top = weights.float().reshape(rows, width // BLOCK, BLOCK), 2 ** (bits - 1) - 1
    scale = blocks.abs().amax(-1, keepdim=True).clamp_min(1e-12) / top
    return ((blocks / scale).round().clamp(-top, top) * scale).reshape(rows, width).to(weights.dtype)


def online(step: Online, start: Path, world: World, seed: int, work: Path, out: Path) -> None:
    """By a process of its own, which is begun anew where it was stopped: its clock is its budget."""
    shutil.rmtree(work / "arm", ignore_errors=True)
    words = [step.method, step.seconds, 1, seed, start, world.whole.root, work / "arm"]
    row = kept.figures("experiments.arm", step.method, words, work / "arm", "")
    (work / "arm" / "model").rename(out / MODEL)
    cost = {"steps": row.get("rounds"), "tokens": None, "processor_seconds": row.get("processor_seconds")}
    artifacts.write_json(out / COST, cost)


def _leave(
    result: TrainResult, method: str, rows: Sequence[Row], world: World, out: Path, seconds: float | None
) -> None:
    """The model as one plain folder, and what it cost; `seconds` of the processor are not known where a training that
    was stopped went on."""
    from steadyhand.train.runner.merge import merge_or_keep

    if method == "full":
        result.folder.rename(out / MODEL)
    else:
        prompts = [Prompt(tuple(row.messages[:-1]), tuple(row.tools)) for row in rows[:PARITY]]
        merge_or_keep(result.folder, out / MODEL, prompts)
    artifacts.write_json(out / COST, {"steps": result.steps, "tokens": result.tokens, "processor_seconds": seconds})


def _told(watcher: Watcher) -> TrainingProgress:
    def tell(done: int, total: int, figures: Mapping[str, float]) -> None:
        watcher.progress(done, total, f"loss {figures['loss']:.3f}")

    return tell
