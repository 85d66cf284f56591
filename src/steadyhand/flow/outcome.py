"""What a run found, as the JSON of `steady run --json` and as a table for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.flow.artifacts import read_evaluation, read_json
from steadyhand.flow.context import RunContext
from steadyhand.ledger.result import Evaluation
from steadyhand.text.terminal import one_line

REPEATED = "determinism_"


def outcome(context: RunContext, model: Path | None = None) -> dict[str, Json]:
    """For each model every metric with value, n and interval; then the verdict and the gate. `model`: where the tuned
    model lies for a person (None: where the stage left it)."""
    evaluations = {name: read_evaluation(context.artifact(f"eval_{name}")) for name in ("base", *context.trained)}
    tuned = evaluations[context.trained[-1]]
    return {
        "domain": context.parts.domain.name,
        "models": {name: figures(evaluation) for name, evaluation in evaluations.items()},
        "verdict": read_json(context.artifact("verdict") / "verdict.json"),
        "gate": read_json(context.artifact("gate") / "gate.json"),
        "fingerprint": tuned.fingerprint,
        "model_folder": str(model or context.artifact("merge") / "model"),
        "task": task_of(tuned),
        "merged": read_json(context.artifact("merge") / "parity.json").get("merged", True),
        "seconds": context.seconds(),
    }


def figures(evaluation: Evaluation) -> dict[str, Json]:
    return {name: asdict(metric) for name, metric in evaluation.metrics.items()}


def task_of(evaluation: Evaluation) -> dict[str, Json] | None:
    """How many held-out answers are right (all that judges them passes), of how many; None where none was asked. What
    nothing judges is not right."""
    asked = [item for item in evaluation.items if item.suite == "tool"]
    return {"right": sum(bool(item.passed) for item in asked), "asked": len(asked)} if asked else None


def table(result: dict[str, Json]) -> str:
    """The verdict and why, then every figure of every model."""
    verdict, task = result["verdict"], result["task"]
    lines = [f"verdict: {verdict['word']}, of the model {result['fingerprint']}"]
    lines += [f"right: {task['right']} of {task['asked']} held-out answers"] if task else []
    lines += [line_of(check) for check in verdict["checks"]]
    models = result["models"]
    rows = _rows(models)
    width = max(map(len, rows), default=0)
    lines += ["", f"{'':<{width}}  " + "".join(f"{model:>24}" for model in models)]
    for label, name in rows.items():
        cells = "".join(f"{_cell(metrics.get(name)):>24}" for metrics in models.values())
        lines.append(f"{label:<{width}}  {cells}")
    return "\n".join(map(one_line, lines))


def _rows(models: Mapping[str, dict[str, Json]]) -> dict[str, str]:
    """What a row is called -> its metric. What no model has is left out; figures of repetition that are all alike are
    one row."""
    names = dict.fromkeys(metric for one in models.values() for metric in one)
    known = [name for name in names if any((one.get(name) or {}).get("value") is not None for one in models.values())]
    repeated = [name for name in known if name.startswith(REPEATED)]
    alike = len({json.dumps([_value(one, name) for one in models.values()]) for name in repeated}) == 1
    if len(repeated) < 2 or not alike:
        return {name: name for name in known}
    told = f"{REPEATED}* ({len(repeated)} alike)"
    rows = {name: name for name in known if name not in repeated}
    return rows | {told: f"{REPEATED}outcome" if f"{REPEATED}outcome" in repeated else repeated[0]}


def _value(metrics: dict[str, Json], name: str) -> Json:
    return (metrics.get(name) or {}).get("value")


def line_of(check: dict[str, Json]) -> str:
    """A check of a verdict as one line for a terminal."""
    word = "n/a" if check["verdict"] == "NOT_APPLICABLE" else check["verdict"]
    more = f"; {check['cases_needed']} more {check['unit']} needed" if check["cases_needed"] else ""
    return f"{word:<12} {figure_of(check)}  {check['reason']}{more}".rstrip()


def figure_of(check: dict[str, Json]) -> str:
    """What was measured, and the bar."""
    value = "" if check["value"] is None else f" {100 * check['value']:.1f} %"
    return f"{check['metric']}{value} ({check['bar']})"


def _cell(metric: dict[str, Json] | None) -> str:
    if metric is None or metric["value"] is None:
        return "-"
    value = f"{100 * metric['value']:.1f} %"
    if metric["low"] is None:
        return f"{value} n={metric['n']}"
    return f"{value} [{100 * metric['low']:.0f}, {100 * metric['high']:.0f}] n={metric['n']}"
