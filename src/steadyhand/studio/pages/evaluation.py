"""Evaluation: what each model can do, where it fails, and every answer behind the figures."""

from __future__ import annotations

import shlex
from typing import Any

from starlette.responses import Response

from steadyhand.errors import UsageError
from steadyhand.report.failures import heat_tables
from steadyhand.report.page import figure_parts
from steadyhand.studio import measured
from steadyhand.studio.page import Handler, PageRequest, StudioPage, part
from steadyhand.studio.project import Project, StillReadingError

SHOWN = 50
FILTERS = ("suite", "outcome", "tool", "code")


def show(ask: PageRequest) -> Response:
    """The figures of all models with their intervals and bars, and the failures by tool."""
    data = measured.report_data(ask.project)
    if data is None or not data.stages:
        return ask.page("evaluation.html.j2", data=None, command=f"steady run {ask.project.folder}")
    heat = ask.project.soon("heat", data.created, lambda: heat_tables(data.evaluations, data.stages))
    if heat is None:
        raise StillReadingError("the answers are being counted", next="this page comes again by itself")
    last = data.stages[-1]
    index = measured.samples(ask.project, last)
    parts: dict[str, Any] = figure_parts(data, ask.t) | {
        "heat": heat, "last": last, "wrong": dict(index.choices["outcome"]).get("failed", 0),
        "command": shlex.join(["steady", "report", str(ask.project.out)]),
    }  # fmt: skip
    return ask.page("evaluation.html.j2", **parts)


def listed(ask: PageRequest) -> Response:
    """The answers of one model that fit the filter."""
    name, index, chosen, rows = _found(ask)
    shown, pages = part(rows, ask.number(), SHOWN)
    return ask.page(
        "samples.html.j2", rows=shown, at=ask.number(), pages_of_rows=pages, total=len(rows), of=len(index.samples),
        models=measured.models(ask.project), name=name, chosen=chosen, filters=FILTERS, index=index,
        title=ask.t("evaluation.samples"), command=_command(ask.project, name),
    )  # fmt: skip


def one(ask: PageRequest) -> Response:
    """One question and what every model answered."""
    name, _, chosen, rows = _found(ask)
    key = (ask.query("in"), ask.query("id"))
    found = {}
    for model in measured.models(ask.project):
        if sample := measured.samples(ask.project, model).by_key.get(key):
            found[model] = sample
    if not found:
        raise UsageError("no such answer", next="go back to the list")
    before, after = measured.beside(rows, key)
    first = found.get(name) or next(iter(found.values()))
    return ask.page(
        "sample.html.j2", first=first, found=found, name=name, before=before, after=after, chosen=chosen,
        title=ask.t("evaluation.sample", id=first.item.id), command=_command(ask.project, name),
    )  # fmt: skip


def _found(ask: PageRequest) -> tuple[str, measured.SampleIndex, dict[str, str], list[measured.AnswerSample]]:
    """(the model, its index, the filter, the rows that fit)."""
    known = measured.models(ask.project)
    if not known:
        raise UsageError("nothing was measured yet", next="start a run, or save an evaluation with steady eval --save")
    data = measured.report_data(ask.project)
    name = ask.query("model") or (data.stages[-1] if data and data.stages else known[0])
    index = measured.samples(ask.project, name)
    chosen = {key: ask.query(key) for key in (*FILTERS, "q")}
    return name, index, chosen, index.fitting(**chosen)


def _command(project: Project, name: str) -> str:
    words = ["steady", "eval", "--domain", str(project.folder), "--model", "MODEL", "--save"]
    return shlex.join([*words, str(measured.path_of(project, name))])


PAGE = StudioPage(
    "evaluation",
    "/evaluation",
    34,
    (
        Handler("/evaluation", show),
        Handler("/evaluation/samples", listed),
        Handler("/evaluation/sample", one),
    ),
    lambda project: project.folder is not None,
)
