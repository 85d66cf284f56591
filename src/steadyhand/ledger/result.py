"""What an evaluation leaves behind, as plain data that is stored, compared and reported.

An unscored sample is counted in `unscored` and never averaged in; a metric without samples has value None. What is on
disk names its version: an older one is refused by name, because its figures meant something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.text.html import percent, table

VerdictWord = Literal["PASS", "FAIL", "INSUFFICIENT"]
CheckWord = Literal["PASS", "FAIL", "INSUFFICIENT", "NOT_APPLICABLE"]
RESULT_VERSION = 2


@dataclass(frozen=True)
class Metric:
    """A figure with its evidence. `low`/`high` bound `value` at 95 %; `k` successes of `n` when it is a rate;
    `clusters` is the number of independent units when samples are not (a dialogue is one)."""

    name: str
    value: float | None
    n: int
    low: float | None
    high: float | None
    k: int | None = None
    unscored: int = 0
    clusters: int | None = None
    note: str = ""
    detail: Json = None  # what a page may show besides, for example a confusion matrix


@dataclass(frozen=True)
class Facts:
    """All that was seen in an answer, so that metrics never look at text again. A fact that does not apply keeps its
    default, and None is "nothing to say": a turn without a call has no arguments to be right."""

    asked: str = ""  # hash of the question and what judges it
    opening: bool = False  # nothing was said before the question
    clarify: bool = False  # the extra clarifying turn that a base model may be given: recorded, never counted
    # of a decision
    scenario: str = ""
    input_class: str = ""
    tool: str = ""  # the one that is due, "none" where none is
    tools: int | None = None  # on offer
    due: bool = False
    called: bool = False
    calls_ok: bool | None = None
    name_ok: bool | None = None
    args_ok: bool | None = None
    answer_ok: bool | None = None
    detail: str = ""  # where the calls fail
    repairs: tuple[str, ...] = ()  # what the lenient reading mended
    untyped: tuple[str, ...] = ()
    checks: dict[str, dict[str, Json]] = field(default_factory=dict)  # check -> kind, word, code and its own facts
    user: str = ""  # what the user said last, where a tool's result came after it
    gold: str = ""  # the text of the answer that is due
    # of a comparison
    category: str = ""
    why: dict[str, str] = field(default_factory=dict)  # cause and remedy, where somebody named them
    rejected: str = ""
    chosen_log_prob: float | None = None
    rejected_log_prob: float | None = None
    # of a text
    think: str = ""  # a ThinkCode
    think_whole: bool = True
    cot: bool | None = None
    loop: str | None = None
    garbage: tuple[str, ...] = ()
    too_short: bool = False
    quality: bool | None = None
    invalid_tokens: int = 0
    answer_tokens: int = 0
    think_invalid_tokens: int = 0
    think_tokens: int = 0
    # of repetitions: distinct (text, finish reason), each run's index into them by mode, and level -> mode -> equal
    texts: tuple[tuple[str, str], ...] = ()
    runs: dict[str, list[int]] = field(default_factory=dict)
    same: dict[str, dict[str, bool | None]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Without what keeps its default."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) != getattr(_UNSEEN, f.name)}

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> Facts:
        """Inverse of `to_json`. Raises TypeError for a fact that is not known."""
        lists = {name: tuple(row[name]) for name in ("repairs", "untyped", "garbage") if name in row}
        texts = {"texts": tuple((text, finish) for text, finish in row["texts"])} if "texts" in row else {}
        return cls(**{**row, **lists, **texts})


_UNSEEN = Facts()


@dataclass(frozen=True)
class Item:
    """One scored sample: what was asked (ids and hash), what came back raw, and how it was judged.

    `passed` is the one rule of what is right: the calls match *and* the text satisfies everything that judges it. It is
    None where nothing judges the answer, whatever the model did. `lenient_passed` speaks of calls alone.
    """

    id: str
    suite: str  # "tool" | "public" | "anchoring" | "reasoning"
    cluster: str
    lang: str
    prompt_hash: str
    raw: str
    finish_reason: str
    completion_tokens: int
    passed: bool | None  # None: unscored
    code: str | None = None  # first reason code when it failed
    lenient_passed: bool | None = None
    lenient_code: str | None = None
    expected: str = ""  # the gold calls or answer rule, readable
    question: str = ""  # the last user or tool message, readable
    facts: Facts = field(default_factory=Facts)

    def to_json(self) -> dict[str, Json]:
        return {**vars(self), "facts": self.facts.to_json()}

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> Item:
        return cls(**{**row, "facts": Facts.from_json(row.get("facts", {}))})


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on one model. `manifest` holds what must be equal in an A/B (sampling, item set hash,
    prompt hashes), what the domain has to be measured (`has`), and what identifies the model (fingerprint, versions).
    """

    model: str  # "base" | "sft" | "dpo" or a path
    fingerprint: str
    metrics: dict[str, Metric]
    items: tuple[Item, ...]
    manifest: dict[str, Json]
    version: int = RESULT_VERSION

    def to_json(self) -> dict[str, Json]:
        metrics = {name: asdict(metric) for name, metric in self.metrics.items()}
        return {**vars(self), "metrics": metrics, "items": [item.to_json() for item in self.items]}

    @classmethod
    def from_json(cls, row: dict[str, Json]) -> Evaluation:
        """Inverse of `to_json`. Raises UsageError for another version, KeyError or TypeError for another shape."""
        if row["version"] != RESULT_VERSION:
            raise UsageError(
                f"an evaluation of version {row['version']!r}, not {RESULT_VERSION}: "
                "version 1 called an answer right when its calls were, whatever its text said",
                next="evaluate the model again with `steady eval ... --save`, or run `steady run` again",
            )
        metrics = {name: Metric(**metric) for name, metric in row["metrics"].items()}
        items = tuple(Item.from_json(item) for item in row["items"])
        return cls(row["model"], row["fingerprint"], metrics, items, row["manifest"], row["version"])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows = [[m.name, percent(m.value, m.low, m.high), m.n, m.unscored, m.note] for m in self.metrics.values()]
        return table(f"{self.model} ({self.fingerprint[:12]})", ["metric", "value", "n", "unscored", ""], rows)


@dataclass(frozen=True)
class Check:
    """One line of a verdict: a bar and whether the evidence clears it. NOT_APPLICABLE: the domain has nothing that the
    bar is about; such a line is shown and not counted."""

    metric: str
    bar: str  # readable, e.g. ">= 0.97" or "non-inferior to base at 3 points"
    verdict: CheckWord
    value: float | None
    low: float | None
    high: float | None
    n: int
    p_value: float | None = None
    cases_needed: int | None = None  # further ones of `unit` needed when INSUFFICIENT
    reason: str = ""
    unit: str = "cases"  # what `cases_needed` counts: decisions, scenarios, dialogues, inputs, facts, answers
    least: float | None = None  # the bar as a number: the value must reach it
    margin: float | None = None  # the bar of a non-inferiority test: the share that may be lost


@dataclass(frozen=True)
class Verdict:
    """FAIL if any check fails, else INSUFFICIENT if any is or none applies, else PASS."""

    word: VerdictWord
    checks: tuple[Check, ...]

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Json]) -> Verdict:
        return cls(row["word"], tuple(Check(**check) for check in row["checks"]))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows = [[c.verdict, c.metric, percent(c.value, c.low, c.high), c.bar, c.n, c.reason] for c in self.checks]
        return table(self.word, ["verdict", "metric", "value", "bar", "n", "evidence"], rows)
