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
    results = [_result(found, index[found.code]) for found in findings]
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> dict[str, Json]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(found: Finding, index: int) -> dict[str, Json]:
    region = {"startLine": max(1, found.place.line), "startColumn": max(1, found.place.column)}
    place = {"artifactLocation": {"uri": found.place.file.replace("\\", "/")}, "region": region}
    return {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": found.severity,
        "message": {"text": f"{found.message}\nnext: {found.next}"},
        "locations": [{"physicalLocation": place}],
    }


def github(findings: Iterable[Finding]) -> Iterator[str]:
    """One workflow command a finding. Data escapes % CR LF, properties also : and , (GitHub's toolkit)."""
    for found in findings:
        place = {"file": found.place.file, "line": str(found.place.line or 1), "col": str(found.place.column or 1)}
        where = ",".join(f"{key}={_property(value)}" for key, value in place.items())
        title = _property(f"{found.code} {RULES[found.code].title}")
        yield f"::{_COMMANDS[found.severity]} {where},title={title}::{_data(f'{found.message}; {found.next}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
