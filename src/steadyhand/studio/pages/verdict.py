"""Verdict: the evidence of each bar, and what a person accepts all the same, with a reason that everybody can read."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from steadyhand.errors import UsageError
from steadyhand.ledger.overrides import FILE, LONGEST, MISSED, About, Override, Overrides
from steadyhand.ledger.result import Check, Verdict
from steadyhand.report import numbers, plot
from steadyhand.report.banner import banner
from steadyhand.report.data import ReportData
from steadyhand.report.metrics import spec_of
from steadyhand.report.page import figure_parts
from steadyhand.studio import measured
from steadyhand.studio.page import Handler, PageRequest, StudioPage, see

ABOUT: dict[About, str] = {"verdict": "checks.final", "gate": "checks.gate"}


@dataclass(frozen=True)
class JudgedVerdict:
    """A verdict of the last run: `fingerprint` names the model that it is about."""

    about: About
    title: str
    verdict: Verdict
    fingerprint: str
    held: dict[str, Override]


def show(ask: PageRequest) -> Response:
    """Every bar with its evidence, those that were missed first."""
    return _show(ask)


def _show(ask: PageRequest, problem: UsageError | None = None, given: str = "") -> Response:
    data = measured.report_data(ask.project)
    command = shlex.join(
        ["steady", "gate", str(ask.project.out), "--base", "BASE", "--domain", str(ask.project.folder)]
    )
    found = _judged(ask, data) if data else []
    if data is None or not found:
        return ask.page("verdict.html.j2", found=(), command=command, problem=None)
    parts: dict[str, Any] = figure_parts(data, ask.t) | {
        "found": found, "banner": banner(data, ask.t), "problem": problem, "given": given, "missed": MISSED,
        "ordered": _ordered, "drawn": _drawn, "longest": LONGEST, "origin": None, "command": command,
        "history": Overrides(ask.project.out / FILE).all,
        "open": sum(check.metric not in one.held for one in found for check in one.verdict.checks
                    if check.verdict in MISSED),
    }  # fmt: skip
    return ask.page("verdict.html.j2", status=400 if problem else 200, **parts)


def _judged(ask: PageRequest, data: ReportData) -> list[JudgedVerdict]:
    known, made = Overrides(ask.project.out / FILE), []
    verdicts: dict[About, Verdict | None] = {"verdict": data.verdict, "gate": data.gate}
    for about, verdict in verdicts.items():
        stage = data.tuned if about == "verdict" else "sft"
        if verdict and verdict.checks and stage in data.evaluations:
            mark = data.evaluations[stage].fingerprint
            made.append(JudgedVerdict(about, ask.t(ABOUT[about]), verdict, mark, known.of(about, mark, verdict)))
    return made


def _ordered(verdict: Verdict) -> list[Check]:
    order = {"FAIL": 0, "INSUFFICIENT": 1, "PASS": 2, "NOT_APPLICABLE": 3}
    return sorted(verdict.checks, key=lambda check: order[check.verdict])


def _drawn(check: Check) -> Markup:
    """The value with its interval against the bar; nothing where there is no number to draw."""
    if check.value is None or check.low is None or check.high is None:
        return Markup("")
    level = check.least if check.least is not None else check.margin
    ends = [check.value, check.low, check.high, *([level] if level is not None else [])]
    low, high = (min(ends), max(ends))
    pad = (high - low) * 0.15 or 0.02
    share = spec_of(check.metric, ()).unit != "number" and low >= -1 and high <= 1
    low, high = (low - pad, min(high + pad, 1.0)) if share and low >= 0 else (low - pad, high + pad)
    show = numbers.decimal if not share else lambda value: f"{100 * (value or 0):.4g} %"
    whisker = plot.Whisker("dpo", check.value, check.low, check.high, f"{show(check.value)}")
    return plot.whisker_strip([whisker], low=low, high=high, tick_format=show, title=check.metric, bar=level)


def accept(ask: PageRequest) -> Response:
    """Records that a missed bar is accepted; the pages of the report say so from then on."""
    one, check = _chosen(ask)
    try:
        known = Overrides(ask.project.out / FILE)
        known.accept(one.about, one.fingerprint, check, ask.who, ask.form.get("because", ""))
    except UsageError as error:
        return _show(ask, error, check.metric)
    _write_pages(ask)
    return see("/verdict")


def take_back(ask: PageRequest) -> Response:
    number = ask.form.get("number", "")
    if not number.isdecimal() or len(number) > 9:
        raise UsageError("no override is named", next="look at the page again")
    Overrides(ask.project.out / FILE).take_back(int(number), ask.who)
    _write_pages(ask)
    return see("/verdict")


def _chosen(ask: PageRequest) -> tuple[JudgedVerdict, Check]:
    data = measured.report_data(ask.project)
    for one in _judged(ask, data) if data else ():
        for check in one.verdict.checks:
            if (one.about, check.metric) == (ask.form.get("about"), ask.form.get("metric")):
                if one.fingerprint != ask.form.get("fingerprint"):
                    raise UsageError("another model was measured meanwhile", next="look at the page again")
                return one, check
    raise UsageError("no such bar", next="look at the page again")


def _write_pages(ask: PageRequest) -> None:
    from steadyhand.flow.run import rewrite_report

    rewrite_report(ask.project.out, ask.project.out / "report", "en")


PAGE = StudioPage(
    "verdict",
    "/verdict",
    32,
    (
        Handler("/verdict", show),
        Handler("/verdict", accept, "POST"),
        Handler("/verdict/take-back", take_back, "POST"),
    ),
    lambda project: project.folder is not None,
)
