"""Brain damage after fine-tuning: lost dialogue, broken think tags, loops, garbage, lost public knowledge.

A damaged model is never patched, so FAIL ends the run. INSUFFICIENT does not: the gate stops on shown damage, and the
sign-off comes later. What the base already did not do is no damage, so each limit yields to the base's own rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steadyhand.evaluate.compare import require_equal
from steadyhand.evaluate.metrics import Observation, countable, rate_metric
from steadyhand.evaluate.verdict import check_knowledge, conclude, missing, not_applicable
from steadyhand.ledger.result import Check, Evaluation, Item, Verdict, VerdictWord
from steadyhand.settings.model import GateSettings
from steadyhand.stats.bars import Evidence, judge_bounds
from steadyhand.stats.intervals import by_cluster, effective_size
from steadyhand.stats.power import cases_for_rate

DIALOGUE_KEPT = 0.8  # least share of dialogue turns with a healthy answer: two odd turns of ten are no lost dialogue


@dataclass(frozen=True)
class Sign:
    """A sign of health: the share of items of `suites` (empty: all) that are `healthy` must be at least `least`."""

    name: str
    least: float
    healthy: Callable[[Item], bool]
    suites: frozenset[str] = frozenset()
    evidence: Evidence = "point"


def signs(limits: GateSettings) -> list[Sign]:
    """What the gate looks at. Limits on damage are turned round: at most 2 % loops is at least 98 % without."""
    return [
        Sign("dialogue_kept", DIALOGUE_KEPT, _answers, frozenset({"anchoring"}), "count"),
        Sign("think_whole", limits.think_whole, lambda item: item.facts.think_whole),
        Sign("no_repetition", 1 - limits.max_repetition, lambda item: item.facts.loop is None),
        Sign("no_garbage", 1 - limits.max_garbage, lambda item: not item.facts.garbage),
    ]


def _answers(item: Item) -> bool:
    return bool(item.facts.quality) and not item.facts.garbage


def gate(base: Evaluation, tuned: Evaluation, limits: GateSettings | None = None) -> Verdict:
    """Every sign of health of the tuned model against its limit or the base's own rate, whichever is lower, and public
    knowledge by non-inferiority. Raises UsageError for unequal conditions; stops nothing itself."""
    require_equal(base, tuned)
    limits = limits or GateSettings()
    before, after = countable(base.items), countable(tuned.items)
    has = tuned.manifest["has"]
    checks = [check_sign(sign, before, after) for sign in signs(limits) if not sign.suites or has["anchoring"]]
    return conclude([*checks, check_knowledge(base, tuned, limits.public_margin)])


def check_sign(sign: Sign, base: Sequence[Item], tuned: Sequence[Item]) -> Check:
    """One sign of health of the tuned model's answers against its limit or the base's own rate."""
    before, after = _samples(sign, base), _samples(sign, tuned)
    metric = rate_metric(sign.name, after)
    if metric.value is None or metric.low is None or metric.high is None:
        return missing(sign.name, f">= {sign.least:g}", least=sign.least)
    was = sum(sample.passed for sample in before) / len(before) if before else 1.0
    if before and not was:
        return not_applicable(sign.name, f">= {sign.least:g}", "the base shows none of it, so none can be lost")
    least = min(sign.least, sign.least * was if sign.evidence == "count" else was)
    word: VerdictWord = judge_bounds(metric.value, metric.low, metric.high, least, sign.evidence)
    needed = None
    if word == "INSUFFICIENT":
        clusters = by_cluster([(sample.cluster, sample.passed) for sample in after])
        size = effective_size(list(clusters.values()))
        needed = cases_for_rate(metric.value, metric.n, least, sign.evidence, n_effective=size)
    reason = f"{metric.k} of {metric.n} healthy; the base had {was:.1%}"
    values = (metric.value, metric.low, metric.high, metric.n)
    return Check(sign.name, f">= {least:.4g}", word, *values, None, needed, reason, "answers", least)


def _samples(sign: Sign, items: Sequence[Item]) -> list[Observation]:
    counted = (item for item in items if not sign.suites or item.suite in sign.suites)
    return [Observation(f"{item.suite}/{item.id}", item.cluster, sign.healthy(item)) for item in counted]
