"""Every key of steady.toml: type, bounds, default and what it means. Knows nothing of files, layers or commands.

The sentence under a key is what `steady config docs` prints, so it names the unit and what 0 or an empty value means.
The defaults fit steady-nano on a processor; `presets.py` holds what differs for other models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Share = Annotated[float, Field(ge=0, le=1)]
Margin = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Method = Literal["full", "lora", "qlora", "dora", "ia3", "prefix", "prompt"]
Labels = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists only


class Section(BaseModel):
    """Strict (`"3"` is no number, `true` is no 1), without NaN, without unknown keys, never changed once made."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def _whole_matrices(value: str, info: ValidationInfo) -> str:
    """Muon orthogonalises whole matrices, so adapters are refused as the settings are read, not hours later."""
    if value == "muon" and info.data.get("method") != "full":
        raise ValueError('muon needs `method` "full"')
    return value


def _not_with_ipo(value: float, info: ValidationInfo) -> float:
    if value and info.data.get("loss") == "ipo":
        raise ValueError('`loss` "ipo" has no label smoothing: set it to 0')
    return value


class ModelSettings(Section):
    """The model that everything starts from."""

    base: Annotated[str, Field(min_length=1)] = "steady-nano"
    """`steady-nano` (the embedded model), a folder with a model, or a hub name such as `Qwen/Qwen3-8B`."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the weights when the model answers. `auto`: bfloat16 on a GPU, float32 elsewhere."""


class SftSettings(Section):
    """Supervised fine-tuning: injects what the knowledge cards say."""

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

    optimizer: Annotated[Literal["adamw", "muon"], AfterValidator(_whole_matrices)] = "adamw"
    """`muon` orthogonalises the steps of whole matrices (Jordan et al. 2024); it needs `method` `full`."""

    learning_rate: Positive = 3e-4
    """Peak learning rate of the optimizer. `ia3`, `prefix` and `prompt` need ten to a hundred times that of `lora`."""

    epochs: Count = 3
    """Passes over the rows."""

    batch_tokens: Count = 4096
    """Tokens per optimiser step, padding aside: about 16 short cards. A longer row is a step of its own."""

    micro_tokens: CountOrNone = 0
    """Tokens per forward pass, padding included; fewer need less memory and give the same result. 0: `batch_tokens`."""

    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: about a third slower, much less memory; not with `prefix`."""

    max_length: Annotated[int, Field(ge=16)] = 1024
    """Tokens of prompt and answer together. A longer row is cut at the side `truncation` names, and counted."""

    truncation: Literal["left", "right"] = "left"
    """What a too long row loses: `left` the start of its prompt; `right` the end of its answer, end mark included."""

    packing: Literal["auto", "none", "nested", "packed"] = "auto"
    """Rows in one sequence: `nested` those that continue one another, `packed` all of a pass (`auto`: if it can)."""

    card_repeats: Count = 1
    """How often an epoch shows each card: cards are short and need more passes than dialogues."""

    keep_base: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the base's weights in the result of `full` training: keeps what it knew, at some cost. 0: none."""

    rehearsal: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the rows that are general dialogues, so that the model keeps what it knew. 0: cards only."""

    scenarios: bool = False
    """Also train on the decisions of the training scenarios. The method leaves these to preference training."""

    warmup_ratio: Share = 0.05
    """Share of the steps in which the learning rate rises from 0. 0: it starts at its peak."""

    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled weight decay of AdamW. 0: none."""

    save_steps: CountOrNone = 50
    """Optimiser steps between two checkpoints that a stopped run resumes from. 0: only when it is interrupted."""


class GateSettings(Section):
    """The health gate after fine-tuning: a model that lost its dialogue or its thinking is not trained further."""

    public_margin: Margin = 0.03
    """Share of public-knowledge answers that may be lost against the base model (0.03 is 3 points)."""

    think_whole: Share = 0.97
    """Least share of answers whose `<think>` block is whole."""

    max_repetition: Share = 0.02
    """Largest share of answers that end in a loop."""

    max_garbage: Share = 0.02
    """Largest share of answers with broken characters, leaked special tokens or a foreign script."""


class PairsSettings(Section):
    """How preference groups are built: one chosen answer and `dpo.k` rejected ones behind one prompt."""

    own_errors: bool = True
    """Take the model's own wrong answers as rejected ones first; `false`: only constructed errors."""

    max_groups: CountOrNone = 0
    """Largest number of groups, taken evenly from the training scenarios. 0: one for every decision of all of them."""


