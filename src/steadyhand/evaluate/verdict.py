"""May the tuned model be signed off? Each bar becomes a check with its evidence; one FAIL fails the whole.

Every bar follows the interval of what was measured, as `stats.bars` says, so few samples are INSUFFICIENT and the check
names how many more would decide. A bar applies when the domain has what it is about; answers that nothing judges rule
a PASS out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.domain.model import CheckBar
from steadyhand.evaluate.compare import KNOWLEDGE, knowledge_check, require_equal
from steadyhand.evaluate.determinism import determinism_samples
from steadyhand.evaluate.metrics import RATES, Observation, rate_metric, rates_of
from steadyhand.ledger.result import Check, Evaluation, Item, Metric, Verdict, VerdictWord
from steadyhand.settings.model import BarsSettings
from steadyhand.stats.bars import Evidence, judge_bounds
from steadyhand.stats.intervals import by_cluster, effective_size
from steadyhand.stats.power import cases_for_rate

JUDGED = "judged_answers"


@dataclass(frozen=True)
class Bar:
    """`metric` >= `least`, with the evidence that PASS asks for (see `stats.bars`); `tolerance` is a share.

    `has` names what of the domain the bar is about ("": it applies to all), `unit` what further cases are counted in.
    Within a `part` (item -> its name) the rate may not be shown to lie below the bar either: a model that never calls
    is no caller because few calls are due.
    """

    metric: str
    least: float
    evidence: Evidence
    tolerance: float
    has: str = ""
    unit: str = "answers"
    part: Callable[[Item], str] | None = None


def bars_of(settings: BarsSettings, own: Sequence[CheckBar] = ()) -> list[Bar]:
    """The bars on the domain's own checks, then those of the settings, in the order of the report."""
    how = (settings.evidence, settings.tolerance)
    return [
        *(Bar(bar.metric, bar.least, bar.evidence or settings.evidence, settings.tolerance) for bar in own),
        Bar("scenario_pass", settings.scenario_pass, *how, "scenarios", "scenarios"),
        Bar("tool_call_accuracy", settings.tool_call_accuracy, *how, "tools", "decisions", _due),
        Bar("preference_accuracy", settings.preference_accuracy, *how, "preferences", "comparisons"),
        Bar("semantic_anchoring", settings.semantic_anchoring, *how, "anchoring", "dialogues", lambda item: item.lang),
        Bar("cot_retention", settings.cot_retention, *how, "thinking"),
        Bar("response_quality", settings.response_quality, *how),
        Bar("determinism_outcome", settings.determinism, *how, "scenarios", "inputs"),
    ]


def _due(item: Item) -> str:
    return "where a call is due" if item.facts.due else "where none is due"


ABSENT = {
    "tools": "the domain has no tools",
    "scenarios": "the domain has no held-out scenarios",
    "anchoring": "the domain has no anchoring probes",
    "thinking": "nothing in the domain thinks: no card, no scenario, no reasoning probe",
    "public": "the domain has no public probes, so what the model forgot is not measured",
}


def verdict(
    base: Evaluation, tuned: Evaluation, bars: BarsSettings | None = None, own: Sequence[CheckBar] = ()
) -> Verdict:
    """Holds the tuned model against every bar, `own` being those of the domain's checks.yaml, and its public knowledge
    against the base's. Raises UsageError when the two were measured under unequal conditions. What the domain has and
    was not measured is INSUFFICIENT."""
    require_equal(base, tuned)
    settings = bars or BarsSettings()
    has = tuned.manifest["has"]
    bars_due = [bar for bar in bars_of(settings, own) if bar.has != "preferences" or has.get("preferences")]
    checks = [check_judged(tuned.items, has), *(check_bar(tuned, bar) for bar in bars_due)]
    return conclude([*checks, check_knowledge(base, tuned, settings.general_knowledge_margin)])


def conclude(checks: Sequence[Check]) -> Verdict:
    """FAIL if any check fails, else INSUFFICIENT if any is or none passes, else PASS. What does not apply is not
    counted."""
    words = {check.verdict for check in checks} - {"NOT_APPLICABLE"}
    word: VerdictWord = "FAIL" if "FAIL" in words else "PASS" if words == {"PASS"} else "INSUFFICIENT"
    return Verdict(word, tuple(checks))


def check_judged(items: Sequence[Item], has: Mapping[str, Json]) -> Check:
    """Is every held-out answer judged by something? And does anything measure the task at all?"""
    answers = [item for item in items if item.suite == "tool"]
    unjudged = sum(item.passed is None for item in answers)
    n = len(answers)
    if not n and not has["scenarios"]:
        if has["anchoring"]:
            return not_applicable(JUDGED, "all", ABSENT["scenarios"])
        reason = "nothing measures the task: no held-out scenario and no anchoring dialogue"
        return Check(JUDGED, "all", "INSUFFICIENT", None, None, None, 0, reason=reason)
    if not n:
        return missing(JUDGED, "all")
    if unjudged:
        reason = f"{unjudged} of {n} held-out answers are judged by nothing: say what is right under `answer:`"
        return Check(JUDGED, "all", "INSUFFICIENT", 1 - unjudged / n, None, None, n, reason=reason)
    return Check(JUDGED, "all", "PASS", 1.0, None, None, n, reason=f"all {n} held-out answers are judged")


