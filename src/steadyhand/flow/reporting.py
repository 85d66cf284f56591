"""Gathers what the stages left into the report's data. Knows the artefacts, not the pages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from steadyhand import __version__
from steadyhand.chat.messages import Json
from steadyhand.domain.model import Domain
from steadyhand.domain.rows import Group
from steadyhand.flow.engine import Desk
from steadyhand.flow.shelf import read_evaluation, read_groups, read_json
from steadyhand.ledger.result import Verdict
from steadyhand.report.data import Dataset, ReportData
from steadyhand.report.write import write_report


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
        dataset=_dataset(desk),
        seconds=desk.seconds(),
        manifest=_manifest(desk),
    )


def _dataset(desk: Desk) -> Dataset:
    domain = desk.parts.domain
    groups = read_groups(desk.artefact("pairs") / "groups.jsonl")
    rows = read_json(desk.artefact("sft") / "rows.json")["rows"]
    return Dataset(
        points=len(domain.points),
        cards=dict(Counter(card.kind for card in domain.cards)),
        rehearsal=sum(source.startswith("rehearsal:") for source in rows),
        scenarios=_scenario_counts(domain),
        groups=len(groups),
        rejected=_rejected_counts(groups),
        origin=dict(Counter(r.origin for group in groups for r in group.rejected)),
        tools=tuple(domain.tools),
    )


def _scenario_counts(domain: Domain) -> dict[str, dict[str, int]]:
    return {
        "class": dict(Counter(s.input_class for s in domain.scenarios)),
        "split": dict(Counter(s.split for s in domain.scenarios)),
        "tag": dict(Counter(tag for s in domain.scenarios for tag in s.tags)),
    }


def _rejected_counts(groups: list[Group]) -> dict[str, dict[str, dict[str, int]]]:
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for group in groups:
        cell = counts.setdefault(group.tool, {}).setdefault(group.input_class, {})
        for rejected in group.rejected:
            cell[rejected.mode] = cell.get(rejected.mode, 0) + 1
    return counts


def _manifest(desk: Desk) -> dict[str, Json]:
    """What another person needs to get the same figures."""
    tuned = read_evaluation(desk.artefact("eval_dpo"))
    return {
        "steadyhand": __version__,
        "settings": desk.settings.model_dump(mode="json"),
        "parts": desk.parts.hashes,
        "stages": dict(desk.keys),
        "parity": read_json(desk.artefact("merge") / "parity.json"),
        "evaluation": tuned.manifest,
        "fingerprint": tuned.fingerprint,
    }
