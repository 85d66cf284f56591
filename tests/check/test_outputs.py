from __future__ import annotations

import json

from steadyhand.check.finding import finding
from steadyhand.check.outputs import github, sarif
from steadyhand.check.rules import RULES
from steadyhand.errors import Place

FOUND = [
    finding("S101", Place("data/a,b.jsonl", 7, 3), "100 % wrong:\nline two", "correct it"),
    finding("Q106", Place("whole.json"), "{{name}}", "fill it in"),
]


def test_sarif_names_rules_levels_and_places() -> None:
    log = json.loads(json.dumps(sarif(FOUND)))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    first, second = run["results"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "S101"
    place = first["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "data/a,b.jsonl"},
        "region": {"startLine": 7, "startColumn": 3},
    }
    assert (first["level"], second["level"]) == ("error", "warning")
    assert second["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1}  # counted from 1


def test_github_annotations_are_one_escaped_line_each() -> None:
    first, second = github(FOUND)
    assert first.startswith("::error file=data/a%2Cb.jsonl,line=7,col=3,title=S101 ")
    assert first.endswith("::100 %25 wrong:%0Aline two; correct it")
    assert second.startswith("::warning file=whole.json,line=1,col=1,")
