"""The banner: one word and one sentence that says why. Knows verdicts and the catalog, not markup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from steadyhand.ledger.result import Check, Verdict
from steadyhand.report import numbers
from steadyhand.report.catalog import Catalog
from steadyhand.report.data import ReportData
from steadyhand.report.metrics import FORMATS, SPECS, Unit, spec_of

SYMBOLS = {"PASS": "✓", "FAIL": "✗", "INSUFFICIENT": "?", "NONE": "–", "NOT_APPLICABLE": "–"}
JUDGED = "judged_answers"
NAMED = 3  # metrics named in the sentence; the table below has all


@dataclass(frozen=True)
class Banner:
    """`word` is PASS, FAIL, INSUFFICIENT or NONE (nothing was judged); `stopped`: the health gate ended the run."""

    word: str
    symbol: str
    label: str
    sentence: str
    stopped: bool = False
    after: str = ""  # what to do next


def banner(data: ReportData, t: Catalog) -> Banner:
    """A failed gate speaks first (the run ended there), then the final verdict, then the gate alone."""
    if data.verdict is None and data.gate is not None and data.gate.word == "FAIL":
        why = t("why.gate_stopped", reasons=_failed(data.gate.checks, t))
        return replace(_banner("FAIL", why, t, stopped=True), after=t("after.stopped"))
    if data.verdict is None:
        sentence = t("why.gate_only", word=t(f"word.{data.gate.word}")) if data.gate else t("why.none")
        return _banner("NONE", sentence, t)
    return replace(_banner(data.verdict.word, _why(data.verdict, t), t), after=t(f"after.{data.verdict.word}"))


def _banner(word: str, sentence: str, t: Catalog, stopped: bool = False) -> Banner:
    return Banner(word, SYMBOLS[word], t(f"word.{word}"), sentence, stopped)


def _why(verdict: Verdict, t: Catalog) -> str:
    total = sum(check.verdict != "NOT_APPLICABLE" for check in verdict.checks)
    if verdict.word == "PASS":
        return t("why.pass", n=total, tightest=_tightest(verdict.checks, t))
    if verdict.word == "FAIL":
        failed = [check for check in verdict.checks if check.verdict == "FAIL"]
        return t("why.fail", k=len(failed), n=total, reasons=_failed(verdict.checks, t))
    open_checks = [check for check in verdict.checks if check.verdict == "INSUFFICIENT"]
    needs = t("list.comma").join(_need(check, t) for check in open_checks[:NAMED])
    return t("why.insufficient", k=len(open_checks), n=total, needs=needs + _more(len(open_checks), t))


def _failed(checks: Iterable[Check], t: Catalog) -> str:
    failed = [check for check in checks if check.verdict == "FAIL"]
    texts = [t("why.against", metric=label(c.metric, t), value=value(c, t), bar=bar(c, t)) for c in failed[:NAMED]]
    return t("list.comma").join(texts) + _more(len(failed), t)


def _more(count: int, t: Catalog) -> str:
    return t("why.more", n=count - NAMED) if count > NAMED else ""


def _need(check: Check, t: Catalog) -> str:
    if check.metric == JUDGED and check.value is not None:
        return t("why.unjudged", k=round((1 - check.value) * check.n), n=check.n)
    if check.cases_needed is None:
        return label(check.metric, t)
    return t("why.needs", metric=label(check.metric, t), needs=needs(check, t))


def needs(check: Check, t: Catalog) -> str:
    """How many more of what would decide the check."""
    return t("checks.needs", n=check.cases_needed, unit=t.get(f"of.{check.unit}", check.unit))


def absent(check: Check, t: Catalog) -> str:
    """Why a bar does not apply."""
    return t.get(f"absent.{check.metric}", check.reason)


def _tightest(checks: Iterable[Check], t: Catalog) -> str:
    """The numeric check whose value lies nearest its bar; empty when there is none. A count of all of them is not
    near anything: determinism's 100 % meets its bar of 100 % in every run that passes."""
    distances = [
        (abs(check.value - check.least), check)
        for check in checks
        if check.value is not None and check.value < 1 and check.least is not None
    ]
    if not distances:
        return ""
    nearest = min(distances, key=lambda pair: pair[0])[1]
    return t("why.tightest", metric=label(nearest.metric, t), value=value(nearest, t), bar=bar(nearest, t))


def label(metric: str, t: Catalog) -> str:
    """The metric's name in the report's language, or the name itself."""
    return t.get(f"metric.{metric}", metric)


def unit(check: Check) -> Unit:
    """The listed metric's unit; for another, a value outside [0, 1] cannot be a share."""
    share = check.value is None or 0 <= check.value <= 1
    return spec_of(check.metric, ()).unit if share or check.metric in SPECS else "number"


def value(check: Check, t: Catalog) -> str:
    text = FORMATS[unit(check)](check.value)
    return f"{text} {t('unit.points')}" if unit(check) == "points" and check.value is not None else text


def span(check: Check) -> str:
    """The 95 % interval, or an empty string without one."""
    return "" if check.low is None or check.high is None else numbers.span(check.low, check.high, FORMATS[unit(check)])


def bar(check: Check, t: Catalog) -> str:
    """The bar for a person: a number in the metric's unit ("≥ 97.0 %"), or the phrase of a non-inferiority test."""
    if check.margin is not None:
        return t("bar.noninferior", points=f"{100 * check.margin:g}")
    return check.bar if check.least is None else f"≥ {FORMATS[unit(check)](check.least)}"
