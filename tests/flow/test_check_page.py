from __future__ import annotations

import json
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.check.dataset import dataset_of_files
from steadyhand.check.lint import lint_files
from steadyhand.check.rules import RULES
from steadyhand.datasets.convert import read_dialogues
from steadyhand.flow.check_page import lint_data

TOOLS = [{"name": "search", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}]


def row(question: str, *, call: bool, **arguments: Json) -> Json:
    function = {"name": "search", "arguments": json.dumps(arguments)}
    answer = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
    plain = {"role": "assistant", "content": "No need to search."}
    return {"messages": [{"role": "user", "content": question}, answer if call else plain], "tools": TOOLS}


def test_the_page_gets_what_the_rules_counted(tmp_path: Path) -> None:
    rows = [row("please look", call=False), row("find level", call=True, q=1), row("find me", call=True, q="b")]
    rows.append({"prompt": "ask", "chosen": "long answer", "rejected": "no"})
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    files = [read_dialogues(path, preferences=True)]
    report = lint_files(files, frozenset(RULES))
    data = lint_data("d", report, dataset_of_files(files), {"row 3": "noisy"}, {"rows": 4})
    assert data.counts["rows"] == 4
    assert data.counts["errors"] == 1
    assert (data.rules[0].code, data.rules[0].count, data.rules[0].places[0][0]) == ("S101", 1, f"{path}:2:1")
    assert data.matrices[0].rows == {("search", ""): [1, 1], ("search", "noisy"): [1, 0]}
    assert data.lengths is not None
    assert data.lengths["judged"] == {"chosen": [11], "rejected": [2]}
    assert {cue.feature for cue in data.cues} >= {"find"}
