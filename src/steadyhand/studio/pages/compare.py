"""Compare: what one model broke and what it fixed against another, figure by figure and answer by answer."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from functools import partial

from starlette.responses import Response

from steadyhand.chat.messages import Tool
from steadyhand.errors import SteadyError, UsageError
from steadyhand.ledger.result import Evaluation
from steadyhand.report.banner import label
from steadyhand.report.compare import ComparedRow, compared
from steadyhand.studio import measured
from steadyhand.studio.call_diff import calls_in, diff, due_of
from steadyhand.studio.measured import CHANGES, PairChange, SamplePair
from steadyhand.studio.page import Handler, PageRequest, StudioPage, part
from steadyhand.studio.project import Project, StillReadingError

SHOWN = 50


def show(ask: PageRequest) -> Response:
    """Counts of each change, the paired figures, and the list of one change."""
    known = measured.models(ask.project)
    if len(known) < 2:
        return ask.page("compare.html.j2", known=known, command="steady compare A B")
    a, b = _sides(ask, known)
    found = measured.pairs(ask.project, a, b)
    change = _change(ask, found)
    shown, pages = part(_fitting(found[change], ask.query("q")), ask.number(), SHOWN)
    rows, problem = _statistics(ask.project, a, b)
    return ask.page(
        "compare.html.j2", known=known, a=a, b=b, counts={one: len(found[one]) for one in CHANGES}, change=change,
        rows=shown, at=ask.number(), pages_of_rows=pages, q=ask.query("q"), comparison=rows, problem=problem,
        compare_names=tuple(ask.t.get(f"stage.{name}", name) for name in (a, b)), label=lambda name: label(name, ask.t),
        command=_command(ask.project, a, b),
    )  # fmt: skip


def one(ask: PageRequest) -> Response:
    """One question, both answers, and their calls argument by argument."""
    known = measured.models(ask.project)
    a, b = _sides(ask, known)
    found = measured.pairs(ask.project, a, b)
    key = (ask.query("in"), ask.query("id"))
    pair = next((pair for rows in found.values() for pair in rows if pair.after.key == key), None)
    if pair is None:
        raise UsageError("no such answer", next="go back to the list")
    same = _fitting(found[pair.change], ask.query("q"))
    before, after = measured.beside([pair.after for pair in same], key)
    tools, problems, calls = _tools(ask.project), [], []
    for name, sample in ((a, pair.before), (b, pair.after)):
        format = str(measured.evaluation(ask.project, name).manifest.get("format", "hermes"))
        made, problem = calls_in(sample.item, format, tools)
        calls.append(made)
        problems.append(problem)
    due = due_of(pair.after.item)
    return ask.page(
        "compare_sample.html.j2", a=a, b=b, pair=pair, before=before, after=after, problems=problems, q=ask.query("q"),
        rows=diff(due, *calls) if due or any(calls) else [], title=ask.t("evaluation.sample", id=pair.after.item.id),
        command=_command(ask.project, a, b),
    )  # fmt: skip


def _sides(ask: PageRequest, known: list[str]) -> tuple[str, str]:
    """The first that was measured and the last of the run, where nobody chose."""
    if len(known) < 2:
        raise UsageError("there are no two models to compare", next="save another evaluation with steady eval --save")
    data = measured.report_data(ask.project)
    last = data.stages[-1] if data and len(data.stages) > 1 else known[-1]
    return ask.query("a") or known[0], ask.query("b") or last


def _change(ask: PageRequest, found: dict[PairChange, list[SamplePair]]) -> PairChange:
    """As chosen; else the first kind that there is."""
    chosen = [one for one in CHANGES if one == ask.query("change")]
    return next(iter([*chosen, *(one for one in CHANGES if found[one])]), CHANGES[0])


def _fitting(rows: list[SamplePair], q: str) -> list[SamplePair]:
    wanted = q.casefold()
    return [pair for pair in rows if wanted in pair.after.text] if wanted else rows


def _statistics(project: Project, a: str, b: str) -> tuple[list[ComparedRow], str]:
    """(the paired figures as `steady compare` has them, why there are none). A pair that was measured under other
    conditions is refused there, and here."""
    data = measured.report_data(project)
    if data and data.comparison and (a, b) == ("base", data.tuned):
        return [compared(row) for row in data.comparison], ""
    stamp = tuple(measured.written(project, name) for name in (a, b))
    work = partial(_compared, *(measured.evaluation(project, name) for name in (a, b)))
    found = project.soon(f"compared/{a}/{b}", stamp, work)
    if found is None:
        raise StillReadingError("the models are being compared", next="this page comes again by itself")
    return found


def _compared(before: Evaluation, after: Evaluation) -> tuple[list[ComparedRow], str]:
    from steadyhand.evaluate.compare import compare

    try:
        return [compared(asdict(row)) for row in compare(before, after).rows], ""
    except SteadyError as error:
        return [], f"{error.what}. {error.next or ''}"
    except KeyError as error:
        return [], f"an evaluation does not say its {error}: measure it again"


def _tools(project: Project) -> tuple[Tool, ...]:
    try:
        return tuple(project.domain().tools.values())
    except StillReadingError:
        raise
    except SteadyError:  # the answers can be read without: only types of arguments may be guessed
        return ()


def _command(project: Project, *names: str) -> str:
    """Of two saved files; the models of one run are compared in its report."""
    paths = [measured.path_of(project, name) for name in names]
    words = ["compare", *map(str, paths)] if all(path.is_file() for path in paths) else ["report", str(project.out)]
    return shlex.join(["steady", *words])


PAGE = StudioPage(
    "comparison",
    "/compare",
    36,
    (Handler("/compare", show), Handler("/compare/sample", one)),
    lambda project: project.folder is not None,
)
