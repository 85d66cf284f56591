"""Findings in the formats that other programs read: SARIF 2.1.0 and the annotations of GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from steadyhand import __version__
from steadyhand.chat.messages import Json
from steadyhand.check.finding import Finding
from steadyhand.check.rules import RULES, Rule

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def sarif(findings: Sequence[Finding]) -> dict[str, Json]:
    """One run in SARIF 2.1.0 (OASIS, 2020); its levels error, warning and note are ours."""
    index = {code: number for number, code in enumerate(RULES)}
    driver = {"name": "steady check", "version": __version__, "rules": [_rule(rule) for rule in RULES.values()]}
    results = [_result(finding, index[finding.code]) for finding in findings]
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> dict[str, Json]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, index: int) -> dict[str, Json]:
    region = {"startLine": max(1, finding.place.line), "startColumn": max(1, finding.place.column)}
    place = {"artifactLocation": {"uri": finding.place.file.replace("\\", "/")}, "region": region}
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": f"{finding.message}\nnext: {finding.next}"},
        "locations": [{"physicalLocation": place}],
    }


def github(findings: Iterable[Finding]) -> Iterator[str]:
    """One workflow command a finding. Data escapes % CR LF, properties also : and , (GitHub's toolkit)."""
    for finding in findings:
        place = {
            "file": finding.place.file,
            "line": str(finding.place.line or 1),
            "col": str(finding.place.column or 1),
        }
        where = ",".join(f"{key}={_property(value)}" for key, value in place.items())
        title = _property(f"{finding.code} {RULES[finding.code].title}")
        yield f"::{_COMMANDS[finding.severity]} {where},title={title}::{_data(f'{finding.message}; {finding.next}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
