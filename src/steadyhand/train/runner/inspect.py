"""What a training would learn from, before it starts: every row as served, which of its tokens are trained, and counts.

A healthy-looking loss curve hides a mask that is empty, thinking that was stripped or a prompt that was cut; this shows
them. Renders and counts; loads no weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadyhand.domain.rows import Row
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.data import Sample, merge_prefixes, resolve_packing, samples, sft_plan

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer

Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True)
class TokenSegment:
    """Neighboring tokens with one fate, as text."""

    text: str
    trained: bool
    tokens: int


@dataclass(frozen=True)
class Shown:
    """One row: `segments` make up all of it; `cut` counts tokens taken from its left side, `lost` from its right.
    `empty`: nothing of it is trained but the end of the turn."""

    source: str
    segments: tuple[TokenSegment, ...]
    tokens: int
    trained: int
    cut: int
    lost: int = 0
    empty: bool = False


@dataclass(frozen=True)
class Inspection:
    """`tokens` are those of all rows, `trained` the ones with a loss, each counted once an epoch. `passes` are the
    tokens that are really computed, in `sequences` by `packing` (dialogues of several turns share theirs), `padding`
    the share of a step that is filler. `cut` rows lost the start of their prompt and `lost` ones the end of their
    answer, by `truncation`. `thoughtless` rows have an answer without reasoning. Of what the data has, the chat
    template does not write the calls of `callless` rows and the thinking of `unthought` ones; of `empty` rows nothing
    is trained but the end of the turn. `steps` are the optimizer steps of all epochs. `warnings` are the
    caller's: what the template loses, and where that stops a run."""

    rows: int
    tokens: int
    trained: int
    cut: int
    lost: int
    truncation: str
    packing: str
    sequences: int
    thoughtless: int
    callless: int
    unthought: int
    empty: int
    passes: int
    padding: float
    steps: int
    longest: int
    shown: tuple[Shown, ...]
    warnings: tuple[str, ...] = ()


def inspect(
    rows: Sequence[Row], renderer: Renderer, decode: Decode, config: SftConfig, sources: Sequence[str]
) -> Inspection:
    """Renders all rows and shows those named in `sources`; `decode` turns ids into text, special tokens too. Raises
    UsageError for a row that cannot be trained."""
    data = samples(rows, renderer, config)
    merged = merge_prefixes(data, config)
    lengths = [len(sample.ids) for sample in merged]
    plan = sft_plan(lengths, config)
    filled = sum(_width([lengths[i] for i in micro], config) for step in plan for micro in step)
    passes = sum(len(step) for step in plan)
    wanted = set(sources)
    texts = {id(sample): _trained_text(sample, renderer) for sample in data}  # a card that comes again is one sample
    whole = [(row.messages[-1], texts[id(s)]) for row, s in zip(rows, data, strict=True) if not s.lost]
    seen = {row.source: sample for row, sample in zip(rows, data, strict=True) if row.source in wanted}
    return Inspection(
        rows=len(rows),
        tokens=sum(len(sample.ids) for sample in data),
        trained=sum(sum(sample.mask) for sample in data),
        cut=sum(sample.cut > 0 for sample in data),
        lost=sum(sample.lost > 0 for sample in data),
        truncation=config.truncation,
        packing=resolve_packing(config),
        sequences=passes // config.epochs if resolve_packing(config) == "packed" else len(merged),
        thoughtless=sum(not (row.messages[-1].think or "").strip() for row in rows),
        callless=sum(any(call.name not in text for call in answer.calls) for answer, text in whole),
        unthought=sum((answer.think or "").strip() not in text for answer, text in whole),
        empty=sum(not texts[id(sample)] for sample in data),
        passes=sum(lengths),
        padding=1 - config.epochs * sum(lengths) / filled,
        steps=len(plan),
        longest=max(len(sample.ids) + sample.cut + sample.lost for sample in data),
        shown=tuple(_shown(source, seen[source], decode, renderer) for source in sources if source in seen),
    )


def _width(lengths: Sequence[int], config: SftConfig) -> int:
    """Tokens that one forward pass computes, filler included."""
    return sum(lengths) if resolve_packing(config) == "packed" else max(lengths) * len(lengths)


def _trained_text(sample: Sample, renderer: Renderer) -> str:
    """What the model learns to write, without the end of the turn."""
    trained = [token for token, on in zip(sample.ids, sample.mask, strict=True) if on]
    return renderer.decode(trained).strip()


def _shown(source: str, sample: Sample, decode: Decode, renderer: Renderer) -> Shown:
    parts = [
        (trained, [token for token, _ in run])
        for trained, run in itertools.groupby(zip(sample.ids, sample.mask, strict=True), key=lambda pair: pair[1])
    ]
    segments = tuple(TokenSegment(decode(ids), bool(trained), len(ids)) for trained, ids in parts)
    empty = not _trained_text(sample, renderer)
    return Shown(source, segments, len(sample.ids), sum(sample.mask), sample.cut, sample.lost, empty)
