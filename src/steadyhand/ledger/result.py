"""What an evaluation leaves behind, as plain data that is stored, compared and reported.

An unscored sample is counted in `unscored` and never averaged in; a metric without samples has value None.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

from steadyhand.chat.messages import Json

VerdictWord = Literal["PASS", "FAIL", "INSUFFICIENT"]
RESULT_VERSION = 1


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


@dataclass(frozen=True)
class Item:
    """One scored sample: what was asked (ids and hash), what came back raw, and how it was judged."""

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
    facts: dict[str, Json] = field(default_factory=dict)  # details by suite: called, name_ok, args_ok, think ...


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on one model. `manifest` holds what must be equal in an A/B (sampling, item set hash,
    prompt hashes) and what identifies the model (fingerprint, versions)."""

    model: str  # "base" | "sft" | "dpo" or a path
    fingerprint: str
    metrics: dict[str, Metric]
    items: tuple[Item, ...]
    manifest: dict[str, Json]
    version: int = RESULT_VERSION

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Json]) -> Evaluation:
        metrics = {name: Metric(**metric) for name, metric in row["metrics"].items()}
        items = tuple(Item(**item) for item in row["items"])
        return cls(row["model"], row["fingerprint"], metrics, items, row["manifest"], row["version"])


@dataclass(frozen=True)
class Check:
    """One line of a verdict: a bar and whether the evidence clears it."""

    metric: str
    bar: str  # readable, e.g. ">= 0.97" or "non-inferior to base at 3 points"
    verdict: VerdictWord
    value: float | None
    low: float | None
    high: float | None
    n: int
    p_value: float | None = None
    cases_needed: int | None = None  # further cases needed when INSUFFICIENT
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """FAIL if any check fails, else INSUFFICIENT if any is, else PASS."""

    word: VerdictWord
    checks: tuple[Check, ...]

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Json]) -> Verdict:
        return cls(row["word"], tuple(Check(**check) for check in row["checks"]))
