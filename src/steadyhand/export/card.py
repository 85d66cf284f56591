"""A model card (README.md of an exported model): what it was made from, what was measured, how it is served.

Every figure comes with its n and its interval, an unscored metric says so, and a model without an evaluation says that
it has none. Writes text; measures nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steadyhand.ledger.result import Evaluation, Metric, Verdict

STAGES = {"base": "base", "sft": "after SFT", "dpo": "tuned"}


@dataclass(frozen=True)
class ModelCard:
    """What a card says. `commands` are ready to be pasted; `notes` are sentences on what to know before use."""

    name: str
    base: str
    fingerprint: str
    version: str
    domain: str = ""
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    verdict: Verdict | None = None
    commands: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def render_card(card: ModelCard) -> str:
    """Markdown with the front matter that model hubs read. `license` is left to whoever publishes: the base's holds."""
    front = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        f"base_model: {json.dumps(card.base)}",
    ]
    lines = [*front, "tags: [steadyhand, tool-calling]", "---", "", f"# {card.name}", "", _origin(card), ""]
    lines += ["## Evaluation", "", *_evaluation(card), ""]
    lines += ["## Files", "", *(f"- `{name}`: {what}" for name, what in card.files.items()), ""]
    lines += ["## Serving", "", *_commands(card), *(f"- {note}" for note in card.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _origin(card: ModelCard) -> str:
    taught = f", taught the domain {card.domain}" if card.domain else ""
    return f"Made from {card.base}{taught} with Steadyhand {card.version}. Fingerprint `{card.fingerprint}`."


def _evaluation(card: ModelCard) -> list[str]:
    if not card.evaluations:
        return ["None. Measure it before use: `steady eval --model . --domain FOLDER`."]
    stages = [stage for stage in STAGES if stage in card.evaluations]
    names = list(dict.fromkeys(name for stage in stages for name in card.evaluations[stage].metrics))
    head = ["metric", *(STAGES[stage] for stage in stages)]
    rows = [[name, *(_figure(card.evaluations[stage].metrics.get(name)) for stage in stages)] for name in names]
    table = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return [
        f"Held out, with 95 % intervals. {_sampling(card.evaluations[stages[-1]])}",
        "",
        *table,
        "",
        *_verdict(card),
    ]


def _sampling(evaluation: Evaluation) -> str:
    given = evaluation.manifest.get("sampling")
    return f"Sampling: {json.dumps(given)}." if given else ""


def _figure(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return "not scored"
    text = f"{100 * metric.value:.1f} %"
    if metric.low is not None and metric.high is not None:
        text += f" [{100 * metric.low:.1f}, {100 * metric.high:.1f}]"
    return f"{text} (n = {metric.n}{f', {metric.unscored} unscored' if metric.unscored else ''})"


def _verdict(card: ModelCard) -> list[str]:
    if card.verdict is None:
        return ["No verdict was given."]
    lines = [f"Verdict: **{card.verdict.word}**", ""]
    return lines + [
        f"- {check.verdict} {check.metric} {check.bar} {check.reason}".rstrip() for check in card.verdict.checks
    ]


def _commands(card: ModelCard) -> list[str]:
    return [part for command in card.commands for part in ("```sh", command, "```", "")]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
