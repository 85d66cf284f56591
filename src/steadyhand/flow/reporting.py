"""Gathers what the stages left into the report's data. Knows the artefacts, not the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from steadyhand import __version__
from steadyhand.chat.messages import Json
from steadyhand.flow.artifacts import read_evaluation, read_groups, read_json
from steadyhand.flow.context import Desk
from steadyhand.ledger.result import Evaluation, Verdict
from steadyhand.report import numbers
from steadyhand.report.data import ReportData
from steadyhand.report.dataset import count_dataset
from steadyhand.report.write import write_report
from steadyhand.text.redaction import without_passwords


def report(desk: Desk, out: Path) -> None:
    write_report(report_data(desk), out)


def report_data(desk: Desk) -> ReportData:
    evaluations = {name: read_evaluation(desk.artefact(f"eval_{name}")) for name in ("base", "sft", "dpo")}
    return ReportData(
        domain=desk.parts.domain.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluations=evaluations,
        verdict=Verdict.from_json(read_json(desk.artefact("verdict") / "verdict.json")),
        gate=Verdict.from_json(read_json(desk.artefact("gate") / "gate.json")),
        comparison=tuple(read_json(desk.artefact("verdict") / "comparison.json")["rows"]),
        curves={name: read_json(desk.artefact(name) / "curve.json")["curve"] for name in ("sft", "dpo")},
        dataset=count_dataset(desk.parts.domain, read_groups(desk.artefact("pairs") / "groups.jsonl")),
        seconds=desk.seconds(),
        manifest=_manifest(desk),
    )


def stopped_report(desk: Desk, out: Path) -> list[Path]:
    """The page of a run that the health gate ended: what the fine-tuned model lost against the base."""
    tuned = read_evaluation(desk.artefact("gate"))
    data = ReportData(
        domain=desk.parts.domain.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluations={"base": read_evaluation(desk.artefact("eval_base")), "sft": tuned},
        gate=Verdict.from_json(read_json(desk.artefact("gate") / "gate.json")),
        curves={"sft": read_json(desk.artefact("sft") / "curve.json")["curve"]},
        dataset=count_dataset(desk.parts.domain),
        seconds=desk.seconds(),
        manifest=_conditions(desk, tuned),
    )
    return write_report(data, out)


def _conditions(desk: Desk, tuned: Evaluation) -> dict[str, Json]:
    return {
        "steadyhand": __version__,
        "origin": _origin(desk),
        "settings": without_passwords(desk.settings.model_dump(mode="json", exclude={"ledger"})),
        "parts": desk.parts.hashes,
        "stages": dict(desk.keys),
        "evaluation": tuned.manifest,
        "fingerprint": tuned.fingerprint,
    }


def _origin(desk: Desk) -> dict[str, Json]:
    """The base, its size, and where the tuned model lies for a person; "" where it is not known."""
    from steadyhand.models.loading.weights import parameters

    merged = "merge" in desk.keys and desk.store.done(desk.keys["merge"])
    size = numbers.count(parameters(desk.parts.base))
    return {
        "base": desk.settings.model.base,
        "size": size,
        "model": str(desk.store.root / "model") if merged else "",
    }


def _manifest(desk: Desk) -> dict[str, Json]:
    """What another person needs to get the same figures."""
    return _conditions(desk, read_evaluation(desk.artefact("eval_dpo"))) | {
        "parity": read_json(desk.artefact("merge") / "parity.json"),
        "accepted_damage": read_json(desk.artefact("gate") / "gate.json")["word"] == "FAIL",  # else the run had ended
    }
