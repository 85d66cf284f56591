"""What settings must agree on: the only place that says what contradicts what.

`within` looks at one training's config, whoever made it; `across` at a whole Settings. Both are refused as the
settings are read, not in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadyhand.errors import UsageError

if TYPE_CHECKING:
    from steadyhand.settings.model import Settings
    from steadyhand.settings.training import TrainConfig

VIRTUAL = ("prefix", "prompt")


@dataclass(frozen=True)
class Contradiction:
    """`keys`: the one that is wrong, then those that it disagrees with; `what` is wrong with it, what to do `next`."""

    keys: tuple[str, ...]
    what: str
    next: str


class ContradictionError(UsageError):
    """A config whose values contradict one another; the keys of `found` are named as in the config."""

    def __init__(self, found: Contradiction) -> None:
        super().__init__(f"`{found.keys[0]}`: {found.what}", next=found.next)
        self.found = found


def refuse_contradictions(config: TrainConfig) -> None:
    """Raises ContradictionError for the first of `within`."""
    for found in within(config):
        raise ContradictionError(found)


def within(config: TrainConfig) -> Iterator[Contradiction]:
    """Contradictions of one training, of whatever kind: a field that a kind lacks contradicts nothing."""
    method = config.method
    if config.optimizer == "muon" and method != "full":
        yield Contradiction(("optimizer", "method"), "muon trains whole matrices, not adapters", 'set method = "full"')
    if config.gradient_checkpointing and method == "prefix":
        yield Contradiction(
            ("gradient_checkpointing", "method"),
            "a prefix lives in a key/value cache, which activations that are computed again cannot have",
            'set it to false, or method = "prompt"',
        )
    if config.sharded and config.optimizer == "muon":
        yield Contradiction(
            ("optimizer", "sharded"),
            "muon needs whole matrices, and a sharded model has none",
            'set it to "adamw", or machine.sharded = false',
        )
    if config.sharded and method in ("qlora", *VIRTUAL):
        next_ = 'set machine.sharded = false, or method = "lora"'
        yield Contradiction(("method", "sharded"), f"{method!r} cannot be trained in parts", next_)
    yield from _of_one_kind(config)


def _of_one_kind(config: TrainConfig) -> Iterator[Contradiction]:
    method = config.method
    if getattr(config, "packing", None) == "packed" and method == "prefix":
        what = "a prefix stands before one row, not between packed ones"
        yield Contradiction(("packing", "method"), what, 'set it to "nested"')
    if getattr(config, "keep_base", 0.0) and method != "full":
        what = "it mixes whole weights, not adapters"
        yield Contradiction(("keep_base", "method"), what, 'set it to 0, or method = "full"')
    if getattr(config, "label_smoothing", 0.0) and getattr(config, "loss", None) == "ipo":
        what = 'the loss "ipo" has no label smoothing: its square is bounded already'
        yield Contradiction(("label_smoothing", "loss"), what, "set it to 0")
    if hasattr(config, "certain"):
        yield from _of_a_preference_model(config)


def _of_a_preference_model(config: TrainConfig) -> Iterator[Contradiction]:
    if config.method not in ("full", "lora"):
        what = f"a preference model is not trained by {config.method!r}"
        yield Contradiction(("method",), what, 'set it to "full" or "lora"')
    if config.optimizer == "muon":
        what = "the one row of a preference model's head cannot be orthogonalized"
        yield Contradiction(("optimizer",), what, 'set it to "adamw"')
    if config.sharded:
        yield Contradiction(("sharded",), "a preference model is not trained in parts", "set it to false")


def across(settings: Settings) -> Iterator[Contradiction]:
    """Contradictions between sections."""
    taught, aligned = settings.sft.method, settings.dpo.method
    if taught in VIRTUAL and (aligned != taught or settings.dpo.virtual_tokens != settings.sft.virtual_tokens):
        yield Contradiction(
            ("dpo.method", "dpo.virtual_tokens", "sft.method", "sft.virtual_tokens"),
            f"fine-tuning leaves a {taught}, which cannot be merged, so preference training can only go on with it",
            f'set dpo.method = "{taught}" and dpo.virtual_tokens = {settings.sft.virtual_tokens}',
        )
