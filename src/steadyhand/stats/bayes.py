"""Naive Bayes over sets of features, cross-validated, beside the majority class. Knows labels and names only.

The classifier is small on purpose: what it learns from a part of an input, any model learns from it sooner.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field

from steadyhand.stats.tests import collapse, mcnemar_exact

EXACT = 1000  # discordant cases; beyond, the normal approximation is as good and needs no large integers


@dataclass
class Counts:
    """How often each outcome occurs, alone and with each feature."""

    outcomes: Counter[str] = field(default_factory=Counter)
    together: dict[str, Counter[str]] = field(default_factory=dict)  # feature -> outcome -> rows

    def add(self, features: Collection[str], outcome: str, weight: int = 1) -> None:
        self.outcomes[outcome] += weight
        for feature in features:
            self.together.setdefault(feature, Counter())[outcome] += weight

    def majority(self) -> str:
        """The most frequent outcome, of equals the first by name; empty where there is none."""
        return min(self.outcomes, key=lambda outcome: (-self.outcomes[outcome], outcome), default="")

    def predicted(self, features: Collection[str]) -> str:
        """argmax of log P(outcome) + sum of log P(feature | outcome), half a row added to each count."""
        best = self.majority()
        told = [self.together[one] for one in sorted(features) if sum(self.together.get(one, {}).values())]
        score = {name: self._score(name, told) for name, count in self.outcomes.items() if count}
        return min(score, key=lambda name: (-score[name], name != best, name), default="")

    def _score(self, outcome: str, told: Sequence[Counter[str]]) -> float:
        n = self.outcomes[outcome]
        return math.log(n) + sum(math.log((counts[outcome] + 0.5) / (n + 1)) for counts in told)


@dataclass(frozen=True)
class Contest:
    """Right predictions of `n` rows by the classifier, learned from other groups, and by the outcome most frequent of
    all. `p_value`: McNemar test, exact, one-sided, that the classifier is right no more often; a group is one case."""

    right: int
    majority: int
    n: int
    p_value: float


def contest(
    features: Sequence[Collection[str]], outcomes: Sequence[str], groups: Sequence[str], folds: int = 5
) -> Contest:
    """Classifier against majority class over the same rows, in folds that keep groups together. The majority is that
    of all rows: learned from the other folds, it would be wrong wherever the outcomes are even, and easy to beat."""
    whole = Counts()
    for names, outcome in zip(features, outcomes, strict=True):
        whole.add(names, outcome)
    rows_of: dict[int, list[int]] = {}
    for row, fold in enumerate(folds_of(groups, folds)):
        rows_of.setdefault(fold, []).append(row)
    judged = [one for rows in rows_of.values() for one in _judged(whole, rows, features, outcomes)]
    usual = whole.majority()
    paired = collapse((groups[row], outcomes[row] == usual, right) for row, right in judged)
    right, majority = sum(right for _, right in judged), whole.outcomes[usual]
    return Contest(right, majority, len(outcomes), _one_sided(paired.gains, paired.losses))


def _judged(
    whole: Counts, rows: Sequence[int], features: Sequence[Collection[str]], outcomes: Sequence[str]
) -> list[tuple[int, bool]]:
    """(row, classifier right) of a fold, learned from all rows but these."""
    for row in rows:
        whole.add(features[row], outcomes[row], -1)
    made = [(row, whole.predicted(features[row]) == outcomes[row]) for row in rows]
    for row in rows:
        whole.add(features[row], outcomes[row])
    return made


def _one_sided(gains: int, losses: int) -> float:
    """P(so many gains or more) where gains and losses are equally likely."""
    if gains <= losses:
        return 1.0
    if gains + losses > EXACT:
        return math.erfc((gains - losses) / math.sqrt(2 * (gains + losses))) / 2
    return mcnemar_exact(gains, losses) / 2


def folds_of(groups: Sequence[Hashable], count: int, seed: int = 0) -> list[int]:
    """A fold for each row; rows of one group share it. Large groups first, each into the emptiest fold, seeded."""
    sizes = Counter(groups)
    order = list(sizes)
    random.Random(seed).shuffle(order)
    filled = [0] * count
    fold: dict[Hashable, int] = {}
    for group in sorted(order, key=lambda one: -sizes[one]):
        fold[group] = filled.index(min(filled))
        filled[fold[group]] += sizes[group]
    return [fold[group] for group in groups]
