"""Successive halving with early kills: which of several branches is best, for a part of what measuring all would cost.

Branches climb rungs. At each rung every branch that is left has been trained by the same share of its steps, and the
best of them go on (Jamieson & Talwalkar 2016). Under way they are ranked by their loss on items that none was trained
on: a few dozen right answers say nearly nothing there, losses on the same items much. Trained whole, branches answer
the items, in a few looks. After each look a branch ends early only on evidence that may be looked at any time: an
e-process on its discordant units against the leader; or on a harm that its measurer found. Harm before that is not
asked for: at the height of its rate a training may be damaged and recover. The place of one that is harmed, or could
not be measured, goes to the next in rank.

Knows outcomes by item; knows nothing of trainings or models. Equal figures are settled by the branches' order, so the
same figures always give the same decisions.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from steadyhand.stats.eprocess import e_value_worse
from steadyhand.stats.rungs import HalvingRules, looks_of, refuse
from steadyhand.stats.tests import Paired, collapse

End = Literal["won", "outscored", "worse", "harmed", "failed"]


@dataclass(frozen=True)
class LookResult:
    """What a branch did on the items of one look: before the last rung its `loss` (finite, lower is better) and its
    `risk` of harm at the end (lower is better; known or 0 for all branches), there (cluster, whether it was right) by
    item. `harm` says why it must not win (damage, lost knowledge), `failed` why it could not be measured at all."""

    right: tuple[tuple[str, bool], ...] = ()
    loss: float = math.inf
    risk: float = 0.0
    harm: str | None = None
    failed: str | None = None


@dataclass(frozen=True)
class Score:
    """Where a branch stood when its rung, or the branch in it, ended: by its loss, or by `right` of `n` answers."""

    branch: str
    rung: int
    loss: float | None = None
    right: int = 0
    n: int = 0


@dataclass(frozen=True)
class Fate:
    """How a branch ended: at which rung (from 0) and after how many of its items. `against` is who it is compared with,
    `gains` and `losses` are the units that only it, or only the other one, got right; `e` is the evidence. `instead`:
    it had been outscored, and was called back for that branch."""

    branch: str
    end: End
    rung: int
    items: int
    reason: str = ""
    against: str | None = None
    gains: int = 0
    losses: int = 0
    e: float | None = None
    instead: str | None = None


@dataclass(frozen=True)
class Halved:
    """`winner` is None when no branch is left. `fates` has one entry per branch, in the branches' order."""

    winner: str | None
    fates: tuple[Fate, ...]
    scores: tuple[Score, ...]


Measure = Callable[[Sequence[str], int, int, int], Mapping[str, LookResult]]
"""(branches, rung, start, stop): what each of them does on items start to stop, trained as that rung says."""


@dataclass
class _Race:
    """A sweep under way. `ranked`: rung by rung, who was weighed there, the best first, with its risk."""

    rules: HalvingRules
    order: Sequence[str]
    alive: list[str]
    fates: dict[str, Fate] = field(default_factory=dict)
    scores: list[Score] = field(default_factory=list)
    ranked: list[dict[str, float]] = field(default_factory=list)
    instead: dict[str, str] = field(default_factory=dict)

    @property
    def enough(self) -> float:
        """The e-value that ends a branch: one test for each other branch, by the union bound."""
        return max(1, len(self.order) - 1) / self.rules.alpha if self.rules.alpha else math.inf

    def finish(self, fate: Fate) -> None:
        self.fates[fate.branch] = replace(fate, instead=self.instead.get(fate.branch))
        self.alive.remove(fate.branch)

    def call_back(self, name: str, instead: str) -> None:
        del self.fates[name]
        self.instead[name] = instead
        self.alive = [one for one in self.order if one in {*self.alive, name}]


def halve(branches: Sequence[str], rules: HalvingRules, measure: Measure) -> Halved:
    """Runs the rungs until all are done or no branch is left. Asks `measure` for the branches that are left only, all
    of one look together. Raises UsageError for no branches, equal names, or rungs that do not grow."""
    refuse(branches, rules)
    race = _Race(rules, branches, list(branches))
    for number in range(len(rules.rungs) - 1):
        _weigh(race, number, measure)
    _ask(race, measure)
    winner = race.alive[0] if race.alive else None
    if winner is not None:
        race.finish(Fate(winner, "won", len(rules.rungs) - 1, rules.rungs[-1].items))
    return Halved(winner, tuple(race.fates[name] for name in branches), tuple(race.scores))


