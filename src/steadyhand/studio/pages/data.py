"""Data: what `steady check` finds in the folder, and one row as it is trained, with its mask."""

from __future__ import annotations

import shlex
from functools import partial

from starlette.responses import Response

from steadyhand.report.lint import LintData
from steadyhand.studio.page import Handler, PageRequest, StudioPage
from steadyhand.studio.project import Project, StillReadingError

LONGEST = 200  # characters of a row's name


def _linted(project: Project) -> LintData:
    from steadyhand.check.dataset import dataset_of_domain
    from steadyhand.check.lint import lint_domain
    from steadyhand.check.rules import selected
    from steadyhand.datasets.folder import load
    from steadyhand.flow.check_page import lint_data

    assert project.folder is not None
    domain = load(project.folder)
    report = lint_domain(domain, selected((), ()))
    counts = {"cards": len(domain.cards), "scenarios": len(domain.scenarios), "probes": len(domain.probes)}
    classes: dict[str, str] = {f"scenario {one.id}": one.input_class for one in domain.scenarios}
    return lint_data(project.name, report, dataset_of_domain(domain), classes, counts)


def show(ask: PageRequest) -> Response:
    """Findings, gravest first."""
    project = ask.project
    found = project.soon("lint", project.changed(), partial(_linted, project))
    if found is None:
        raise StillReadingError("the data are being checked", next="this page comes again by itself")
    order = {"error": 0, "warning": 1, "note": 2}
    rules = sorted(found.rules, key=lambda rule: order.get(rule.severity, 3))
    command = shlex.join(["steady", "check", str(project.folder)])
    return ask.page("data.html.j2", data=found, rules=rules, command=command)


def row(ask: PageRequest) -> Response:
    """Rows as a training takes them: which tokens it learns from. `source` names one, or a part of its name."""
    from steadyhand.flow.training_preview import inspect_domain
    from steadyhand.settings import resolve

    project, source = ask.project, ask.query("source")[:LONGEST]
    assert project.folder is not None
    folder, settings = project.folder, resolve(project.folder).settings
    make = partial(inspect_domain, folder, settings, 3, source)
    found = project.soon("rows", (project.changed(), source), make)
    if found is None:
        raise StillReadingError("the rows are being rendered", next="this page comes again by itself")
    words = ["steady", "train", str(folder), "--inspect"]
    return ask.page("data_row.html.j2", found=found, source=source, title=ask.t("data.rows"), command=shlex.join(words))


PAGE = StudioPage(
    "data",
    "/data",
    20,
    (Handler("/data", show), Handler("/data/rows", row)),
    lambda project: project.folder is not None,
)
