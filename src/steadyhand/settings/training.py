"""The settings of the trainings: the sections [sft], [dpo] and [preference] are the configs that training takes.

A field is written here once, with its bounds, its default and its sentence. What contradicts what stands in `agree`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from steadyhand.settings.agree import refuse_contradictions
from steadyhand.settings.section import Count, CountOrNone, From, NotNegative, Positive, SettingsSection, Share

Method = Literal["full", "lora", "qlora", "dora", "ia3", "prefix", "prompt"]
Optimizer = Literal["adamw", "muon"]
Schedule = Literal["constant", "linear", "cosine"]
Precision = Literal["auto", "float32", "bfloat16"]
Truncation = Literal["left", "right"]
Packing = Literal["auto", "none", "nested", "packed"]
Loss = Literal["sigmoid", "ipo", "simpo"]


class TrainConfig(SettingsSection):
    """What all trainings have in common. Raises UsageError for values that contradict one another.

    >>> TrainConfig(method="lora", lora_rank=16).lora_rank
    16
    """

    method: Method = "full"
    """`full` trains all weights, others an adapter, merged afterwards (not `prefix`, `prompt`). `qlora` needs CUDA."""

    train_embeddings: bool = False
    """Whether `full` trains token embeddings and the output layer too; then words that the data lack drift."""

    lora_rank: Count = 8
    """Rank of the adapters of `lora`, `qlora` and `dora`; others do not read it."""

    lora_alpha: Positive = 16.0
    """Scale of these adapters: the update is multiplied by alpha / rank."""

    virtual_tokens: Count = 20
    """Trained tokens in front of every prompt, on top of `max_length`; only `prefix` and `prompt` read it."""

    optimizer: Optimizer = "adamw"
    """`muon` orthogonalizes the steps of whole matrices (Jordan et al. 2024); it needs `method` `full`."""

    learning_rate: Positive = 3e-4
    """Peak learning rate of the optimizer. `ia3`, `prefix` and `prompt` need ten to a hundred times that of `lora`."""

    epochs: Count = 1
    """Passes over the data."""

    schedule: Schedule = "cosine"
    """The rate after warm-up: `constant`, or down to 0 at the last step as a line (`linear`) or half a `cosine`."""

    warmup_ratio: Share = 0.05
    """Share of the steps in which the learning rate rises from 0. 0: it starts at its peak."""

    weight_decay: NotNegative = 0.0
    """Decoupled weight decay of AdamW. 0: none."""

    max_grad_norm: NotNegative = 1.0
    """Gradients are scaled down to this 2-norm. 0: they are not clipped."""

    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: about a third slower, much less memory; not with `prefix`."""

    max_length: Annotated[int, Field(ge=1)] = 1024
    """Tokens of prompt and answer together. A longer row is cut at the side `truncation` names, and counted."""

    truncation: Truncation = "left"
    """What a too long row loses: `left` the start of its prompt; `right` the end of its answer, end mark included."""

    save_steps: CountOrNone = 50
    """Optimizer steps between two checkpoints that a stopped run resumes from. 0: only when it is interrupted."""

    log_steps: Count = 10
    """Optimizer steps per point of the curves."""

    seed: Annotated[CountOrNone, From("seed")] = 0
    """Of the order of samples and the adapters' start. Equal seeds and threads give equal weights on a processor."""

    workers: Annotated[Count, From("machine.workers")] = 1
    """Processes that train together (`train.distributed`), each on a card of its own where there are cards."""

    sharded: Annotated[bool, From("machine.sharded")] = False
    """Whether each of several workers holds a part of weights, gradients and optimizer only."""

    threads: Annotated[CountOrNone, From()] = 0
    """Threads of the processor. 0: the process's number."""

    device: Annotated[str, From()] = "auto"
    """`auto` is CUDA where there is one, else the processor."""

    precision: Annotated[Precision, From()] = "auto"
    """`bfloat16` computes in mixed precision; `auto` does so on CUDA and on processors with units for it (AMX)."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        refuse_contradictions(self)
        return self


class SftConfig(TrainConfig):
    """Supervised fine-tuning: injects what the knowledge cards say."""

    epochs: Count = 3
    """Passes over the rows."""

    batch_tokens: Count = 4096
    """Tokens per optimizer step, padding aside: about 16 short cards. A longer row is a step of its own."""

    micro_tokens: CountOrNone = 0
    """Tokens per forward pass, padding included; fewer need less memory and give the same result. 0: `batch_tokens`."""

    packing: Packing = "auto"
    """Rows in one sequence: `nested` those that continue one another, `packed` all of a pass (`auto`: if it can)."""

    card_repeats: Count = 1
    """How often an epoch shows each card: cards are short and need more passes than dialogues."""

    keep_base: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the base's weights in the result of `full` training: keeps what it knew, at some cost. 0: none."""

    rehearsal: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the rows that are general dialogues, so that the model keeps what it knew. 0: cards only."""

    scenarios: bool = False
    """Also train on the decisions of the training scenarios. The method leaves these to preference training."""


class GroupConfig(TrainConfig):
    """What is trained on groups: one chosen answer against up to `k` rejected ones behind one prompt."""

    epochs: Count = 2
    """Passes over the groups."""

    k: CountOrNone = 3
    """Rejected answers per group, the first ones. 0: all that a group has."""

    groups_per_step: Count = 8
    """Groups per optimizer step."""

    max_length: Annotated[int, Field(ge=1)] = 1024
    """Tokens of prompt and answer together. A longer group loses the start of its prompt, which is counted."""

    truncation: Annotated[Truncation, From("sft.truncation")] = "left"
    """Of the rows that a step takes along; a group always loses the start of its prompt."""


class DpoConfig(GroupConfig):
    """Preference training: corrects tool behavior (call or not, which tool, which arguments, how to read results)."""

    enabled: bool = True
    """false: a run ends with fine-tuning, whose model is judged; for tasks on which preferences add nothing."""

    method: Method = "lora"
    """As `sft.method`. After `prefix` or `prompt` it must be the same one, which is trained further."""

    learning_rate: Positive = 2e-4
    """Peak learning rate of the optimizer."""

    loss: Loss = "sigmoid"
    """`sigmoid` is DPO, `ipo` bounds how far it goes, `simpo` compares mean log-probabilities without a reference."""

    beta: Positive = 0.1
    """Strength of the pull towards the reference model: larger stays closer to it. `simpo` reads `simpo_beta`."""

    simpo_beta: Positive = 2.0
    """Scale of the log-probability per token; read only when `loss` is `simpo`."""

    simpo_gamma: NotNegative = 1.0
    """Margin between chosen and rejected that `simpo` asks for, in scaled log-probability per token. 0: none."""

    sft_weight: NotNegative = 0.2
    """Weight of the likelihood term on the chosen answer, against its falling along with the rejected. 0: none."""

    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Assumed share of groups labeled the wrong way round (conservative DPO; not `ipo`). 0: every label is trusted."""

    max_completion: CountOrNone = 0
    """Tokens of a rejected answer; a longer one is cut and counted. 0: no limit but `max_length`."""

    replay_tokens: CountOrNone = 0
    """Tokens of fine-tuning rows (cards, rehearsal) per step, weighted by `sft_weight`, against forgetting. 0: none."""

    accept_damaged: bool = False
    """Go on with a model that failed the health gate or shows damage; written into the report's manifest."""