def _weigh(race: _Race, number: int, measure: Measure) -> None:
    """The branches of the lowest losses go on."""
    rung = race.rules.rungs[number]
    found = measure(tuple(race.alive), number, 0, rung.items) if race.alive else {}
    for name in tuple(race.alive):
        _end_failed(race, name, found[name], number, 0)
    race.scores += [Score(name, number, found[name].loss) for name in race.alive]
    ranked = sorted(race.alive, key=lambda name: found[name].loss)
    race.ranked.append({name: found[name].risk for name in ranked})
    for name in ranked[rung.keep :]:
        race.finish(Fate(name, "outscored", number, rung.items, against=ranked[0]))


def _ask(race: _Race, measure: Measure) -> None:
    """The last rung: most right answers win, unless evidence or harm ends a branch before."""
    number, rung = len(race.rules.rungs) - 1, race.rules.rungs[-1]
    seen: dict[str, list[tuple[str, bool]]] = {}
    stops = looks_of(rung.items, race.rules.looks)
    for stop in stops:
        while behind := [name for name in race.alive if len(seen.setdefault(name, [])) < stop]:
            _look(race, behind, seen, stops, measure)
        _end_worse(race, seen, number)
    race.scores += [_score(name, number, own) for name, own in seen.items() if own]
    _end_outscored(race, seen, number)


def _look(
    race: _Race,
    behind: Sequence[str],
    seen: Mapping[str, list[tuple[str, bool]]],
    stops: Sequence[int],
    measure: Measure,
) -> None:
    """One look of those that have answered least: of one that is called back, the looks that the others had."""
    number, start = len(race.rules.rungs) - 1, min(len(seen[name]) for name in behind)
    names = tuple(name for name in behind if len(seen[name]) == start)
    found = measure(names, number, start, next(stop for stop in stops if stop > start))
    for name in names:
        seen[name].extend(found[name].right)
        _end_failed(race, name, found[name], number, len(seen[name]))
        _end_harmed(race, name, found[name], number, len(seen[name]))
    for name in names:
        if name not in race.alive:
            _replace(race, name)


def _replace(race: _Race, gone: str) -> None:
    """Calls the next in rank back for a branch that was harmed or failed: one of the last weighing, and when nobody is
    left, of one before. Who was at more risk under way than a branch that proved harmed would most likely prove so too.
    """
    for number in reversed(range(len(race.ranked))):
        risks = race.ranked[number]
        harmed = [risk for name, risk in risks.items() if name in race.fates and race.fates[name].end == "harmed"]
        for name, risk in risks.items():
            if name in race.fates and race.fates[name].rung == number and risk <= min(harmed, default=math.inf):
                return race.call_back(name, gone)
        if race.alive:
            return None
    return None


def _end_failed(race: _Race, name: str, found: LookResult, number: int, items: int) -> None:
    if found.failed is not None:
        race.finish(Fate(name, "failed", number, items, found.failed))


def _end_harmed(race: _Race, name: str, found: LookResult, number: int, items: int) -> None:
    if found.harm is not None and name in race.alive:
        race.finish(Fate(name, "harmed", number, items, found.harm))


def _end_worse(race: _Race, seen: Mapping[str, list[tuple[str, bool]]], number: int) -> None:
    """The leader stays whatever happens: nothing is evidence against itself."""
    if not race.alive:
        return
    leader = _ranked(race, seen)[0]
    for name in tuple(race.alive):
        pairs = paired(seen[leader], seen[name])
        e = _evidence(pairs)
        if name != leader and e >= race.enough:
            race.finish(Fate(name, "worse", number, len(seen[name]), "", leader, pairs.gains, pairs.losses, e))


def _end_outscored(race: _Race, seen: Mapping[str, list[tuple[str, bool]]], number: int) -> None:
    ranked = _ranked(race, seen)
    for name in ranked[1:]:
        best = paired(seen[ranked[0]], seen[name])
        fate = Fate(name, "outscored", number, len(seen[name]), "", ranked[0], best.gains, best.losses, _evidence(best))
        race.finish(fate)


def _ranked(race: _Race, seen: Mapping[str, list[tuple[str, bool]]]) -> list[str]:
    """Those left, the best first; `alive` keeps the branches' order and sorting is stable."""
    return sorted(race.alive, key=lambda name: -sum(right for _, right in seen[name]))


def paired(first: Sequence[tuple[str, bool]], second: Sequence[tuple[str, bool]]) -> Paired:
    """Gains and losses of the second on the same items; items of one cluster are one unit."""
    return collapse((cluster, one, other) for (cluster, one), (_, other) in zip(first, second, strict=True))


def _evidence(pairs: Paired) -> float:
    """That the second is worse; no infinity, which JSON cannot carry."""
    return min(e_value_worse(pairs.gains, pairs.losses), sys.float_info.max)


def _score(name: str, number: int, own: Sequence[tuple[str, bool]]) -> Score:
    return Score(name, number, None, sum(right for _, right in own), len(own))
