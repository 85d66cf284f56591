"""Tools: which interface is covered by which inputs and errors, and where it stays stubborn."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from dataclasses import dataclass

from starlette.responses import Response

from steadyhand.chat.messages import Tool
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.domain.model import Domain
from steadyhand.errors import UsageError
from steadyhand.report.failures import HeatTable, heat_tables
from steadyhand.studio import measured
from steadyhand.studio.page import Handler, PageRequest, StudioPage
from steadyhand.studio.project import Project, StillReadingError

CLASSES = ("common", "boundary", "noisy")
NONE = "none"


@dataclass(frozen=True)
class ToolUse:
    """How often a tool is due in the domain's scenarios: (input class, split) -> decisions."""

    name: str
    counts: Counter[tuple[str, str]]

    def of(self, input_class: str, split: str) -> int:
        return self.counts[input_class, split]


def show(ask: PageRequest) -> Response:
    """Decisions by tool and class, rejected answers by tool, class and error mode, and failures by tool."""
    domain = ask.project.domain()
    used = ask.project.soon("tools", ask.project.changed(), lambda: _used(domain))
    if used is None:
        raise StillReadingError("the scenarios are being counted", next="this page comes again by itself")
    data = measured.report_data(ask.project)
    coverage = data.dataset.coverage if data and data.dataset else None
    tables = _failures(ask.project)
    return ask.page(
        "tools.html.j2", domain=domain, used=used, classes=CLASSES, coverage=coverage, stubborn=_stubborn(tables),
        missing=[one.name for one in used if one.name != NONE and not one.counts.total()],
        command=shlex.join(["steady", "check", str(ask.project.folder)]),
    )  # fmt: skip


def tool(ask: PageRequest) -> Response:
    """One tool: its schema, and the scenarios in which it is due."""
    domain = ask.project.domain()
    found = domain.tools.get(ask.query("name"))
    if found is None:
        raise UsageError("no such tool", next="go back to the list")
    due = [one for scenario in domain.scenarios for one in decisions(scenario) if _is_due(found.name, one)]
    return ask.page(
        "tool.html.j2", tool=found, schema=_schema(found), due=due[:100], total=len(due), title=found.name,
        command=shlex.join(["steady", "check", str(ask.project.folder)]),
    )  # fmt: skip


def _used(domain: Domain) -> list[ToolUse]:
    counts: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in (*domain.tools, NONE)}
    for scenario in domain.scenarios:
        for one in decisions(scenario):
            names = {call.name for call in one.expected} or {NONE}
            for name in names:
                counts.setdefault(name, Counter())[scenario.input_class, scenario.split] += 1
    return [ToolUse(name, counter) for name, counter in counts.items()]


def _is_due(name: str, one: Decision) -> bool:
    return any(call.name == name for call in one.expected)


def _failures(project: Project) -> list[HeatTable]:
    data = measured.report_data(project)
    if data is None:
        return []
    found = project.soon("heat", data.created, lambda: heat_tables(data.evaluations, data.stages))
    if found is None:
        raise StillReadingError("the answers are being counted", next="this page comes again by itself")
    return found


def _stubborn(tables: list[HeatTable]) -> list[tuple[str, int, int]]:
    """(tool, failed, scored) of the last model, the worst share first; tools without a failure are left out."""
    totals = tables[-1].totals if tables else {}
    wrong = [(tool, failed, scored) for tool, (failed, scored) in totals.items() if failed]
    return sorted(wrong, key=lambda row: (-row[1] / row[2], row[0]))


def _schema(tool: Tool) -> str:
    return json.dumps(tool.to_openai(), ensure_ascii=False, indent=1)


PAGE = StudioPage(
    "tools",
    "/tools",
    24,
    (Handler("/tools", show), Handler("/tools/tool", tool)),
    lambda project: project.folder is not None,
    rare=True,
)
