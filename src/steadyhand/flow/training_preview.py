"""What `steady run` would train on, seen before it does: the rows of fine-tuning, and the memory of both trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from steadyhand.cards.rows import sft_rows
from steadyhand.datasets.folder import load
from steadyhand.domain.rows import Row
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.models.loading.adapters import json_object
from steadyhand.settings import Settings, filled
from steadyhand.train.runner.inspect import Inspection, inspect
from steadyhand.train.runner.memory_estimate import QWEN3_8B, Footprint, ModelShape, dpo_footprint, sft_footprint

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer

ALONE = {"workers": 1, "sharded": False}  # by one process, whatever the machine says


def inspect_domain(folder: Path, settings: Settings, rows: int, source: str = "") -> Inspection:
    """Renders every row of fine-tuning and shows `rows` of them, spread over the kinds of source, or those whose
    source contains `source`. Needs the base's tokenizer; loads no weights. Raises UsageError for an unknown source."""
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.overlay import overlaid

    given, domain = settings.sft, load(folder)
    taught = sft_rows(
        domain,
        scenarios=given.scenarios,
        rehearsal=given.rehearsal,
        seed=settings.seed,
        card_repeats=given.card_repeats,
    )
    chosen = _chosen(taught, rows, source)
    if source and not chosen:
        raise UsageError(
            f"no row comes from {source!r}", where=str(folder), next="for instance card:POINT/ID or scenario:ID"
        )
    model = settings.model
    tokenizer = load_tokenizer(overlaid(model.base, model.chat_template, model.format, model.thinking, folder))

    def decode(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    renderer, tools = Renderer(tokenizer), any(scenario.tools for scenario in domain.scenarios)
    found = inspect(taught, renderer, decode, filled(given, settings, **ALONE), chosen)
    return replace(found, warnings=_warnings(renderer, tools=tools))


def _warnings(renderer: Renderer, *, tools: bool) -> tuple[str, ...]:
    """What the template loses. Where a run would stop at that, the rows are shown all the same: they say why."""
    from steadyhand.chat.probe import usable

    try:
        return usable(renderer.profile, tools=tools, named=renderer.named)
    except PrerequisiteError as error:
        return (f"{error.what}; `steady run` stops there",)


def _chosen(rows: Sequence[Row], count: int, source: str) -> list[str]:
    """Sources to show: of each kind (card, rehearsal, scenario) one after the other, in the order of training."""
    named = list(dict.fromkeys(row.source for row in rows if source in row.source))
    kinds: dict[str, list[str]] = {}
    for name in named:
        kinds.setdefault(name.partition(":")[0], []).append(name)
    mixed = [kind[i] for i in range(len(named)) for kind in kinds.values() if i < len(kind)]
    return mixed[:count]


def footprints(settings: Settings, device: str) -> dict[str, Footprint]:
    """Peak memory of "sft" and "dpo" under these settings, by arithmetic alone. `device` is "cpu" or "cuda"."""
    shape = shape_of(settings.model.base)
    plans = {"sft": sft_footprint(shape, filled(settings.sft, settings), device)}
    if settings.dpo.enabled:
        plans["dpo"] = dpo_footprint(shape, filled(settings.dpo, settings), device)
    notes = _layer_notes(settings.model.base)
    return {name: replace(plan, assumed=(*plan.assumed, *notes)) for name, plan in plans.items()}


def _layer_notes(base: str) -> list[str]:
    """Where the model is none of the kind that the arithmetic knows."""
    from steadyhand.models.attention.layers import Way, expected
    from steadyhand.models.loading.resolve import base_of, resolve

    if base == QWEN3_8B.name and not Path(base).is_dir():
        return []
    folder = resolve(base)
    layers = expected(base_of(folder) or folder)
    if layers.plain and layers.way is Way.PACKED:
        return []
    return [f"every layer counted as full attention; the model has {layers.told()}"]


def shape_of(base: str) -> ModelShape:
    """The shape of a local model, or of one whose shape is known by its hub name; nothing is downloaded."""
    from steadyhand.models.loading.resolve import BUILT_IN, base_of, resolve

    if base == QWEN3_8B.name and not Path(base).is_dir():
        return QWEN3_8B
    if base != BUILT_IN and not Path(base).exists():
        raise PrerequisiteError(
            "the plan needs the model's config.json, and downloads nothing",
            where=base,
            next="name a local folder or a GGUF file",
        )
    folder = resolve(base)
    config = json_object((base_of(folder) or folder) / "config.json")
    return ModelShape.of(base, config)
