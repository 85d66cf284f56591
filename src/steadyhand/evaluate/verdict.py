"""May the tuned model be signed off? Each bar becomes a check with its evidence; one FAIL fails the whole.

Bars on rates ask for evidence as `stats.bars` defines it ("point" by default). Two bars are on counts, because their
samples are the whole test: the turns of each fixed dialogue, and the repeated inputs. What a count cannot show stands
in the check's `reason`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.evaluate.compare import KNOWLEDGE, knowledge_check, require_equal
from steadyhand.evaluate.metrics import RATES
from steadyhand.ledger.result import Check, Evaluation, Item, Metric, Verdict, VerdictWord
from steadyhand.settings.model import BarsSettings
from steadyhand.stats.bars import Evidence, judge_bounds
from steadyhand.stats.intervals import by_cluster, effective_size
from steadyhand.stats.power import cases_for_rate


@dataclass(frozen=True)
class Bar:
    """`metric` >= `least`, with the evidence that PASS asks for (see `stats.bars`); `tolerance` is a share."""

    metric: str
    least: float
    evidence: Evidence
    tolerance: float


def bars_of(settings: BarsSettings) -> list[Bar]:
    """The rate and count bars of the settings, in the order of the report."""
    evidence, tolerance = settings.evidence, settings.tolerance
    return [
        Bar("tool_call_accuracy", settings.tool_call_accuracy, evidence, tolerance),
        Bar("semantic_anchoring", settings.semantic_anchoring, "count", 0.0),
        Bar("cot_retention", settings.cot_retention, evidence, tolerance),
        Bar("response_quality", settings.response_quality, evidence, tolerance),
        Bar("determinism_outcome", settings.determinism, "count", 0.0),
    ]


def verdict(base: Evaluation, tuned: Evaluation, bars: BarsSettings | None = None) -> Verdict:
    """Holds the tuned model against every bar, and its public knowledge against the base's. Raises UsageError when
    the two were measured under unequal conditions. A metric that was not measured is INSUFFICIENT, never passed."""
    require_equal(base, tuned)
    settings = bars or BarsSettings()
    checks = [check_bar(tuned, bar) for bar in bars_of(settings)]
    margin = settings.general_knowledge_margin
    knowledge = knowledge_check(base, tuned, margin) or missing(
        KNOWLEDGE + "_loss", f"non-inferior at {100 * margin:g} points"
    )
    return conclude([*checks, knowledge])


def conclude(checks: Sequence[Check]) -> Verdict:
    """FAIL if any check fails, else INSUFFICIENT if any is, else PASS."""
    words = {check.verdict for check in checks}
    word: VerdictWord = "FAIL" if "FAIL" in words else "INSUFFICIENT" if "INSUFFICIENT" in words else "PASS"
    return Verdict(word, tuple(checks))


def check_bar(tuned: Evaluation, bar: Bar) -> Check:
    """One bar on one evaluation."""
    metric = tuned.metrics.get(bar.metric)
    if metric is None or metric.value is None:
        return missing(bar.metric, f">= {bar.least:g}")
    if bar.metric == "semantic_anchoring":
        return _check_dialogues(tuned.items, bar, metric)
    if bar.evidence == "count":
        return _check_count(bar, metric)
    return _check_rate(tuned.items, bar, metric)


def missing(metric: str, bar: str) -> Check:
    """A check without any sample: nothing is known, so nothing is passed."""
    return Check(metric, bar, "INSUFFICIENT", None, None, None, 0, reason="not measured")


def _check_rate(items: Sequence[Item], bar: Bar, metric: Metric) -> Check:
    assert metric.value is not None
    assert metric.low is not None
    assert metric.high is not None
    word: VerdictWord = judge_bounds(metric.value, metric.low, metric.high, bar.least, bar.evidence, bar.tolerance)
    needed = None
    if word == "INSUFFICIENT":
        size = _effective(items, bar.metric)
        needed = cases_for_rate(metric.value, metric.n, bar.least, bar.evidence, bar.tolerance, n_effective=size)
    reason = f"{metric.k} of {metric.n} in {metric.clusters} independent units; {_demand(bar)}"
    if metric.unscored:
        reason += f"; {metric.unscored} unscored"
    low, high = metric.low, metric.high
    return Check(bar.metric, f">= {bar.least:g}", word, metric.value, low, high, metric.n, None, needed, reason)


def _effective(items: Sequence[Item], name: str) -> float:
    samples = next(rate for rate in RATES if rate.name == name).samples(items)
    return effective_size(list(by_cluster([(sample.cluster, sample.passed) for sample in samples]).values()))


def _demand(bar: Bar) -> str:
    if bar.evidence == "lower":
        return "the 95 % lower bound must reach the bar"
    return f"the value must reach the bar and the 95 % lower bound {bar.least - bar.tolerance:g}"


def _check_dialogues(items: Sequence[Item], bar: Bar, metric: Metric) -> Check:
    """The worst dialogue decides: turns of one dialogue are one cluster, so no interval over turns would be honest."""
    samples = next(rate for rate in RATES if rate.name == bar.metric).samples(items)
    counts = {name: (sum(own), len(own)) for name, own in by_cluster([(s.cluster, s.passed) for s in samples]).items()}
    worst = min(k / n for k, n in counts.values())
    word: VerdictWord = judge_bounds(worst, 0, 1, bar.least, "count")
    turns = ", ".join(f"{k} of {n} in {name}" for name, (k, n) in counts.items())
    reason = f"{turns}; a bar on the count of each fixed dialogue, the worst decides; {len(counts)} independent units"
    return Check(bar.metric, f">= {bar.least:g}", word, worst, metric.low, metric.high, metric.n, None, None, reason)


def _check_count(bar: Bar, metric: Metric) -> Check:
    assert metric.value is not None
    word: VerdictWord = judge_bounds(metric.value, 0, 1, bar.least, "count")
    reason = f"{metric.k} of {metric.n}; {metric.note}"
    low, high = metric.low, metric.high
    return Check(bar.metric, f">= {bar.least:g}", word, metric.value, low, high, metric.n, None, None, reason)
