"""The settings of both trainings as plain data: every field with its unit and the meaning of 0 and None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from steadyhand.errors import UsageError

AT_ONCE = 512  # positions whose vocabulary is scored together where activations are computed again
Method = Literal["full", "lora", "qlora", "dora", "ia3", "prefix", "prompt"]
Optimizer = Literal["adamw", "muon"]
Schedule = Literal["constant", "linear", "cosine"]
Precision = Literal["auto", "float32", "bfloat16"]
Truncation = Literal["left", "right"]
Packing = Literal["auto", "none", "nested", "packed"]
Loss = Literal["sigmoid", "ipo", "simpo"]


@dataclass(frozen=True)
class TrainConfig:
    """What SFT and DPO have in common."""

    method: Method = "lora"
    """What is trained (`runner.adapters`): "full" the network's own weights; "lora" rank-`lora_rank` adapters on all
    linear layers (Hu et al. 2021), "qlora" the same on a base of 4 bits (Dettmers et al. 2023; CUDA), "dora" their
    direction and magnitude (Liu et al. 2024); "ia3" a scale for keys, values and inner activations (Liu et al. 2022);
    "prefix" keys and values of `virtual_tokens` tokens in every layer (Li & Liang 2021); "prompt" their embeddings
    (Lester et al. 2021)."""
    train_embeddings: bool = False
    """Whether "full" trains token embeddings and the output layer too. The rows of tokens that the data lack get a
    small gradient that always points the same way, which an adaptive optimizer turns into whole steps: rare words
    drift until the model cannot copy them any more."""
    lora_rank: int = 8
    """Rank of the adapters of "lora", "qlora" and "dora"; unused by others."""
    lora_alpha: float = 16.0
    """These adapters are scaled by lora_alpha / lora_rank; unused by others."""
    virtual_tokens: int = 20
    """Trained tokens in front of every prompt of "prefix" and "prompt", beside max_length; unused by others."""
    optimizer: Optimizer = "adamw"
    """"muon" moves hidden matrices by their orthogonalised momentum (Jordan et al. 2024), the rest by AdamW; it needs
    `method` "full"."""
    learning_rate: float = 1e-4
    """Peak rate of the optimizer."""
    epochs: int = 1
    """Passes over the data, at least 1."""
    schedule: Schedule = "cosine"
    """The rate after warm-up: "constant", or down to 0 at the last step as a line or a half cosine."""
    warmup_ratio: float = 0.05
    """Share of all steps in which the rate rises from 0; 0 starts at the peak."""
    weight_decay: float = 0.0
    """AdamW's decoupled decay per step, times the rate; 0 is none."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this 2-norm; 0 does not clip."""
    max_length: int = 2048
    """Tokens of a sample. A longer one is shortened by `truncation` and counted."""
    truncation: Truncation = "left"
    """What a too long row loses. "left": the start of its prompt (system text, tools); the answer stays whole. "right":
    the end of its answer, whose mask goes with it, so that no end of turn is learnt where there is none; the
    instruction stays whole. A preference group always loses the start of its prompt."""
    seed: int = 0
    """Of the order of samples and the adapters' start. Equal seeds and threads give equal weights on a CPU."""
    save_steps: int = 100
    """Optimiser steps between checkpoints; 0 makes none, so an interrupted run starts again."""
    log_steps: int = 10
    """Optimiser steps per entry of the log, at least 1."""
    threads: int = 0
    """CPU threads; 0 leaves the process's number."""
    workers: int = 1
    """Processes that train together (`distributed.data_parallel`), each on a card of its own where there are cards."""
    sharded: bool = False
    """Whether each of several workers holds a part of weights, gradients and optimizer only (`fsdp`); not with
    "muon", 4 bits or virtual tokens."""
    gradient_checkpointing: bool = False
    """Recomputes activations in the backward pass: about a third slower, much less memory; not with "prefix". In DPO
    prompt and answers then form one sequence."""
    device: str = "auto"
    """"auto" is CUDA where there is one, else the CPU."""
    precision: Precision = "auto"
    """"bfloat16" computes in mixed precision; "auto" does so on CUDA and on a CPU that has units
    for it (AMX, AVX-512 BF16), and computes in float32 on others."""

    def __post_init__(self) -> None:
        _at_least(self, 1, "lora_rank", "virtual_tokens", "epochs", "max_length", "log_steps", "workers")
        _at_least(self, 0, "warmup_ratio", "weight_decay", "max_grad_norm", "save_steps", "threads")
        _above_zero(self, "learning_rate", "lora_alpha")
        if self.optimizer == "muon" and self.method != "full":
            raise UsageError("the optimizer muon trains whole matrices, not adapters", next='set method = "full"')
        if self.gradient_checkpointing and self.method == "prefix":
            raise UsageError(
                "a prefix lives in a key/value cache, which activations that are computed again cannot have",
                next='set gradient_checkpointing = false, or method = "prompt"',
            )
        if self.sharded and self.optimizer == "muon":
            raise UsageError(
                "muon needs whole matrices, and a sharded model has none",
                next='set optimizer = "adamw", or machine.sharded = false',
            )
        if self.sharded and self.method in ("qlora", "prefix", "prompt"):
            next_ = 'set machine.sharded = false, or method = "lora"'
            raise UsageError(f"method {self.method!r} cannot be trained in parts", next=next_)
        if self.warmup_ratio > 1:
            raise UsageError("warmup_ratio is a share of the steps: at most 1", next="for instance 0.05")