def check_knowledge(base: Evaluation, tuned: Evaluation, margin: float) -> Check:
    """Public knowledge against the base's, where the domain asks for any."""
    name, bar = KNOWLEDGE + "_loss", f"non-inferior at {100 * margin:g} points"
    if not tuned.manifest["has"]["public"]:
        return not_applicable(name, bar, ABSENT["public"], margin=margin)
    return knowledge_check(base, tuned, margin) or missing(name, bar, margin=margin)


def check_bar(tuned: Evaluation, bar: Bar) -> Check:
    """One bar on one evaluation."""
    text = f">= {bar.least:g}"
    if bar.has and not tuned.manifest["has"][bar.has]:
        return not_applicable(bar.metric, text, ABSENT[bar.has], least=bar.least)
    metric = tuned.metrics.get(bar.metric)
    if metric is None or metric.value is None:
        return missing(bar.metric, text, least=bar.least)
    if bar.has == "tools" and not any(item.facts.due for item in tuned.items if item.suite == "tool"):
        reason = "no held-out decision has a call due: that none is made shows no skill"
        return Check(
            bar.metric,
            text,
            "INSUFFICIENT",
            metric.value,
            metric.low,
            metric.high,
            metric.n,
            reason=reason,
            least=bar.least,
        )
    return _check_rate(tuned.items, bar, metric)


def missing(metric: str, bar: str, *, least: float | None = None, margin: float | None = None) -> Check:
    """A check without any sample: nothing is known, so nothing is passed."""
    return Check(metric, bar, "INSUFFICIENT", None, None, None, 0, reason="not measured", least=least, margin=margin)


def not_applicable(
    metric: str, bar: str, reason: str, *, least: float | None = None, margin: float | None = None
) -> Check:
    """A bar on what the domain does not have: shown, never counted."""
    return Check(metric, bar, "NOT_APPLICABLE", None, None, None, 0, reason=reason, least=least, margin=margin)


def _check_rate(items: Sequence[Item], bar: Bar, metric: Metric) -> Check:
    assert metric.value is not None
    assert metric.low is not None
    assert metric.high is not None
    word: VerdictWord = judge_bounds(metric.value, metric.low, metric.high, bar.least, bar.evidence, bar.tolerance)
    below = _parts_below(items, bar)
    counted = f"{metric.n}" if metric.k is None else f"{metric.k} of {metric.n}"
    reasons = [f"{counted} in {metric.clusters} independent units", _demand(bar), *below]
    reasons += [f"{metric.unscored} unscored"] if metric.unscored else []
    reasons += [metric.note] if metric.note else []
    return Check(
        metric=bar.metric,
        bar=f">= {bar.least:g}",
        verdict="FAIL" if below else word,
        value=metric.value,
        low=metric.low,
        high=metric.high,
        n=metric.n,
        cases_needed=_needed(items, bar, metric) if word == "INSUFFICIENT" and not below else None,
        reason="; ".join(reasons),
        unit=bar.unit,
        least=bar.least,
    )


def _samples(items: Sequence[Item], bar: Bar) -> list[Observation]:
    """Booleans behind the metric; none behind a figure that is no rate."""
    rate = next((rate for rate in rates_of(items) if rate.name == bar.metric), None)
    if rate is None and bar.metric == "determinism_outcome":
        return determinism_samples(items, "outcome", "all")
    return rate.samples(items) if rate else []


def _parts_below(items: Sequence[Item], bar: Bar) -> list[str]:
    """The parts whose rate is shown to lie below the bar, with their counts."""
    if bar.part is None:
        return []
    rate = next(rate for rate in RATES if rate.name == bar.metric)
    parts = by_cluster([(bar.part(item), item) for item in items if item.suite in rate.suites])
    shares = [rate_metric(name, rate.samples(own)) for name, own in parts.items()]
    return [
        f"{share.k} of {share.n} {share.name}" for share in shares if share.high is not None and share.high < bar.least
    ]


def _needed(items: Sequence[Item], bar: Bar, metric: Metric) -> int | None:
    """Further ones of the bar's unit until it is decided; a dialogue is all of its turns."""
    assert metric.value is not None
    samples = _samples(items, bar)
    if not samples:
        return None
    clusters = by_cluster([(sample.cluster, sample.passed) for sample in samples])
    size = effective_size(list(clusters.values()))
    needed = cases_for_rate(metric.value, metric.n, bar.least, bar.evidence, bar.tolerance, n_effective=size)
    if needed is None or bar.unit != "dialogues":
        return needed
    return math.ceil(needed * len(clusters) / metric.n)


def _demand(bar: Bar) -> str:
    if bar.evidence == "lower":
        return "the 95 % lower bound must reach the bar"
    return f"the value must reach the bar and the 95 % lower bound {bar.least - bar.tolerance:g}"
