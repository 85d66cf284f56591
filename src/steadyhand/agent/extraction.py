"""The tool by which a model that plans freely takes names out of the report at hand.

The agent carries it out itself, on the whole report and by the same rules as the fixed plan, so that no model does the
string work. To the run it is a read like any other: it stands in the trace and replays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadyhand.agent.extractors import entities_of
from steadyhand.agent.plan import Asker
from steadyhand.chat.messages import Json, Tool
from steadyhand.errors import DomainError
from steadyhand.extract import KINDS, Kind
from steadyhand.tools.config import schema_of
from steadyhand.tools.result import Result, Status


def extraction(folder: Path, name: str) -> Tool:
    """The tool `name` of the domain in `folder`; each argument is a kind, wanted or not. Raises DomainError."""
    path = folder / "tools" / f"{name}.json"
    tool = schema_of(path, name)
    fields = tool.parameters.get("properties") or {}
    if wrong := [field for field, row in fields.items() if field not in KINDS or row.get("type") != "boolean"]:
        what = f"its argument {wrong[0]!r} is not one of {', '.join(KINDS)} as a boolean"
        raise DomainError(what, where=str(path), next="name another tool at free.extract, or none")
    return tool


def with_extraction(ask: Asker, extract: Tool, text: str) -> Asker:
    """`ask`, but calls of `extract` are answered from `text`: {"domains": [...], ...} with a list for each kind wanted,
    every name once, in the order of the text."""

    def asked(tool: str, arguments: Sequence[dict[str, Json]], parallel: int) -> list[Result]:
        if tool != extract.name:
            return ask(tool, arguments, parallel)
        return [Result(Status.OK, _lists(text, [kind for kind in KINDS if wanted.get(kind)])) for wanted in arguments]

    return asked


def _lists(text: str, kinds: Sequence[Kind]) -> dict[str, Json]:
    lists: dict[str, list[Json]] = {f"{kind}s": [] for kind in kinds}
    for entity in entities_of(text, kinds):
        lists[f"{entity.kind}s"].append(entity.value)
    return dict(lists)
