"""From rows and groups to token ids, and from ids to the plan of all optimizer steps. Knows nothing of models.

Samples are rendered by `chat.render` exactly as serving renders them. Nothing is dropped: what does not fit is
shortened on its prompt's left side and counted, and what cannot be trained stops the run before it starts.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from steadyhand.domain.rows import Group, Row
from steadyhand.errors import UsageError
from steadyhand.settings.training import DpoConfig, GroupConfig, Packing, SftConfig, TrainConfig

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer

MUCH_LONGER, SHORT = 1.3, 24  # rows share a forward pass up to this ratio of lengths, and this many tokens more


AT_ONCE = 512  # positions whose vocabulary is scored together where activations are computed again


@dataclass(frozen=True)
class Sample:
    """One row as tokens: the model is trained on `ids` where `mask` is 1."""

    ids: tuple[int, ...]
    mask: tuple[int, ...]
    cut: int = 0  # tokens taken from the prompt's left side
    lost: int = 0  # tokens taken from the answer's right side

    @property
    def first(self) -> int:
        """The position of the first trained token; its logit stands one position before."""
        return self.mask.index(1)


@dataclass(frozen=True)
class GroupSample:
    """One group as tokens: completions[0] is the chosen one, all end with the end-of-turn token unless cut."""

    prompt: tuple[int, ...]
    completions: tuple[tuple[int, ...], ...]
    cut: int = 0  # tokens taken from the prompt's left side
    cut_rejected: int = 0  # rejected answers shortened


def samples(rows: Sequence[Row], renderer: Renderer, config: TrainConfig) -> list[Sample]:
    """Rendered rows in their order, shortened by `config.truncation`. Raises UsageError for a target that is empty, and
    for a row whose answer alone ("left") or prompt alone ("right") is longer than max_length."""
    if not rows:
        raise UsageError("there are no rows to train on", next="write knowledge cards or rehearsal dialogues")
    once = {id(row): row for row in rows}  # a card that comes several times is one row
    made = {key: _sample(row, renderer, config) for key, row in once.items()}
    return [made[id(row)] for row in rows]


def resolve_packing(config: SftConfig) -> Packing:
    """The packing of a model that can have any."""
    return config.packing if config.packing != "auto" else "nested" if config.method == "prefix" else "packed"


def merge_prefixes(data: Sequence[Sample], config: SftConfig) -> list[Sample]:
    """The rows as they are computed: samples that continue one another as one, unless `config.packing` is "none"."""
    return [*data] if config.packing == "none" else nested(data)


def nested(data: Sequence[Sample]) -> list[Sample]:
    """Samples of which each is the beginning of the next become one that trains the targets of all: exact, as causal
    attention shows each target the same tokens as before, and a dialogue of several turns is computed once.

    Equal samples stay apart, as each counts. The order follows the tokens.
    """
    merged: list[Sample] = []
    for row in sorted(data, key=lambda sample: sample.ids):  # a beginning sorts before what continues it
        last = merged[-1] if merged else None
        if last and len(last.ids) < len(row.ids) and row.ids[: len(last.ids)] == last.ids:
            trained = itertools.zip_longest(row.mask, last.mask, fillvalue=0)
            merged[-1] = replace(row, mask=tuple(map(max, trained)))
        else:
            merged.append(row)
    return merged


def _sample(row: Row, renderer: Renderer, config: TrainConfig) -> Sample:
    most = config.max_length
    rendered = renderer.sample(row.messages, row.tools)
    ids, mask = tuple(rendered.ids), tuple(rendered.mask)
    if 1 not in mask:
        raise UsageError("no token of this row would be trained", where=row.source, next="give it an answer")
    if config.truncation == "right" and len(ids) > most:
        return _without_end(ids, mask, most, row.source)
    target = len(ids) - mask.index(1)
    # The first target token is predicted from the one before it, so at least one token of the prompt must stay.
    if target + 1 > most:
        raise UsageError(
            f"the answer has {target} tokens, max_length is {most}", where=row.source, next="raise max_length"
        )
    cut = max(0, len(ids) - most)
    return Sample(ids[cut:], mask[cut:], cut)


def _without_end(ids: tuple[int, ...], mask: tuple[int, ...], most: int, source: str) -> Sample:
    """What is left is trained as before: each of its tokens is predicted from the same ones."""
    if 1 not in mask[:most]:
        raise UsageError(
            f"the prompt has {mask.index(1)} tokens, max_length is {most}: nothing of the answer would be trained",
            where=source,
            next='raise max_length, or cut prompts instead: truncation = "left"',
        )
    return Sample(ids[:most], mask[:most], lost=len(ids) - most)


def group_samples(groups: Sequence[Group], renderer: Renderer, config: DpoConfig) -> list[GroupSample]:
    """Rendered groups in their order. Raises UsageError for a group without rejected answers or a chosen answer
    that does not fit."""
    if not groups:
        raise UsageError("there are no groups to train on", next="write scenarios with split: train")
    return [_group_sample(group, renderer, config) for group in groups]


def _group_sample(group: Group, renderer: Renderer, config: DpoConfig) -> GroupSample:
    """An empty think block of the chosen answer belongs to the prompt, and the rejected ones are compared from behind
    their reasoning on."""
    rendered = renderer.sample((*group.messages, group.chosen), group.tools)
    start = rendered.mask.index(1)
    prompt, chosen = rendered.ids[:start], tuple(rendered.ids[start:])
    if len(chosen) + 1 > config.max_length:
        raise UsageError(
            f"the chosen answer has {len(chosen)} tokens, max_length is {config.max_length}",
            where=group.id,
            next="raise max_length",
        )
    texts = [rejected.text for rejected in group.rejected][: config.k or None]
    if not texts:
        raise UsageError("the group has no rejected answer", where=group.id, next="remove it or add one")
    if start > rendered.prompt_length:  # the chosen answer has no reasoning: that shall not be what is preferred
        texts = [text[renderer.format.thinking(text).start :] or text for text in texts]
    encoded = [tuple(renderer.encode_completion(text, rendered.opening)) for text in texts]
    most = min(config.max_completion or config.max_length, config.max_length - 1)
    rejected = [ids[:most] for ids in encoded]
    room = config.max_length - max(len(ids) for ids in (chosen, *rejected))
    cut = max(0, len(prompt) - room)
    cut_rejected = sum(len(ids) > most for ids in encoded)
    return GroupSample(tuple(prompt[cut:]), (chosen, *rejected), cut, cut_rejected)


def with_virtual_tokens(data: Sequence[Sample], ids: Sequence[int]) -> list[Sample]:
    """The samples with `ids` (virtual tokens) in front, which are no target. They come on top of max_length."""
    return (
        [replace(sample, ids=(*ids, *sample.ids), mask=(*[0] * len(ids), *sample.mask)) for sample in data]
        if ids
        else [*data]
    )


def groups_with_virtual_tokens(data: Sequence[GroupSample], ids: Sequence[int]) -> list[GroupSample]:
    """The groups with `ids` in front of their prompts."""
    return [replace(group, prompt=(*ids, *group.prompt)) for group in data]


def sft_plan(lengths: Sequence[int], config: SftConfig) -> list[list[list[int]]]:
    """All optimizer steps of all epochs: steps x forward passes x sample indices.

    An epoch is shuffled and cut into steps of `batch_tokens` tokens, so that every step sees every kind of row; steps
    of rows of one length would each pull towards one kind. Within a step, rows of near length share a forward pass.
    The plan is made at once, so a resumed run follows exactly the same one.
    """
    draw = random.Random(config.seed)
    plan: list[list[list[int]]] = []
    for _ in range(config.epochs):
        order = list(range(len(lengths)))
        draw.shuffle(order)
        micro = min(config.micro_tokens or config.batch_tokens, -(-config.batch_tokens // config.workers))
        steps = _steps(order, lengths, config.batch_tokens)
        if resolve_packing(config) == "packed":
            plan += [_steps(step, lengths, micro) for step in steps]
        else:
            plan += [_passes(step, lengths, micro) for step in steps]
    return plan


def _steps(order: Sequence[int], lengths: Sequence[int], most: int) -> list[list[int]]:
    """Consecutive indices of at most `most` tokens, one at least."""
    steps: list[list[int]] = []
    tokens = 0
    for i in order:
        tokens += lengths[i]
        if not steps or tokens > most:
            steps.append([])
            tokens = lengths[i]
        steps[-1].append(i)
    return steps


def _passes(step: Sequence[int], lengths: Sequence[int], most: int) -> list[list[int]]:
    """The step's indices, the shortest first, in passes of a padded size of at most `most` tokens in which no row is
    much shorter than the longest: padding is computed like any token."""
    passes: list[list[int]] = []
    for i in sorted(step, key=lambda i: lengths[i]):
        full = passes and lengths[i] * (len(passes[-1]) + 1) > most
        if not passes or full or lengths[i] > MUCH_LONGER * lengths[passes[-1][0]] + SHORT:
            passes.append([])
        passes[-1].append(i)
    return passes


def group_plan(
    count: int, config: GroupConfig, replayed: Sequence[int] = (), beside: SftConfig | None = None
) -> list[list[list[int]]]:
    """All optimizer steps of all epochs: steps x groups_per_step forward passes of one group each, and further ones of
    SFT rows, whose lengths `replayed` gives, by the plan of `beside`. A row's index: `count` + its place."""
    draw = random.Random(config.seed)
    plan: list[list[list[int]]] = []
    for _ in range(config.epochs):
        order = list(range(count))
        draw.shuffle(order)
        size = config.groups_per_step
        plan += [[[i] for i in order[at : at + size]] for at in range(0, count, size)]
    if beside and replayed:
        for step, passes in zip(plan, _endless(replayed, beside, config.seed), strict=False):
            step += [[count + i for i in rows] for rows in passes]
    return plan


def _endless(lengths: Sequence[int], config: SftConfig, seed: int) -> Iterator[list[list[int]]]:
    """Steps of rows without end: one SFT epoch after the other, each shuffled anew."""
    for epoch in itertools.count(seed):
        yield from sft_plan(lengths, config.but(seed=epoch))


def digest(*parts: object) -> str:
    """sha256 (hex) of plain data, to tell whether a checkpoint or a cached result belongs to this job."""
    return hashlib.sha256("\x1e".join(repr(part) for part in parts).encode()).hexdigest()
