"""Every metric as data: which items count, and as what. Computed from scored items only, so stored answers suffice.

Knows items and their facts; knows nothing of models, prompts or bars. A rate's samples are booleans with a cluster;
None means that an item does not count (a turn without a call has no arguments to be right), which is not a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace

from steadyhand.checks import Figure, Judged, figures_of
from steadyhand.ledger.result import Item, Metric
from steadyhand.stats.intervals import by_cluster, ratio, wilson_clustered

ALL = frozenset({"tool", "public", "anchoring", "reasoning"})


@dataclass(frozen=True)
class Observation:
    """One counted outcome; `key` pairs it with the other model's."""

    key: str
    cluster: str
    passed: bool


@dataclass(frozen=True)
class Rate:
    """A share of items of `suites`; `judged` rates need an item's verdict, so unscored items are reported there."""

    name: str
    suites: frozenset[str]
    outcome: Callable[[Item], bool | None]
    judged: bool = True
    note: str = ""

    def samples(self, items: Iterable[Item]) -> list[Observation]:
        counted = ((item, self.outcome(item)) for item in items if item.suite in self.suites and not is_warm_up(item))
        return [Observation(f"{item.suite}/{item.id}", item.cluster, ok) for item, ok in counted if ok is not None]

    def unscored(self, items: Iterable[Item]) -> int:
        asked = (item for item in items if item.suite in self.suites and not is_warm_up(item))
        return sum(item.passed is None for item in asked) if self.judged else 0


@dataclass(frozen=True)
class ScenarioRate(Rate):
    """Counts scenarios, not decisions: one passes end to end, at the first try, when all of its decisions do."""

    def samples(self, items: Iterable[Item]) -> list[Observation]:
        return [
            Observation(scenario, decided[0].cluster, all(item.passed for item in decided))
            for scenario, decided in _scenarios(items).items()
            if not _unjudged(decided)
        ]

    def unscored(self, items: Iterable[Item]) -> int:
        return sum(_unjudged(decided) for decided in _scenarios(items).values())


def _scenarios(items: Iterable[Item]) -> dict[str, list[Item]]:
    return by_cluster([(item.facts.scenario, item) for item in items if item.suite == "tool"])


def _unjudged(decided: Sequence[Item]) -> bool:
    """Whether a scenario has an answer that nothing judges: it is then no evidence, also where another one is wrong, or
    only failures would count."""
    return any(item.passed is None for item in decided)


@dataclass(frozen=True)
class Ratio:
    """A ratio of sums over items; `parts` gives (numerator, denominator)."""

    name: str
    suites: frozenset[str]
    parts: Callable[[Item], tuple[float, float]]
    note: str = ""

    def pairs(self, items: Iterable[Item]) -> list[tuple[str, str, tuple[float, float]]]:
        """(key, cluster, parts) of every item that counts."""
        asked = (item for item in items if item.suite in self.suites and not is_warm_up(item))
        return [(f"{item.suite}/{item.id}", item.cluster, self.parts(item)) for item in asked]


def is_warm_up(item: Item) -> bool:
    """The extra clarifying turn that a base model may be given: recorded, never counted."""
    return item.facts.clarify


def countable(items: Iterable[Item]) -> list[Item]:
    """The items that metrics count: all but lead-in turns and repetitions."""
    return [item for item in items if item.suite in ALL and not is_warm_up(item)]


def _missed(item: Item) -> bool | None:
    return not item.facts.called if item.facts.due else None


def _spurious(item: Item) -> bool | None:
    return None if item.facts.due else item.facts.called


def _calls(outcome: Callable[[Item], bool | None]) -> Callable[[Item], bool | None]:
    """`outcome` where a call could be made: silence is no skill where no tool is offered."""
    return lambda item: outcome(item) if item.facts.tools or item.facts.due else None


