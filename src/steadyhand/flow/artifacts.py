"""How stages leave results on disk and read those of earlier stages: plain JSON and JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.domain.rows import Group, Rejected
from steadyhand.files import write_whole
from steadyhand.ledger.result import Evaluation

EVALUATION = "evaluation.json"


def write_json(path: Path, value: Json) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def read_json(path: Path) -> Json:
    return json.loads(path.read_text("utf-8"))


def read_object(path: Path) -> dict[str, Json]:
    """A JSON object, or an empty one when the file is absent."""
    row: dict[str, Json] = read_json(path) if path.is_file() else {}
    return row


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    write_json(folder / EVALUATION, evaluation.to_json())


def read_evaluation(folder: Path) -> Evaluation:
    return Evaluation.from_json(read_json(folder / EVALUATION))


def read_groups(path: Path) -> list[Group]:
    return [_group(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def copy_files(source: Path, to: Path) -> list[Path]:
    """Copy the pages of a report, each replaced in one step."""
    to.mkdir(parents=True, exist_ok=True)
    pages = sorted(page for page in source.iterdir() if page.name.startswith("report"))
    return [write_whole(to / page.name, page.read_text("utf-8")) for page in pages]


def _group(row: dict[str, Json]) -> Group:
    return Group(
        id=row["id"],
        messages=tuple(_message(m) for m in row["messages"]),
        tools=tuple(Tool(**tool) for tool in row["tools"]),
        chosen=_message(row["chosen"]),
        rejected=tuple(Rejected(**r) for r in row["rejected"]),
        input_class=row["input_class"],
        tool=row["tool"],
    )


def _message(row: dict[str, Json]) -> Message:
    calls = tuple(ToolCall(**call) for call in row["calls"])
    return Message(row["role"], row["content"], row["think"], calls, row.get("tool_call_id", ""))
