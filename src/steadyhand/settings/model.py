"""Every key of steady.toml: type, bounds, default and what it means. Knows nothing of files, layers or commands.

The sections of the trainings stand in `training.py`; they are the configs that training takes.

The sentence under a key is what `steady config docs` prints, so it names the unit and what 0 or an empty value means.
The defaults fit steady-nano on a processor; `presets.py` holds what differs for other models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from steadyhand.settings.section import Count, CountOrNone, Margin, Positive, SettingsSection, Share
from steadyhand.settings.training import DpoConfig, PreferenceConfig, SftConfig

Labels = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists only


class ModelSettings(SettingsSection):
    """The model that everything starts from."""

    base: Annotated[str, Field(min_length=1)] = "steady-nano"
    """`steady-nano` (the embedded model), a folder with a model or an adapter, a GGUF file, or a hub name such as
    `Qwen/Qwen3-8B`."""

    chat_template: str = ""
    """A Jinja file (relative to this folder) in place of the base's chat template, or `chatml`: a plain one with tools,
    for bases that never had any. Empty: the base's own."""

    format: str = ""
    """How the base writes calls, such as `hermes` or `qwen_xml` (docs/formats.md). Empty: its template is asked."""

    thinking: Literal["", "on", "off"] = ""
    """Whether the chat template is told to have the model think (`enable_thinking`), in data, answers and serving.
    Empty: it does as it does by default."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the weights when the model answers. `auto`: bfloat16 on a GPU, float32 elsewhere."""


class GateSettings(SettingsSection):
    """The health gate after fine-tuning: a model that lost its dialogue or its thinking is not trained further."""

    public_margin: Margin = 0.03
    """Share of public-knowledge answers that may be lost against the base model (0.03 is 3 points)."""

    think_whole: Share = 0.97
    """Least share of answers whose `<think>` block is whole."""

    max_repetition: Share = 0.02
    """Largest share of answers that end in a loop."""

    max_garbage: Share = 0.02
    """Largest share of answers with broken characters, leaked special tokens or a foreign script."""


class PairsSettings(SettingsSection):
    """How preference groups are built: one chosen answer and `dpo.k` rejected ones behind one prompt."""

    own_errors: bool = True
    """Take the model's own wrong answers as rejected ones first; `false`: only constructed errors."""

    max_groups: CountOrNone = 0
    """Largest number of groups, taken evenly from the training scenarios. 0: one for every decision of all of them."""


class OnlineSettings(SettingsSection):
    """Online DPO after a run: the model's own answers are compared and trained on, round by round, as `dpo` says."""

    samples: Annotated[int, Field(ge=2)] = 4
    """Answers that the model gives to each situation of a round."""

    temperature: Positive = 1.0
    """Temperature of these answers."""

    decisions: CountOrNone = 256
    """Situations of a round at most, taken evenly from the training scenarios. 0: all of them."""

    reference: bool = True
    """Whether the scenario's own answer competes, so that what the model always gets wrong teaches as well."""

    judge: Annotated[str, Field(pattern="^(rules|trained|reasoned|https?://.+)$")] = "rules"
    """`rules` (match and answer rules), `trained` (see `preference`), `reasoned` (tuned to compare with reasons), or
    the URL of a server whose model judges."""

    judge_model: str = ""
    """The name of the judging model on that server."""


class WatchSettings(SettingsSection):
    """The health watch: a training that damages the model is stopped. It changes no weight of a healthy one."""

    enabled: bool = True
    """Whether trainings are watched."""

    steps: CountOrNone = 0
    """Optimizer steps between two checks; a jump of loss or gradient asks at once. 0: eight checks in a training."""

    questions: Count = 96
    """Questions of a check at most, until it is decided; a healthy model is usually asked 12."""

    max_tokens: Count = 128
    """New tokens per answer of a check."""

    patience: CountOrNone = 16
    """Optimizer steps after which damage must be found again before it stops a training. 0: it stops at once."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    """Largest probability that a healthy training is ever stopped, over all its checks and signs together."""

    beta: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Probability of taking a damaged model for a healthy one in a check that has enough answers to decide."""

    margin: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """By how much a failure rate above the base's counts as damage."""

    batch: Count = 12
    """Answers generated before the test looks again."""


