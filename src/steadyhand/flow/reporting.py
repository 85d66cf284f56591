"""Gathers what the stages left into the report's data. Knows the artifacts, not the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from steadyhand import __version__
from steadyhand.chat.messages import Json
from steadyhand.flow.artifacts import read_evaluation, read_groups, read_json
from steadyhand.flow.context import RunContext
from steadyhand.flow.sign_off import judging
from steadyhand.ledger.result import Evaluation, Verdict
from steadyhand.report import numbers
from steadyhand.report.data import ReportData
from steadyhand.report.dataset import count_dataset
from steadyhand.report.write import write_report
from steadyhand.text.redaction import without_passwords


def report(context: RunContext, out: Path) -> None:
    write_report(report_data(context), out)


def report_data(context: RunContext) -> ReportData:
    groups = read_groups(context.artifact("pairs") / "groups.jsonl") if "pairs" in context.keys else []
    return ReportData(
        domain=context.parts.domain.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluations={name: read_evaluation(context.artifact(f"eval_{name}")) for name in ("base", *context.trained)},
        verdict=Verdict.from_json(read_json(context.artifact("verdict") / "verdict.json")),
        gate=Verdict.from_json(read_json(context.artifact("gate") / "gate.json")),
        comparison=tuple(read_json(context.artifact("verdict") / "comparison.json")["rows"]),
        curves={name: read_json(context.artifact(name) / "curve.json")["curve"] for name in context.trained},
        dataset=count_dataset(context.parts.domain, groups),
        seconds=context.seconds(),
        manifest=_manifest(context),
    )


def stopped_report(context: RunContext, out: Path) -> list[Path]:
    """The page of a run that the health gate ended: what the fine-tuned model lost against the base."""
    tuned = read_evaluation(context.artifact("gate"))
    data = ReportData(
        domain=context.parts.domain.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluations={"base": read_evaluation(context.artifact("eval_base")), "sft": tuned},
        gate=Verdict.from_json(read_json(context.artifact("gate") / "gate.json")),
        curves={"sft": read_json(context.artifact("sft") / "curve.json")["curve"]},
        dataset=count_dataset(context.parts.domain),
        seconds=context.seconds(),
        manifest=_conditions(context, tuned) | {"stages": _done(context)},
    )
    return write_report(data, out)


def _done(context: RunContext) -> dict[str, Json]:
    """The stages that were carried out, so not the report: this page is no artifact of the run."""
    return {name: key for name, key in context.keys.items() if context.store.done(key)}


def _conditions(context: RunContext, tuned: Evaluation) -> dict[str, Json]:
    return {
        "steadyhand": __version__,
        "origin": _origin(context),
        "settings": without_passwords(context.settings.model_dump(mode="json", exclude={"ledger"})),
        "parts": context.parts.hashes,
        "judging": judging(context.parts.domain.system, context.parts.domain.checks),
        "stages": dict(context.keys),
        "evaluation": tuned.manifest,
        "fingerprint": tuned.fingerprint,
    }


def _origin(context: RunContext) -> dict[str, Json]:
    """The base, its size, and where the tuned model lies for a person; "" where it is not known."""
    from steadyhand.models.loading.weights import parameters

    merged = "merge" in context.keys and context.store.done(context.keys["merge"])
    size = numbers.count(parameters(context.parts.base))
    return {
        "base": context.settings.model.base,
        "size": size,
        "model": str(context.store.root / "model") if merged else "",
    }


def _manifest(context: RunContext) -> dict[str, Json]:
    """What another person needs to get the same figures."""
    return _conditions(context, read_evaluation(context.artifact(f"eval_{context.trained[-1]}"))) | {
        "parity": read_json(context.artifact("merge") / "parity.json"),
        "accepted_damage": read_json(context.artifact("gate") / "gate.json")["word"]
        == "FAIL",  # else the run had ended
    }
