"""What a report is written from: plain data that a run leaves behind. Knows nothing of pages or languages.

`to_json` is what report.json holds; `from_json` reads it back, so a report can be written again in another language.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import cast

from steadyhand.chat.messages import Json
from steadyhand.domain.coverage import Coverage
from steadyhand.errors import UsageError
from steadyhand.ledger.result import Evaluation, Verdict

STAGES = ("base", "sft", "dpo")
REPORT_VERSION = 3

# The method's own figures, shown beside ours: Qwen3-8B in its own private domain, so never a bar for another model.
PUBLISHED = {"tool_call_accuracy": "about 30 % -> 97-99 %", "invalid_token_ratio": "81 % -> 15 %"}


@dataclass(frozen=True)
class DatasetCounts:
    """Counts of what was trained on and measured with.

    `cards`: kind -> cards. `scenarios`: "class" | "split" | "tag" -> name -> scenarios. `origin`: "model" |
    "mutator" -> rejected answers. `groups`: preference groups (one chosen answer each). `coverage`: their matrix over
    every tool of the domain; None when there are none.
    """

    points: int = 0
    cards: dict[str, int] = field(default_factory=dict)
    rehearsal: int = 0
    scenarios: dict[str, dict[str, int]] = field(default_factory=dict)
    groups: int = 0
    origin: dict[str, int] = field(default_factory=dict)
    coverage: Coverage | None = None


@dataclass(frozen=True)
class ReportData:
    """Everything a report shows; any part may be missing and its section then says so or is left out.

    `created` is an ISO 8601 time given by the caller. `evaluations` is keyed by stage (`STAGES`). `verdict` is the
    final one, `gate` the health gate after SFT. `comparison` rows: metric, a, b (values of base and tuned), p, p_holm,
    discordant (gained, lost); n, difference, low, high where known. `curves`: stage -> rows of "step" and any of
    "loss", "eval_loss", "accuracy", "margin". `seconds`: stage -> wall time. `published`: metric -> the method's own
    figure. `overrides`: "verdict" | "gate" -> metric -> by, time, because: missed bars that a person accepted; the
    words of verdict and gate stay what they are. Raises UsageError for an evaluation under an unknown stage.
    """

    domain: str
    created: str
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    verdict: Verdict | None = None
    gate: Verdict | None = None
    comparison: tuple[dict[str, Json], ...] = ()
    curves: dict[str, list[dict[str, Json]]] = field(default_factory=dict)
    dataset: DatasetCounts | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    manifest: dict[str, Json] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=lambda: dict(PUBLISHED))
    overrides: dict[str, dict[str, Json]] = field(default_factory=dict)
    version: int = REPORT_VERSION

    def __post_init__(self) -> None:
        unknown = sorted(set(self.evaluations) - set(STAGES))
        if unknown:
            raise UsageError(f"unknown stage in the evaluations: {', '.join(unknown)}", next=f"use {', '.join(STAGES)}")

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that were evaluated, in training order."""
        return tuple(stage for stage in STAGES if stage in self.evaluations)

    @property
    def tuned(self) -> str | None:
        """The last tuned stage that was evaluated; None when only the base was."""
        return next((stage for stage in reversed(self.stages) if stage != "base"), None)

    def to_json(self) -> dict[str, Json]:
        """A JSON object; NaN and infinities (a diverged loss) become null, as JSON has no word for them."""
        evaluations = {stage: one.to_json() for stage, one in self.evaluations.items()}
        return cast(dict[str, Json], finite(asdict(replace(self, evaluations={})) | {"evaluations": evaluations}))

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> ReportData:
        """Inverse of `to_json`. Raises UsageError for another version or a shape that does not fit."""
        if row.get("version") != REPORT_VERSION:
            raise UsageError(
                f"report data has version {row.get('version')!r}, not {REPORT_VERSION}",
                where="report.json",
                next="run `steady run` again: it writes the report from what is there, and measures what has changed",
            )
        try:
            return cls(**{**row, **_typed(row)})
        except (AttributeError, KeyError, TypeError) as error:
            message = f"report data does not fit: {error}"
            raise UsageError(message, where="report.json", next="write the report again from its run") from error


def _typed(row: Mapping[str, Json]) -> dict[str, Json]:
    """The fields whose JSON form differs from their type."""
    dataset = row.get("dataset")
    return {
        "evaluations": {name: Evaluation.from_json(one) for name, one in row.get("evaluations", {}).items()},
        "verdict": Verdict.from_json(row["verdict"]) if row.get("verdict") else None,
        "gate": Verdict.from_json(row["gate"]) if row.get("gate") else None,
        "comparison": tuple(row.get("comparison", ())),
        "dataset": DatasetCounts(**{**dataset, "coverage": _coverage(dataset)}) if dataset else None,
    }


def _coverage(dataset: Mapping[str, Json]) -> Coverage | None:
    return Coverage.from_json(dataset["coverage"]) if dataset["coverage"] else None


def finite(value: Json) -> Json:
    """`value` with every NaN and infinity replaced by None, recursively; tuples become lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return value