class EvalSettings(SettingsSection):
    """How a model is measured."""

    batch_size: Count = 32
    """Prompts generated together."""

    determinism_runs: Annotated[int, Field(ge=2)] = 5
    """How often one input is repeated to see whether its outcome changes."""

    determinism_items: CountOrNone = 128
    """How many inputs are repeated: decisions, and probes where these are of few groups. 125 unchanged ones carry the
    bar. 0: not measured, so the bar is not met."""

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


class SamplingSettings(SettingsSection):
    """How answers are decoded in every evaluation; an A/B with different sampling is refused."""

    temperature: Annotated[float, Field(ge=0)] = 0.0
    """0 is greedy: the likeliest token every time."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling: the smallest set of tokens with this probability mass. 1: all tokens."""

    max_tokens: Count = 256
    """New tokens per answer, thinking included."""

    seed: CountOrNone = 0
    """Seed of the sampler; it matters only when the temperature is above 0."""


class BarsSettings(SettingsSection):
    """What the tuned model must reach to be signed off."""

    tool_call_accuracy: Share = 0.97
    """Least share of decisions with the right call, name and arguments included, or rightly none."""

    scenario_pass: Share = 0.9
    """Least share of scenarios that are right at the first try: every call and every text that is judged."""

    preference_accuracy: Share = 0.8
    """Least share of held-out comparisons of preferences/ whose better answer the model finds likelier."""

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


class MachineSettings(SettingsSection):
    """How work is spread over a machine. It changes no result beyond the order in which sums are made."""

    workers: Count = 1
    """Processes that train one model together, each on a card of its own; on processors they share its cores."""

    sharded: bool = False
    """Each of these processes holds a part of weights, gradients and optimizer (FSDP); not with `muon` or `qlora`."""

    cluster: str = ""
    """Where `steady sweep` trains branches at once: `local`, or the address of a Ray cluster. Empty: one by one."""

    cores: Count = 1
    """Processor cores of a branch on the cluster; it gets a card besides where the cluster has some."""


class LedgerSettings(SettingsSection):
    """Where runs, stages and scores are recorded."""

    url: str = ""
    """SQLAlchemy URL, for example `postgresql+psycopg://user@host/steady`. Empty: an SQLite file beside the runs."""


class Settings(SettingsSection):
    """A whole steady.toml, resolved."""

    preset: Literal["nano", "qwen3-8b-24gb", "qwen3-8b-80gb", "qwen3-8b-8x80gb"] = "nano"
    """Fills the defaults of other keys: `nano` for the embedded model, others for Qwen3-8B on such cards."""

    seed: CountOrNone = 0
    """Seed of everything random: order of rows, built errors, initial adapters, bootstrap."""

    track: Literal["", "trackio", "tensorboard", "wandb", "mlflow", "swanlab"] = ""
    """The tracker that gets the curves of the trainings; install it beside this package. Empty: none. No result depends
    on it."""

    model: ModelSettings = ModelSettings()
    sft: SftConfig = SftConfig()
    gate: GateSettings = GateSettings()
    pairs: PairsSettings = PairsSettings()
    dpo: DpoConfig = DpoConfig()
    online: OnlineSettings = OnlineSettings()
    preference: PreferenceConfig = PreferenceConfig()
    watch: WatchSettings = WatchSettings()
    eval: EvalSettings = EvalSettings()
    sampling: SamplingSettings = SamplingSettings()
    bars: BarsSettings = BarsSettings()
    machine: MachineSettings = MachineSettings()
    ledger: LedgerSettings = LedgerSettings()
