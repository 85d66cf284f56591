"""Measures branches of a sweep at one look: trains them as far as the rung says, asks, judges. Decides nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from steadyhand.errors import DiskFullError, SteadyError
from steadyhand.evaluate.damage import damage_checks
from steadyhand.evaluate.scoring import score
from steadyhand.flow.engine import Watcher
from steadyhand.flow.plan import Planned, remember
from steadyhand.lab.cluster import Cluster
from steadyhand.lab.sweep_setup import SweepSetup, trial_of
from steadyhand.lab.trial import Answered, Trial, plan_trials, read_answers, run_alone, work_of
from steadyhand.ledger.result import Item
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings
from steadyhand.stats.halving import LookResult
from steadyhand.stats.rungs import HalvingRules, looks_of


class Measurer:
    """What `stats.halving.halve` asks. `answered`: (branch, rung, start) -> what came back; `base`: the untrained
    model's items, by question."""

    def __init__(
        self,
        setup: SweepSetup,
        store: Store,
        watcher: Watcher,
        base: Mapping[str, Item],
        cluster: Cluster | None = None,
    ) -> None:
        self.setup, self.store, self.watcher, self.base, self.cluster = setup, store, watcher, base, cluster
        self.answered: dict[tuple[str, int, int], Answered] = {}
        self._items: dict[tuple[str, int], dict[str, Item]] = {}
        self._position = 1  # the base

    def __call__(self, names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, LookResult]:
        self.begin(names, rung, start, stop)
        total = self._position + trials_left(self.setup.rules, len(names), rung, start)
        failed = self._at_once(names, rung, start, stop, total)
        return {
            name: LookResult(failed=failed[name]) if name in failed else self._seen(name, rung, start, stop, total)
            for name in names
        }

    def _at_once(self, names: Sequence[str], rung: int, start: int, stop: int, total: int) -> dict[str, str]:
        """Carries the look's trials out on the cluster, where there is one: the branches that failed, and why."""
        steps = {name: self.step(name, rung, start, stop) for name in names} if self.cluster else {}
        due = {step.key: name for name, step in steps.items() if step.state == "run"}
        if not due or self.cluster is None:
            return {}
        trials = [(self.trial(name, rung, start, stop), self.setup.contenders[name].env) for name in due.values()]
        self.watcher.stage(steps[next(iter(due.values()))], self._position + 1, total)
        for trial, env in trials:
            remember(work_of(trial, env), env.out)
        return {due[key]: what for key, what in self.cluster(trials, self.watcher).items()}

    def begin(self, names: Sequence[str], rung: int, start: int, stop: int) -> None:
        """Before any trial of a look."""

    def trial(self, name: str, rung: int, start: int, stop: int) -> Trial:
        return trial_of(self.setup, name, rung, start, stop)

    def step(self, name: str, rung: int, start: int, stop: int) -> Planned:
        return plan_trials([self.trial(name, rung, start, stop)], self.setup.contenders[name].env)[0]

    def _seen(self, name: str, rung: int, start: int, stop: int, total: int) -> LookResult:
        step = self.step(name, rung, start, stop)
        self._position += 1
        self.watcher.stage(step, self._position, total)
        env = self.setup.contenders[name].env
        try:
            if step.state == "run":
                run_alone(self.trial(name, rung, start, stop), env, self.store, self.watcher)
        except DiskFullError:
            raise
        except SteadyError as error:  # this branch cannot be trained; the others can
            return LookResult(failed=error.what)
        answered = self.answered[name, rung, start] = read_answers(self.store, step.key)
        if answered.losses:
            return LookResult(loss=together(answered.losses), risk=lost(answered.losses))
        return self._judged(name, rung, start, stop, answered)

    def _judged(self, name: str, rung: int, start: int, stop: int, answered: Answered) -> LookResult:
        own = self._items.setdefault((name, rung), {})
        own |= judged(self.setup, self.setup.env.settings, answered)
        items = [own["/".join(target.key)] for target in self.setup.items[start:stop]]
        broken = damage_checks([self.base[key] for key in own], [*own.values()], self.setup.env.settings.gate)
        harm = "; ".join(f"{check.metric}: {check.reason}" for check in broken) or None
        return LookResult(tuple((item.cluster, bool(item.passed)) for item in items), harm=harm)


def together(losses: Sequence[float]) -> float:
    """One number to rank by: the geometric mean, in which each counts by its relative change. In a sum what is learned
    (of a high loss) would outweigh what is lost (of a low one), and the hottest branches would go on."""
    return math.prod(losses) ** (1 / len(losses))


def lost(losses: Sequence[float]) -> float:
    """The loss on what is public, where it was taken: the more a training has lost of that under way, the more likely
    its end is damaged."""
    return losses[1] if len(losses) > 1 else 0.0


def trials_left(rules: HalvingRules, branches: int, rung: int, start: int) -> int:
    """How many trials a sweep still needs at most, from the look that begins at item `start` of a rung on."""
    left = branches * sum(stop > start for stop in _stops(rules, rung))
    for later in range(rung + 1, len(rules.rungs)):
        left += min(branches, rules.rungs[later - 1].keep) * len(_stops(rules, later))
    return left


def _stops(rules: HalvingRules, rung: int) -> list[int]:
    items = rules.rungs[rung].items
    return looks_of(items, rules.looks) if rung == len(rules.rungs) - 1 else [items]


def judged(setup: SweepSetup, settings: Settings, answered: Answered) -> dict[str, Item]:
    """Every answer of a trial as an item, by question."""
    asked = {"/".join(target.key): target for target in (*setup.known, *setup.items)}
    return {
        id: score(asked[id], asked[id].prompt, completion, settings.eval.cot_labels)
        for id, completion in answered.answers.items()
    }