@dataclass(frozen=True)
class SftConfig(TrainConfig):
    """Supervised fine-tuning: cross-entropy on the target's tokens, mean over the step's target tokens."""

    batch_tokens: int = 8192
    """Tokens of an optimiser step, padding aside; a longer sample is a step of its own."""
    micro_tokens: int = 0
    """Tokens of one forward pass, padding included, to bound memory; 0: `batch_tokens`. Does not change the loss."""
    packing: Packing = "auto"
    """Which rows stand in one sequence, with equal gradients: "nested" those of which one is the beginning of the next;
    "packed" also all others of a forward pass, one behind the other, each seeing itself only, without padding; "none"
    no two. Rows that are not packed are padded on the right to the longest of their forward pass. "auto" packs where
    the model allows it (every layer sees all that came before) and the method is not "prefix"."""
    keep_base: float = 0.0
    """Share of the base's weights in the result (0 to below 1, `train.runner.interpolate`); needs `method` "full"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least(self, 1, "batch_tokens")
        _at_least(self, 0, "micro_tokens", "keep_base")
        if self.packing == "packed" and self.method == "prefix":
            raise UsageError("a prefix stands before one row, not between packed ones", next='set packing = "nested"')
        if self.keep_base >= 1:
            raise UsageError("keep_base is a share below 1", next="for instance 0.1")
        if self.keep_base and self.method != "full":
            raise UsageError("keep_base mixes whole weights, not adapters", next='set method = "full"')


@dataclass(frozen=True)
class GroupConfig(TrainConfig):
    """What is trained on groups: one chosen answer against up to `k` rejected ones behind one prompt."""

    k: int = 0
    """Rejected answers used per group, the first ones; 0 uses all."""
    groups_per_step: int = 8
    """Groups of an optimiser step, at least 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least(self, 1, "groups_per_step")
        _at_least(self, 0, "k")


@dataclass(frozen=True)
class PreferenceConfig(GroupConfig):
    """A preference model (`train.objectives.preference`), by "full" or "lora"."""


@dataclass(frozen=True)
class DpoConfig(GroupConfig):
    """Group DPO."""

    learning_rate: float = 1e-5
    """Peak rate of AdamW; DPO needs about a tenth of the SFT rate."""
    loss: Loss = "sigmoid"
    """The preference loss (`objectives.losses`): "sigmoid" (Rafailov et al. 2023), "ipo" (Azar et al. 2024) or "simpo"
    (Meng et al. 2024), which needs no reference model."""
    beta: float = 0.1
    """How strongly the policy is held to the reference (Rafailov et al. 2023, equation 7), and the tau of "ipo" (Azar
    et al. 2024, equation 17); above 0. Unused by "simpo"."""
    simpo_beta: float = 2.0
    """Scale of the log-probability per token in "simpo" (Meng et al. 2024, equation 4); above 0."""
    simpo_gamma: float = 1.0
    """Margin, in scaled log-probability per token, that "simpo" asks for (Meng et al. 2024, equation 6); 0 is none."""
    sft_weight: float = 0.1
    """Weight of the chosen answer's negative log-likelihood per token (RPO, Pang et al. 2024); 0 is plain DPO."""
    label_smoothing: float = 0.0
    """Assumed share of wrongly labelled pairs (conservative DPO), from 0 to below 0.5; 0 trusts all labels."""
    max_completion: int = 0
    """Tokens of a rejected answer; a longer one is cut and counted. 0 sets no limit but max_length."""
    replay_tokens: int = 0
    """Tokens of SFT rows that each optimiser step takes along, so that preference training forgets nothing; 0 none."""
    accept_damaged: bool = False
    """Whether a model that shows damage before the first step is trained all the same. It is written beside the
    weights: preference training repairs nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least(self, 0, "max_completion", "replay_tokens", "sft_weight", "label_smoothing", "simpo_gamma")
        _above_zero(self, "beta", "simpo_beta")
        if self.label_smoothing >= 0.5:
            raise UsageError("label_smoothing must stay below 0.5", next="0 trusts all labels")
        if self.label_smoothing and self.loss == "ipo":
            raise UsageError("the loss ipo has no label_smoothing: its square is bounded already", next="set it to 0")


def _at_least(config: TrainConfig, least: int, *names: str) -> None:
    for name in names:
        if not getattr(config, name) >= least:
            raise UsageError(f"{name} must be at least {least}, not {getattr(config, name)}")


def _above_zero(config: TrainConfig, *names: str) -> None:
    for name in names:
        if not getattr(config, name) > 0:
            raise UsageError(f"{name} must be above 0, not {getattr(config, name)}")
