"""Pairs two evaluations item by item and says which differences luck does not explain. Decides nothing.

Refuses unequal conditions: other sampling, other items or rules, other rendered prompts. In anchoring only the first
turn's prompt can be equal (the history holds each model's own answers), and not even that when just one of the models
was given the clarifying turn, which the method allows and the comparison notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.evaluate.metrics import ALL, RATES, RATIOS, Rate, Ratio, rates_of
from steadyhand.ledger.result import Check, Evaluation, Item
from steadyhand.stats.intervals import (
    bootstrap_draws,
    bootstrap_p,
    by_cluster,
    cluster_bootstrap,
    percentile_bounds,
    ratio_of,
)
from steadyhand.stats.power import cases_for_noninferiority
from steadyhand.stats.tests import collapse, holm, mcnemar_exact, noninferiority, paired_bounds
from steadyhand.text.html import percent, table

KNOWLEDGE = "general_knowledge"
Pair = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """One metric on both models. `a` and `b` are rates over each model's own `n_a` and `n_b`; everything after is
    paired: `n` samples that count for both, in `clusters` independent units, of which `discordant` are gains and
    losses of b. `difference` (b - a), `low` and `high` (95 %) are over the paired samples. `p_holm` is adjusted for the
    whole family. None: nothing to compare."""

    metric: str
    a: float | None
    b: float | None
    n_a: int
    n_b: int
    n: int
    clusters: int
    discordant: tuple[int, int] | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    test: str


@dataclass(frozen=True)
class Comparison:
    """`knowledge` is the non-inferiority check of public knowledge; None when no public question was asked."""

    a: str
    b: str
    fingerprints: tuple[str, str]
    rows: tuple[Difference, ...]
    knowledge: Check | None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows = [
            [row.metric, percent(row.a), percent(row.b), percent(row.difference, row.low, row.high),
             "-" if row.p_holm is None else f"{row.p_holm:.4f}", row.test]
            for row in self.rows
        ]  # fmt: skip
        return table(f"{self.b} against {self.a}", ["metric", self.a, self.b, "change", "p (Holm)", "test"], rows)


def compare(a: Evaluation, b: Evaluation, *, margin: float = 0.03) -> Comparison:
    """b against a. `margin` is the tolerated loss of public knowledge (a share). Raises UsageError for unequal
    conditions."""
    notes = (*require_equal(a, b), *_unjudged(b))
    seed = int(a.manifest["seed"])
    asked = {item.suite for item in a.items}
    rows = [_rate(spec, a.items, b.items, seed) for spec in rates_of(b.items) if spec.suites & asked]
    rows += [_ratio(spec, a.items, b.items, seed) for spec in RATIOS if spec.suites & asked]
    adjusted = holm({row.metric: row.p for row in rows if row.p is not None})
    final = tuple(Difference(**{**vars(row), "p_holm": adjusted.get(row.metric)}) for row in rows)
    knowledge = knowledge_check(a, b, margin)
    return Comparison(a.model, b.model, (a.fingerprint, b.fingerprint), final, knowledge, notes)


def _unjudged(evaluation: Evaluation) -> tuple[str, ...]:
    held_out = [item for item in evaluation.items if item.suite == "tool"]
    unjudged = sum(item.passed is None for item in held_out)
    note = f"{unjudged} of {len(held_out)} held-out answers are judged by nothing: no figure speaks of them"
    return (note,) if unjudged else ()


def require_equal(a: Evaluation, b: Evaluation) -> tuple[str, ...]:
    """Notes on differences that are allowed. Raises UsageError for those that are not."""
    for key, what in (("sampling", "sampling parameters"), ("item_set", "item sets"), ("cot_labels", "scoring rules")):
        if a.manifest.get(key) != b.manifest.get(key):
            raise UsageError(
                f"{a.model} and {b.model} were measured with different {what}",
                where=f"manifest key {key!r}",
                next="evaluate both on the same domain with the same settings, or score the older one again",
            )
    if len(days := {side.manifest["date"] for side in (a, b) if side.manifest.get("date")}) > 1:
        raise UsageError(
            f"the chat template writes the date into prompts: {' and '.join(sorted(days))} are different prompts",
            where="manifest key 'date'",
            next="evaluate both with the same --date",
        )
    clarified = [side.model for side in (a, b) if side.manifest["clarify"]]
    hashes = {_key(item): item.prompt_hash for item in a.items if _comparable(item, len(clarified) == 1)}
    other = {_key(item): item.prompt_hash for item in b.items if _comparable(item, len(clarified) == 1)}
    different = sorted(key for key in hashes.keys() | other.keys() if hashes.get(key) != other.get(key))
    if different:
        raise UsageError(
            f"{len(different)} prompts were rendered differently for {a.model} and {b.model}, first {different[0]}",
            next="use the same tokenizer and chat template for both: unequal prompts measure the prompt, not the model",
        )
    return (f"{clarified[0]} was given the clarifying turn before anchoring",) if len(clarified) == 1 else ()


def _key(item: Item) -> str:
    return f"{item.suite}/{item.id}"


def _comparable(item: Item, one_clarified: bool) -> bool:
    """Whether both models must have seen the same tokens here."""
    if item.suite != "anchoring":
        return item.suite in ALL  # repetitions ask prompts of the tool suite again
    return not one_clarified and item.facts.opening


def _rate(spec: Rate, items_a: Sequence[Item], items_b: Sequence[Item], seed: int) -> Difference:
    in_a = {sample.key: sample for sample in spec.samples(items_a)}
    in_b = {sample.key: sample for sample in spec.samples(items_b)}
    pairs = [(own.cluster, own.passed, in_b[key].passed) for key, own in in_a.items() if key in in_b]
    value_a, value_b = (_share([observation.passed for observation in side.values()]) for side in (in_a, in_b))
    sizes = (value_a, value_b, len(in_a), len(in_b), len(pairs))
    if not pairs:
        return Difference(spec.name, *sizes, 0, None, None, None, None, None, None, "none: no common samples")
    units = collapse(pairs)
    change = (sum(after for *_, after in pairs) - sum(before for _, before, _ in pairs)) / len(pairs)
    low, high = paired_bounds(units, 0.025) if units.n == len(pairs) else _change_bounds(pairs, seed)
    p = mcnemar_exact(units.gains, units.losses)
    test = "exact McNemar" + ("" if units.n == len(pairs) else ", one unit a cluster")
    return Difference(spec.name, *sizes, units.n, (units.gains, units.losses), change, low, high, p, None, test)


def _change_bounds(pairs: Sequence[tuple[str, bool, bool]], seed: int) -> Pair:
    clusters = by_cluster([(cluster, (float(after) - before, 1.0)) for cluster, before, after in pairs])
    sums = [(sum(change[0] for change in own), float(len(own))) for own in clusters.values()]
    return cluster_bootstrap(sums, ratio_of, seed=seed)


def _ratio(spec: Ratio, items_a: Sequence[Item], items_b: Sequence[Item], seed: int) -> Difference:
    in_b = {key: parts for key, _, parts in spec.pairs(items_b)}
    pairs = [(cluster, (parts, in_b[key])) for key, cluster, parts in spec.pairs(items_a) if key in in_b]
    units = [_both(own) for own in by_cluster(pairs).values()]
    value_a, value_b = (ratio_of([unit[side] for unit in units]) for side in (0, 1))
    sizes = (value_a, value_b, len(pairs), len(pairs), len(pairs), len(units), None)
    if value_a is None or value_b is None or len(units) < 2:
        return Difference(spec.name, *sizes, None, None, None, None, None, "none: too little was said")
    draws = bootstrap_draws(units, _ratio_change, seed=seed)
    low, high = percentile_bounds(draws)
    p = bootstrap_p(draws)
    return Difference(spec.name, *sizes, value_b - value_a, low, high, p, None, "cluster bootstrap")


def _both(own: Sequence[tuple[Pair, Pair]]) -> tuple[Pair, Pair]:
    """A cluster's (numerator, denominator) sums for either model."""
    sums = [(sum(pair[side][0] for pair in own), sum(pair[side][1] for pair in own)) for side in (0, 1)]
    return sums[0], sums[1]