class PreferenceConfig(GroupConfig):
    """The preference model that judges when `online.judge` is `trained`, learned from the groups of `pairs`."""

    method: Method = "full"
    """`full` trains all weights but the embeddings, `lora` an adapter of the rank of [dpo], merged; no other."""

    learning_rate: Positive = 1e-3
    """Peak learning rate of AdamW."""

    held: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the scenario groups that it does not learn from, to see how often it is right."""

    certain: Annotated[float, Field(ge=0.5, lt=1)] = 0.75
    """Probability from which its preference counts; below it is a tie."""

    k: Annotated[CountOrNone, From()] = 0
    """Rejected answers per group. 0: all that a group has."""

    lora_rank: Annotated[Count, From("dpo.lora_rank")] = 8
    """Rank of the adapter of `lora`."""

    lora_alpha: Annotated[Positive, From("dpo.lora_alpha")] = 16.0
    """Scale of this adapter."""

    max_length: Annotated[int, Field(ge=1), From("dpo.max_length")] = 1024
    """Tokens of prompt and answer together."""

    train_embeddings: Annotated[bool, From()] = False
    """It never does."""

    virtual_tokens: Annotated[Count, From()] = 20
    """It has none."""

    optimizer: Annotated[Optimizer, From()] = "adamw"
    """It is trained by AdamW."""

    gradient_checkpointing: Annotated[bool, From()] = False
    """Recompute activations in the backward pass."""

    sharded: Annotated[bool, From()] = False
    """It is never trained in parts."""
