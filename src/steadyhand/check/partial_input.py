"""D107: does a part of the input tell the outcome? A small classifier sees the first words, the tools or the length
alone.

Where it beats the majority class on rows that it has not seen, a model need not read the rest either (partial-input
baselines: Poliak et al. 2018, arXiv 1805.01042). Near-copies share a fold, so that memory does not count as insight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from steadyhand.check.asks import CALLS, Arena, Ask, arenas
from steadyhand.check.dataset import Dataset
from steadyhand.check.features import lexical, tokens
from steadyhand.check.finding import Finding, finding
from steadyhand.stats.association import discoveries, share_z
from steadyhand.stats.bayes import Contest, Counts, contest
from steadyhand.text.near import near_clusters

MAX_RECORDS = 4000  # evenly taken: more say the same and cost more
MIN_ASKS, MIN_OTHERS, MIN_GROUPS = 40, 10, 10  # below, an accident looks like a rule
FALSE_DISCOVERIES, MIN_GAIN = 0.01, 0.05  # a gain of less than five points is not worth a word
FIRST_WORDS, FIRST_CHARS, SHOWN, MIN_HOLDERS = 5, 60, 3, 5

Part = Callable[[Ask], frozenset[str]]


@dataclass(frozen=True)
class _Trial:
    arena: Arena
    part: str
    features: list[frozenset[str]]
    result: Contest


def check_partial(dataset: Dataset) -> Iterator[Finding]:
    """At most one finding per arena and part."""
    step = -(-len(dataset.records) // MAX_RECORDS) or 1
    trials = [trial for arena in arenas(dataset.records[::step]) for trial in _trials(arena)]
    p_values = {number: trial.result.p_value for number, trial in enumerate(trials)}
    significant = discoveries(p_values, FALSE_DISCOVERIES)
    for number, trial in enumerate(trials):
        result = trial.result
        if number in significant and result.right - result.majority >= MIN_GAIN * result.n:
            yield _finding(trial)


def _trials(arena: Arena) -> Iterator[_Trial]:
    asks = arena.asks
    if len(asks) < MIN_ASKS or len(asks) - max(arena.outcomes.values()) < MIN_OTHERS:
        return
    clusters = near_clusters([ask.text for ask in asks])
    if len(set(clusters)) < MIN_GROUPS:
        return
    groups = [ask.record.labels.group or f"near {cluster}" for ask, cluster in zip(asks, clusters, strict=True)]
    outcomes = [ask.outcome for ask in asks]
    for name, part in PARTS.items():
        if name != TOOLS or arena.name == CALLS:
            features = [part(ask) for ask in asks]
            yield _Trial(arena, name, features, contest(features, outcomes, groups))


def _first_words(ask: Ask) -> frozenset[str]:
    """What the rules of a point name is the task itself."""
    causal = lexical(ask.record.causal) if ask.record.causal else frozenset()
    return frozenset(tokens(ask.text[:FIRST_CHARS])[:FIRST_WORDS]) - causal


def _tools(ask: Ask) -> frozenset[str]:
    return frozenset(tool.name for tool in ask.record.tools)


def _length(ask: Ask) -> frozenset[str]:
    """In steps of a quarter of a power of two."""
    size = len(ask.text)
    step = max(1, (1 << size.bit_length() >> 1) // 4)
    low = size // step * step
    return frozenset({f"{low}-{low + step - 1} characters"})


TOOLS = "the names of the tools on offer"
PARTS: dict[str, Part] = {
    f"the first {FIRST_WORDS} words of the prompt": _first_words,
    TOOLS: _tools,
    "the length of the prompt": _length,
}


def _finding(trial: _Trial) -> Finding:
    result, telling = trial.result, _telling(trial)
    what = (
        f"{trial.arena.name}: from {trial.part} alone {_share(result.right, result.n)} of the outcomes are told right "
        f"in rows not seen, by the most frequent outcome {_share(result.majority, result.n)} (p = {result.p_value:.1g})"
    )
    if telling:
        what += f"; most telling: {', '.join(telling.values())}"
    holders = (ask for ask, names in zip(trial.arena.asks, trial.features, strict=True) if names & telling.keys())
    example = next(holders, trial.arena.asks[0])
    advice = "add rows that begin, offer or measure the same and end otherwise, or ignore it if it is the task itself"
    return finding("D107", example.record.at(example.text), what, advice)


def _share(k: int, n: int) -> str:
    return f"{k / n:.0%} ({k} of {n})"


def _telling(trial: _Trial) -> dict[str, str]:
    """The features that lean most to one outcome, in words, strongest first."""
    counts = Counts()
    for ask, names in zip(trial.arena.asks, trial.features, strict=True):
        counts.add(names, ask.outcome)
    total = counts.outcomes.total()
    leaning = []
    for name, ends in counts.together.items():
        for outcome, k in ends.items():
            z = share_z(k, ends.total(), counts.outcomes[outcome] / total)
            if ends.total() >= MIN_HOLDERS and z > 0:
                leaning.append((-z, name, f"{name!r} ({k} of {ends.total()} end in {outcome!r})"))
    return {name: text for _, name, text in sorted(leaning)[:SHOWN]}