def _ratio_change(units: Sequence[tuple[Pair, Pair]]) -> float | None:
    before, after = ratio_of([unit[0] for unit in units]), ratio_of([unit[1] for unit in units])
    return None if before is None or after is None else after - before


def _share(outcomes: Sequence[bool]) -> float | None:
    return sum(outcomes) / len(outcomes) if outcomes else None


def knowledge_check(base: Evaluation, tuned: Evaluation, margin: float) -> Check | None:
    """general_knowledge_loss, on facts (clusters); see `loss_check`."""
    return loss_check(base, tuned, KNOWLEDGE, margin, "facts")


def knowledge_loss(pairs: Sequence[tuple[str, bool, bool]], base: str, margin: float) -> Check:
    """The same from (fact, before, after) of every question, at least one; `base` names what it is held against."""
    return _loss(KNOWLEDGE, pairs, base, margin, "facts")


def loss_check(a: Evaluation, b: Evaluation, metric: str, margin: float, units: str = "units") -> Check | None:
    """What b loses of a rate: one-sided non-inferiority on its clusters, which `units` names. The value is the share
    lost, a - b, negative for a gain; `low` and `high` are each one-sided 95 % bounds of it. None: no common samples."""
    spec = next(rate for rate in RATES if rate.name == metric)
    after = {sample.key: sample.passed for sample in spec.samples(b.items)}
    pairs = [(s.cluster, s.passed, after[s.key]) for s in spec.samples(a.items) if s.key in after]
    return _loss(metric, pairs, a.model, margin, units) if pairs else None


def _loss(metric: str, pairs: Sequence[tuple[str, bool, bool]], base: str, margin: float, named: str) -> Check:
    units = collapse(pairs)
    test = noninferiority(units, margin)
    needed = cases_for_noninferiority(units, margin) if test.word == "INSUFFICIENT" else None
    return Check(
        metric=f"{metric}_loss",
        bar=f"non-inferior to {base} at {100 * margin:g} points",
        margin=margin,
        verdict=test.word,
        value=0.0 - test.difference,
        low=0.0 - test.high,
        high=0.0 - test.low,
        n=units.n,
        p_value=test.p_value,
        cases_needed=needed,
        unit=named,
        reason=f"{units.gains} {named} gained, {units.losses} lost of {units.n}; value is the share lost",
    )