_TOOL, _CALLED = frozenset({"tool"}), "over turns that called, so each model has its own n"
RATES: tuple[Rate, ...] = (
    Rate(
        "tool_call_accuracy",
        _TOOL,
        _calls(lambda item: item.facts.calls_ok),
        False,
        "strict parse and match, tools offered",
    ),
    Rate(
        "tool_call_accuracy_lenient",
        _TOOL,
        _calls(lambda item: item.lenient_passed),
        False,
        "repairs and comparators",
    ),
    Rate("tool_name_accuracy", _TOOL, lambda item: item.facts.name_ok, False, _CALLED),
    Rate("tool_args_accuracy", _TOOL, lambda item: item.facts.args_ok, False, _CALLED),
    Rate("missed_rate", _TOOL, _missed, False, "no attempt where a call is due"),
    Rate("spurious_rate", _TOOL, _calls(_spurious), False, "an attempt where none is due"),
    Rate("reading_accuracy", _TOOL, lambda item: item.facts.answer_ok, note="decisions whose text must say something"),
    ScenarioRate("scenario_pass", _TOOL, lambda item: item.passed, note="every decision right, texts included"),
    Rate(
        "semantic_anchoring", frozenset({"anchoring"}), lambda item: item.passed, note="turns; a dialogue is a cluster"
    ),
    Rate("general_knowledge", frozenset({"public"}), lambda item: item.passed),
    Rate("reasoning_accuracy", frozenset({"reasoning"}), lambda item: item.passed),
    Rate("preference_accuracy", frozenset({"preference"}), lambda item: item.passed, note="the better answer likelier"),
    Rate(
        "response_quality",
        ALL,
        lambda item: item.facts.quality,
        judged=False,
        note="not too short, no loop, think tags balanced",
    ),
    Rate(
        "cot_retention",
        ALL,
        lambda item: item.facts.cot,
        judged=False,
        note="think whole, structured, without loop or garbage",
    ),
)
_TALK = frozenset({"anchoring", "reasoning"})
RATIOS: tuple[Ratio, ...] = (
    Ratio(
        "invalid_token_ratio",
        _TALK,
        lambda item: (item.facts.invalid_tokens, item.facts.answer_tokens),
        note="answer text; lexicon of clarifying, hypothetical and generic sentences",
    ),
    Ratio(
        "invalid_token_ratio_think",
        _TALK,
        lambda item: (item.facts.think_invalid_tokens, item.facts.think_tokens),
        note="the same over the reasoning",
    ),
)


def check_rates(items: Iterable[Item]) -> list[Rate]:
    """A rate for every check that judged something, by its name."""
    names = dict.fromkeys(name for item in items for name in item.facts.checks)
    return [Rate(name, _TOOL, _of_check(name), False, "answers that pass the check") for name in names]


def _of_check(name: str) -> Callable[[Item], bool | None]:
    def outcome(item: Item) -> bool | None:
        return Judged(item.cluster, item.facts.checks[name]).passed if name in item.facts.checks else None

    return outcome


def rates_of(items: Sequence[Item]) -> tuple[Rate, ...]:
    """All rates of these items: those that every domain has, then its checks."""
    return (*RATES, *check_rates(items))


def check_metrics(items: Iterable[Item], seed: int) -> list[Metric]:
    """What each check says of all its answers: its rate under its own name, other figures behind a dot."""
    asked: dict[str, list[tuple[str, Judged]]] = {}
    for item in items:
        for name, facts in item.facts.checks.items():
            asked.setdefault(name, []).append((facts["kind"], Judged(item.cluster, facts)))
    metrics = []
    for name, judged in asked.items():
        kind = judged[0][0]
        metrics += [_metric(name, figure) for figure in figures_of(kind, [judgment for _, judgment in judged], seed)]
    return metrics


def _metric(name: str, figure: Figure) -> Metric:
    full = f"{name}.{figure.name}" if figure.name else name
    given = {f.name: getattr(figure, f.name) for f in fields(figure) if f.name != "name"}
    return Metric(name=full, **given)