class DpoSettings(Section):
    """Preference training: corrects tool behaviour (call or not, which tool, which arguments, how to read results)."""

    method: Method = "lora"
    """As `sft.method`. After `prefix` or `prompt` it must be the same one, which is trained further."""

    train_embeddings: bool = False
    """Whether `full` trains token embeddings and the output layer too; then words that the data lack drift."""

    lora_rank: Count = 8
    """Rank of the adapters of `lora`, `qlora` and `dora`; others do not read it."""

    lora_alpha: Positive = 16.0
    """Scale of these adapters: the update is multiplied by alpha / rank."""

    virtual_tokens: Count = 20
    """Trained tokens in front of every prompt, on top of `max_length`; only `prefix` and `prompt` read it."""

    loss: Literal["sigmoid", "ipo", "simpo"] = "sigmoid"
    """`sigmoid` is DPO, `ipo` bounds how far it goes, `simpo` compares mean log-probabilities without a reference."""

    beta: Positive = 0.1
    """Strength of the pull towards the reference model: larger stays closer to it. `simpo` reads `simpo_beta`."""

    simpo_beta: Positive = 2.0
    """Scale of the log-probability per token; read only when `loss` is `simpo`."""

    simpo_gamma: Annotated[float, Field(ge=0)] = 1.0
    """Margin between chosen and rejected that `simpo` asks for, in scaled log-probability per token. 0: none."""

    sft_weight: Annotated[float, Field(ge=0)] = 0.2
    """Weight of the likelihood term on the chosen answer, against its falling along with the rejected. 0: none."""

    optimizer: Annotated[Literal["adamw", "muon"], AfterValidator(_whole_matrices)] = "adamw"
    """`muon` orthogonalises the steps of whole matrices (Jordan et al. 2024); it needs `method` `full`."""

    learning_rate: Positive = 2e-4
    """Peak learning rate of the optimizer."""

    epochs: Count = 2
    """Passes over the groups."""

    k: Count = 3
    """Rejected answers per group."""

    groups_per_step: Count = 8
    """Groups per optimiser step."""

    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: about a third slower, much less memory; not with `prefix`."""

    replay_tokens: CountOrNone = 0
    """Tokens of fine-tuning rows (cards, rehearsal) per step, weighted by `sft_weight`, against forgetting. 0: none."""

    max_length: Annotated[int, Field(ge=16)] = 1024
    """Tokens of prompt and answer together. A longer group loses the start of its prompt, which is counted."""

    save_steps: CountOrNone = 50
    """Optimiser steps between two checkpoints that a stopped run resumes from. 0: only when it is interrupted."""

    label_smoothing: Annotated[float, Field(ge=0, lt=0.5), AfterValidator(_not_with_ipo)] = 0.0
    """Assumed share of groups labelled the wrong way round (conservative DPO; not `ipo`). 0: every label is trusted."""

    accept_damaged: bool = False
    """Go on with a model that failed the health gate or shows damage; written into the report's manifest."""


class OnlineSettings(Section):
    """Online DPO after a run: the model's own answers are compared and trained on, round by round, as `dpo` says."""

    samples: Annotated[int, Field(ge=2)] = 4
    """Answers that the model gives to each situation of a round."""

    temperature: Positive = 1.0
    """Temperature of these answers."""

    decisions: CountOrNone = 256
    """Situations of a round at most, taken evenly from the training scenarios. 0: all of them."""

    reference: bool = True
    """Whether the scenario's own answer competes, so that what the model always gets wrong teaches as well."""

    judge: Annotated[str, Field(pattern="^(rules|trained|https?://.+)$")] = "rules"
    """`rules` (match and answer rules), `trained` (see `preference`), or the URL of a server whose model judges."""

    judge_model: str = ""
    """The name of the judging model on that server."""


