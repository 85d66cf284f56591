"""Spurious cues: features of the prompt from which the outcome can be read without understanding it.

Two tests. The *separator rule* for small arenas, exact: a feature in all asks of one outcome and in no other. The
*z statistic* with a false discovery rate for large ones (Gardner et al. 2021; Benjamini and Hochberg 1995); it has no
power on two cards, where every z is 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steadyhand.check.asks import Arena, Ask
from steadyhand.check.features import is_han, lexical, spans
from steadyhand.stats.association import discoveries, share_z, two_sided
from steadyhand.text.normal import fold

SMALL = 30  # asks; above this z has power and the separator rule is left to it
LONELY = 4  # in an arena of more asks, the only ask of an outcome proves nothing: some word of it is always its own
FEW = 5  # asks on each side; with fewer, one of so many facts of shape often parts them by chance
MIN_HOLDERS = 10  # asks that hold a feature, for z
FALSE_DISCOVERIES = 0.01


@dataclass(frozen=True)
class Cue:
    """`spans` (words) or, where no word tells, `facts` (of shape) stand in all asks of `outcome` and in no other ask.
    `counters` are prompts that would break it, made by exchanging one cue against one of another outcome."""

    outcome: str
    spans: tuple[str, ...]
    facts: tuple[str, ...]
    example: Ask
    counters: tuple[str, ...]


@dataclass(frozen=True)
class Leaning:
    """`k` of the `n` asks that hold `feature` end in `outcome`, whose share among all asks is `p0`."""

    feature: str
    outcome: str
    k: int
    n: int
    p0: float
    z: float
    example: Ask


def separators(arena: Arena) -> list[Cue]:
    """The unbroken cues of a small arena; words that a point's rules name are its causes, not cues."""
    if len(arena.asks) > SMALL:
        return []
    cues = [cue for outcome in arena.outcomes if (cue := _separator(arena.asks, outcome))]
    return [_with_counters(cue, cues) for cue in cues]


def _separator(asks: Sequence[Ask], outcome: str) -> Cue | None:
    inside = [ask for ask in asks if ask.outcome == outcome]
    outside = [ask for ask in asks if ask.outcome != outcome]
    if len(inside) == 1 and len(asks) > LONELY:
        return None
    causal = lexical(" ".join({ask.record.causal for ask in asks}))
    words = frozenset.intersection(*(a.words for a in inside)).difference(causal, *(a.words for a in outside))
    facts = frozenset.intersection(*(a.shape for a in inside)).difference(*(a.shape for a in outside))
    if words:
        return Cue(outcome, tuple(_spans_of_all(inside, words)), (), inside[0], ())
    if facts and not causal and min(len(inside), len(outside)) >= FEW:
        return Cue(outcome, (), tuple(sorted(facts)), inside[0], ())
    return None


def _spans_of_all(asks: Sequence[Ask], words: frozenset[str]) -> Iterator[str]:
    """Maximal spans of the first ask; one that another ask writes apart falls back to its parts."""
    texts = [fold(ask.text) for ask in asks]
    for span in spans(asks[0].text, words):
        parts = [span] if all(span in text for text in texts) else [w for w in sorted(words) if w in span]
        yield from parts


def _with_counters(cue: Cue, cues: Sequence[Cue]) -> Cue:
    other = next((c for c in cues if c.outcome != cue.outcome and c.spans), None)
    counters = tuple(_swaps(cue, other)) if other else ()
    return Cue(cue.outcome, cue.spans, cue.facts, cue.example, counters)


def _swaps(cue: Cue, other: Cue) -> Iterator[str]:
    """The example with one cue of its own replaced by the other outcome's of the same kind (Han words; other words)."""
    for han in (True, False):
        own = [span for span in cue.spans if is_han(span) == han]
        theirs = [span for span in other.spans if is_han(span) == han]
        text = _replace(cue.example.text, own, other.example.text, theirs)
        if text is not None and text != other.example.text:
            yield text


def _replace(text: str, own: Sequence[str], source: str, theirs: Sequence[str]) -> str | None:
    """`text` with the stretch from its first to its last own span replaced by the like stretch of `source`."""
    here, there = _stretch(text, own), _stretch(source, theirs)
    if here is None or there is None:
        return None
    return text[: here[0]] + source[there[0] : there[1]] + text[here[1] :]


def _stretch(text: str, words: Sequence[str]) -> tuple[int, int] | None:
    folded = fold(text)
    places = [(folded.find(span), len(span)) for span in words]
    if not places or len(folded) != len(text) or any(at < 0 for at, _ in places):
        return None  # folding changed the length: places would not fit
    return min(at for at, _ in places), max(at + size for at, size in places)


def leanings(arena: Arena) -> list[Leaning]:
    """Features of a large arena that predict an outcome, strongest first."""
    if len(arena.asks) <= SMALL:
        return []
    counts = arena.outcomes
    outcomes = sorted(counts, key=lambda o: (-counts[o], o))
    outcomes = outcomes[1:] if len(outcomes) == 2 else outcomes  # the other one's z is the same with its sign turned
    tested = list(_tested(arena, [outcome for outcome in outcomes if counts[outcome] >= MIN_HOLDERS]))
    significant = discoveries(
        {(leaning.feature, leaning.outcome): two_sided(leaning.z) for leaning in tested}, FALSE_DISCOVERIES
    )
    strong = [leaning for leaning in tested if (leaning.feature, leaning.outcome) in significant]
    return list(
        _without_nested(sorted(strong, key=lambda leaning: (-abs(leaning.z), -len(leaning.feature), leaning.feature)))
    )


def _tested(arena: Arena, outcomes: Sequence[str]) -> Iterator[Leaning]:
    ends: dict[str, Counter[str]] = {outcome: Counter() for outcome in arena.outcomes}
    first: dict[str, Ask] = {}
    for ask in arena.asks:
        features = ask.features()
        ends[ask.outcome].update(features)
        for feature in features:
            first.setdefault(feature, ask)
    holders: Counter[str] = Counter()
    for counts in ends.values():
        holders.update(counts)
    for outcome in outcomes:
        p0 = arena.outcomes[outcome] / len(arena.asks)
        for feature, n in holders.items():
            if MIN_HOLDERS <= n < len(arena.asks):
                k = ends[outcome][feature]
                yield Leaning(feature, outcome, k, n, p0, share_z(k, n, p0), first[feature])


def _without_nested(strong: Sequence[Leaning]) -> Iterator[Leaning]:
    """Of features that contain each other and lean the same way only the strongest."""
    said: dict[tuple[str, bool], list[str]] = {}
    for leaning in strong:
        stronger = said.setdefault((leaning.outcome, leaning.z > 0), [])
        if not any(leaning.feature in feature or feature in leaning.feature for feature in stronger):
            stronger.append(leaning.feature)
            yield leaning