def rate_metric(name: str, samples: Sequence[Observation], unscored: int = 0, note: str = "") -> Metric:
    """The samples' rate with the Wilson interval at their effective size; value None without samples."""
    if not samples:
        return Metric(name, None, 0, None, None, unscored=unscored, note=note)
    clusters = by_cluster([(sample.cluster, sample.passed) for sample in samples])
    interval = wilson_clustered(list(clusters.values()))
    k = sum(sample.passed for sample in samples)
    return Metric(name, interval.value, len(samples), interval.low, interval.high, k, unscored, len(clusters), note)


def ratio_metric(spec: Ratio, items: Sequence[Item], seed: int) -> Metric:
    """The ratio with cluster-bootstrap bounds; value None when nothing was said at all."""
    pairs = spec.pairs(items)
    clusters = by_cluster([(cluster, parts) for _, cluster, parts in pairs])
    if not any(parts[1] for _, _, parts in pairs):
        return Metric(spec.name, None, len(pairs), None, None, note=spec.note)
    interval = ratio(clusters, seed=seed)
    return Metric(
        spec.name, interval.value, interval.n, interval.low, interval.high, clusters=len(clusters), note=spec.note
    )


def anchoring_by_language(items: Sequence[Item]) -> list[Metric]:
    """semantic_anchoring by language, for one may be well taught and the other not."""
    rate = next(rate for rate in RATES if rate.name == "semantic_anchoring")
    languages = sorted({item.lang for item in items if item.suite == "anchoring"})
    metrics = []
    for lang in languages:
        own = [item for item in items if item.lang == lang]
        metrics.append(rate_metric(f"{rate.name}_{lang}", rate.samples(own), rate.unscored(own), rate.note))
    return metrics


def choices(items: Sequence[Item]) -> list[Metric]:
    """choice_accuracy: the share of comparisons with several worse answers whose better one is likelier than each of
    them, as a question with choices is answered by likelihood. None where no comparison has several."""
    ranked = by_cluster([(item.id.rpartition("/")[0], item) for item in items if item.suite == "preference"])
    several = {id: own for id, own in ranked.items() if len(own) > 1}
    if not several:
        return []
    judged = {id: own for id, own in several.items() if all(item.passed is not None for item in own)}
    samples = [Observation(id, own[0].cluster, all(item.passed for item in own)) for id, own in judged.items()]
    note = "the better answer is the likeliest of all"
    parts = by_cluster([(own[0].facts.category, all(item.passed for item in own)) for own in judged.values()])
    detail = {name: {"k": sum(passed), "n": len(passed)} for name, passed in sorted(parts.items())}
    return [replace(rate_metric("choice_accuracy", samples, len(several) - len(judged), note), detail=detail)]


def item_metrics(items: Sequence[Item], seed: int = 0) -> dict[str, Metric]:
    """All metrics of one-shot items by name; those whose suites were not asked at all are left out."""
    asked = {item.suite for item in items}
    rates = [rate_metric(r.name, r.samples(items), r.unscored(items), r.note) for r in RATES if r.suites & asked]
    ratios = [ratio_metric(spec, items, seed) for spec in RATIOS if spec.suites & asked]
    every = [*rates, *choices(items), *check_metrics(items, seed), *anchoring_by_language(items), *ratios]
    return {metric.name: metric for metric in map(_by_category(items), every)}


def _by_category(items: Sequence[Item]) -> Callable[[Metric], Metric]:
    """Puts the categories of comparisons beside their share: category -> {k, n}, "" where nobody named one."""

    def detailed(metric: Metric) -> Metric:
        if metric.name != "preference_accuracy":
            return metric
        ranked = [item for item in items if item.suite == "preference" and item.passed is not None]
        parts = by_cluster([(item.facts.category, bool(item.passed)) for item in ranked])
        return replace(metric, detail={name: {"k": sum(own), "n": len(own)} for name, own in sorted(parts.items())})

    return detailed