class PreferenceSettings(Section):
    """The preference model that judges when `online.judge` is `trained`, learnt from the groups of `pairs`."""

    method: Literal["full", "lora"] = "full"
    """`full` trains all weights but the embeddings, `lora` an adapter (`dpo.lora_rank`, `dpo.lora_alpha`), merged."""

    learning_rate: Positive = 1e-3
    """Peak learning rate of AdamW."""

    epochs: Count = 2
    """Passes over the groups."""

    groups_per_step: Count = 8
    """Groups per optimiser step."""

    held: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the scenario groups that it does not learn from, to see how often it is right."""

    certain: Annotated[float, Field(ge=0.5, lt=1)] = 0.75
    """Probability from which its preference counts; below it is a tie."""

    save_steps: CountOrNone = 50
    """Optimiser steps between two checkpoints that a stopped run resumes from. 0: only when it is interrupted."""


class WatchSettings(Section):
    """The health watch: a training that damages the model is stopped. It changes no weight of a healthy one."""

    enabled: bool = True
    """Whether trainings are watched."""

    steps: CountOrNone = 0
    """Optimiser steps between two checks; a jump of loss or gradient asks at once. 0: eight checks in a training."""

    questions: Count = 96
    """Questions of a check at most, until it is decided; a healthy model is usually asked 12."""

    max_tokens: Count = 128
    """New tokens per answer of a check."""

    patience: CountOrNone = 16
    """Optimiser steps after which damage must be found again before it stops a training. 0: it stops at once."""


class EvalSettings(Section):
    """How a model is measured."""

    batch_size: Count = 32
    """Prompts generated together."""

    determinism_runs: Annotated[int, Field(ge=2)] = 5
    """How often one input is repeated to see whether its outcome changes."""

    determinism_items: CountOrNone = 128
    """How many decisions are repeated; 125 unchanged ones carry the bar. 0: not measured, so the bar is not met."""

    determinism_sequential: CountOrNone = 12
    """How many of these are also asked one by one, not only in batches. 0: none."""

    cot_labels: Annotated[tuple[Labels, ...], Field(strict=False)] = (
        ("intent", "意图"),
        ("plan", "计划"),
        ("check", "检查"),
    )
    """What a structured `<think>` names: one list of equivalent labels per part. Empty: only wholeness counts."""

    @field_validator("cot_labels")
    @classmethod
    def _labels_say_something(cls, parts: tuple[Labels, ...]) -> tuple[Labels, ...]:
        if any(not part or not all(label.strip() for label in part) for part in parts):
            raise ValueError("every part needs at least one label, and no label may be empty")
        return parts


class SamplingSettings(Section):
    """How answers are decoded in every evaluation; an A/B with different sampling is refused."""

    temperature: Annotated[float, Field(ge=0)] = 0.0
    """0 is greedy: the likeliest token every time."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling: the smallest set of tokens with this probability mass. 1: all tokens."""

    max_tokens: Count = 256
    """New tokens per answer, thinking included."""

    seed: CountOrNone = 0
    """Seed of the sampler; it matters only when the temperature is above 0."""


class BarsSettings(Section):
    """What the tuned model must reach to be signed off."""

    tool_call_accuracy: Share = 0.97
    """Least share of decisions with the right call, name and arguments included, or rightly none."""

    scenario_pass: Share = 0.9
    """Least share of scenarios that are right at the first try: every call and every text that is judged."""

    semantic_anchoring: Share = 0.9
    """Least share of turns of the ten-turn dialogues that treat the private entity as what it is."""

    general_knowledge_margin: Margin = 0.03
    """Share of public-knowledge answers that may be lost against the base model (0.03 is 3 points)."""

    cot_retention: Share = 0.98
    """Least share of turns whose thinking is whole and structured."""

    response_quality: Share = 0.99
    """Least share of answers that are not too short, looping or broken in their `<think>`."""

    determinism: Share = 1.0
    """Least share of repeated inputs whose outcome never changed."""

    evidence: Literal["point", "lower"] = "point"
    """What a bar is compared with: the measured share (`point`), or the lower end of its 95 % interval (`lower`)."""

    tolerance: Share = 0.03
    """How far below a bar a true rate must lie to count as a failure; within it the verdict asks for more cases."""


class MachineSettings(Section):
    """How work is spread over a machine. It changes no result beyond the order in which sums are made."""

    workers: Count = 1
    """Processes that train one model together, each on a card of its own; on processors they share its cores."""

    sharded: bool = False
    """Each of these processes holds a part of weights, gradients and optimizer (FSDP); not with `muon` or `qlora`."""

    cluster: str = ""
    """Where `steady sweep` trains branches at once: `local`, or the address of a Ray cluster. Empty: one by one."""

    cores: Count = 1
    """Processor cores of a branch on the cluster; it gets a card besides where the cluster has some."""


class LedgerSettings(Section):
    """Where runs, stages and scores are recorded."""

    url: str = ""
    """SQLAlchemy URL, for example `postgresql+psycopg://user@host/steady`. Empty: an SQLite file beside the runs."""


class Settings(Section):
    """A whole steady.toml, resolved."""

    preset: Literal["nano", "qwen3-8b-24gb", "qwen3-8b-80gb", "qwen3-8b-8x80gb"] = "nano"
    """Fills the defaults of other keys: `nano` for the embedded model, others for Qwen3-8B on such cards."""

    seed: CountOrNone = 0
    """Seed of everything random: order of rows, built errors, initial adapters, bootstrap."""

    model: ModelSettings = ModelSettings()
    sft: SftSettings = SftSettings()
    gate: GateSettings = GateSettings()
    pairs: PairsSettings = PairsSettings()
    dpo: DpoSettings = DpoSettings()
    online: OnlineSettings = OnlineSettings()
    preference: PreferenceSettings = PreferenceSettings()
    watch: WatchSettings = WatchSettings()
    eval: EvalSettings = EvalSettings()
    sampling: SamplingSettings = SamplingSettings()
    bars: BarsSettings = BarsSettings()
    machine: MachineSettings = MachineSettings()
    ledger: LedgerSettings = LedgerSettings()
