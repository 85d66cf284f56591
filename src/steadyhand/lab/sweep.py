"""A sweep as one page: several branches of a fine-tuning, trained and asked rung by rung until one is left.

The decisions are `stats.halving`'s; here branches become trials, and answers become figures. Branches are chosen by
decisions of training scenarios that no branch trains on; held-out scenarios are never asked. Every trial is
content-addressed and every training goes on at its last checkpoint, so a sweep that was killed takes the same
decisions again from what is there, and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from steadyhand.errors import JobError
from steadyhand.flow.engine import Watcher
from steadyhand.flow.plan import Planned
from steadyhand.lab.cluster import cluster
from steadyhand.lab.sweep_measure import Measurer, judged, trials_left
from steadyhand.lab.sweep_result import Sweep, sweep_result
from steadyhand.lab.sweep_setup import SweepRequest, SweepSetup, lay_out, training_of, with_kept
from steadyhand.lab.trial import Answered, forget, plan_trials, read_answers, run_alone
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.result import Item
from steadyhand.ledger.store import Store
from steadyhand.stats.halving import Halved, halve


def sweep(folder: Path, flags: Mapping[str, object], out: Path, request: SweepRequest, watcher: Watcher) -> Sweep:
    """Carry the sweep out; trials that are done are read. Raises DomainError for a file of branches that is wrong, and
    JobError when no branch could be trained at all."""
    setup = lay_out(folder, flags, out, request)
    with folder_lock(out):
        store = Store(out)
        store.gc()  # what a killed process was writing
        with cluster(setup.env.settings) as at_once:
            setup, base = _base(setup, store, watcher)
            measure = Measurer(setup, store, watcher, base, at_once)
            halved = halve(list(setup.contenders), setup.rules, measure)
        forget([training_of(contender) for contender in setup.contenders.values()], store)
    _refuse_all_failed(halved, request)
    return sweep_result(setup, halved, measure.answered, base)


def sweep_plan(folder: Path, flags: Mapping[str, object], out: Path, request: SweepRequest) -> list[Planned]:
    """Which trials would be carried out, as far as the decisions before them are known; writes nothing."""
    setup = lay_out(folder, flags, out, request)
    steps = plan_trials([setup.base], setup.env)
    if steps[0].state == "run":
        return steps + _later(setup, -1, len(setup.contenders))
    store = Store(out)
    setup, base = _told(setup, read_answers(store, steps[0].key))
    seen = _Foreseen(setup, store, base)
    try:
        halve(list(setup.contenders), setup.rules, seen)
    except _UndecidedError as undecided:
        return steps + seen.steps + _later(setup, undecided.rung, undecided.branches)
    return steps + seen.steps


class _UndecidedError(Exception):
    """The next decision needs trials that are not done."""

    def __init__(self, rung: int, branches: int) -> None:
        super().__init__(rung)
        self.rung, self.branches = rung, branches


class _Silent:
    def stage(self, planned: Planned, position: int, total: int) -> None: ...

    def progress(self, done: int, total: int, label: str) -> None: ...


class _Foreseen(Measurer):
    """Reads what is done and notes what is not; carries nothing out."""

    def __init__(self, setup: SweepSetup, store: Store, base: Mapping[str, Item]) -> None:
        super().__init__(setup, store, _Silent(), base)
        self.steps: list[Planned] = []

    def begin(self, names: Sequence[str], rung: int, start: int, stop: int) -> None:
        steps = [self.step(name, rung, start, stop) for name in names]
        self.steps += steps
        if any(step.state == "run" for step in steps):
            raise _UndecidedError(rung, len(names))


def _later(setup: SweepSetup, rung: int, branches: int) -> list[Planned]:
    """A line for each later rung, whose branches are decided by the one before."""
    steps = []
    for number in range(rung + 1, len(setup.rules.rungs)):
        before = setup.rules.rungs[number - 1].keep if number else branches
        branches = min(branches, before)
        what = f"rung {number + 1}: {branches} branches"
        steps.append(Planned(what, "", "run", "which ones, the rung before decides" if number else "all of them"))
    return steps


def _base(setup: SweepSetup, store: Store, watcher: Watcher) -> tuple[SweepSetup, dict[str, Item]]:
    step = plan_trials([setup.base], setup.env)[0]
    watcher.stage(step, 1, 1 + trials_left(setup.rules, len(setup.contenders), 0, 0))
    if step.state == "run":
        run_alone(setup.base, setup.env, store, watcher)
    return _told(setup, read_answers(store, step.key))


def _told(setup: SweepSetup, answered: Answered) -> tuple[SweepSetup, dict[str, Item]]:
    """The sweep as it is once the base has answered, and the base's items."""
    return with_kept(setup, answered.answers), judged(setup, setup.env.settings, answered)


def _refuse_all_failed(halved: Halved, request: SweepRequest) -> None:
    failed = [fate for fate in halved.fates if fate.end == "failed"]
    if len(failed) == len(halved.fates):
        raise JobError(
            f"no branch could be trained; the first one: {failed[0].reason}",
            where=str(request.file),
            next="correct the branches and run again: what was done is kept",
        )
