"""A sweep as one page: several branches of a fine-tuning, trained and asked rung by rung until one is left.

The decisions are `stats.halving`'s; here branches become cells, and answers become figures. Branches are chosen by
decisions of training scenarios that no branch trains on; held-out scenarios are never asked. Every cell is
content-addressed and every training goes on at its last checkpoint, so a sweep that was killed takes the same
decisions again from what is there, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.errors import JobError
from steadyhand.evaluate.harm import right
from steadyhand.flow.branching import Request, Setup, lay_out, with_kept
from steadyhand.flow.cells import Answered, planned, read_answers, settle
from steadyhand.flow.cluster import cluster
from steadyhand.flow.desk import Planned, Watcher
from steadyhand.flow.measuring import Measurer, cells_left, judged
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.result import Item
from steadyhand.ledger.store import Store
from steadyhand.stats.halving import Fate, Halved, Rung, Score, halve
from steadyhand.stats.intervals import wilson_bounds


@dataclass(frozen=True)
class Stop:
    """Where a branch stood at the end of a rung, after `steps` steps: under way by its losses (nats per token) on what
    is to be learnt and, where there is any, on what is public; at the end by right answers, `rate` with its 95 %
    interval."""

    rung: int
    steps: int
    losses: tuple[float, ...] = ()
    right: int | None = None
    n: int | None = None
    rate: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Story:
    """What became of a branch: what it is, where it stood, how it ended. `steps` are those of its whole training (0:
    it was never trained)."""

    branch: str
    sets: dict[str, Json]
    data: str | None
    steps: int
    stops: tuple[Stop, ...]
    fate: Fate


@dataclass(frozen=True)
class Compute:
    """What was spent, and what training every branch to the end and asking it everything would have taken."""

    steps: int
    full_steps: int
    answers: int
    full_answers: int


@dataclass(frozen=True)
class Sweep:
    """What a sweep found; `winner` is None when every branch was ended. `base_right` of `items` is the untrained
    model's figure on the same items; `seconds` are those of all cells of branches, whenever they were spent."""

    domain: str
    created: str
    winner: str | None
    stories: tuple[Story, ...]
    rungs: tuple[Rung, ...]
    items: int
    base_right: int
    compute: Compute
    seconds: float
    manifest: dict[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        return asdict(self)


def sweep(folder: Path, flags: Mapping[str, object], out: Path, request: Request, watcher: Watcher) -> Sweep:
    """Carry the sweep out; cells that are done are read. Raises DomainError for a file of branches that is wrong, and
    JobError when no branch could be trained at all."""
    setup = lay_out(folder, flags, out, request)
    with folder_lock(out):
        store = Store(out)
        store.gc()  # what a killed process was writing
        with cluster(setup.bench.settings) as at_once:
            setup, base = _base(setup, store, watcher)
            measure = Measurer(setup, store, watcher, base, at_once)
            found = halve(list(setup.contenders), setup.rules, measure)
        measure.drop(setup.contenders)
    _refuse_all_failed(found, request)
    return _sweep(setup, found, measure.answered, base)


def sweep_plan(folder: Path, flags: Mapping[str, object], out: Path, request: Request) -> list[Planned]:
    """Which cells would be carried out, as far as the decisions before them are known; writes nothing."""
    setup = lay_out(folder, flags, out, request)
    steps = planned([setup.base], setup.bench)
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
    """The next decision needs cells that are not done."""

    def __init__(self, rung: int, branches: int) -> None:
        super().__init__(rung)
        self.rung, self.branches = rung, branches


class _Silent:
    def stage(self, planned: Planned, position: int, total: int) -> None: ...

    def progress(self, done: int, total: int, label: str) -> None: ...


class _Foreseen(Measurer):
    """Reads what is done and notes what is not; carries nothing out."""

    def __init__(self, setup: Setup, store: Store, base: Mapping[str, Item]) -> None:
        super().__init__(setup, store, _Silent(), base)
        self.steps: list[Planned] = []

    def drop(self, names: Iterable[str]) -> None:
        """A plan removes nothing."""

    def begin(self, names: Sequence[str], rung: int, start: int, stop: int) -> None:
        found = [self.step(name, rung, start, stop) for name in names]
        self.steps += found
        if any(step.state == "run" for step in found):
            raise _UndecidedError(rung, len(names))


def _later(setup: Setup, rung: int, branches: int) -> list[Planned]:
    """A line for each later rung, whose branches are decided by the one before."""
    steps = []
    for number in range(rung + 1, len(setup.rules.rungs)):
        before = setup.rules.rungs[number - 1].keep if number else branches
        branches = min(branches, before)
        what = f"rung {number + 1}: at most {branches} branches"
        steps.append(Planned(what, "", "run", "which ones, the rung before decides" if number else "all of them"))
    return steps


def _base(setup: Setup, store: Store, watcher: Watcher) -> tuple[Setup, dict[str, Item]]:
    step = planned([setup.base], setup.bench)[0]
    watcher.stage(step, 1, 1 + cells_left(setup.rules, len(setup.contenders), 0, 0))
    if step.state == "run":
        settle(setup.base, step.key, setup.bench, store, watcher)
    return _told(setup, read_answers(store, step.key))


def _told(setup: Setup, found: Answered) -> tuple[Setup, dict[str, Item]]:
    """The sweep as it is once the base has answered, and the base's items."""
    return with_kept(setup, found.answers), judged(setup, setup.bench.settings, found)


def _refuse_all_failed(found: Halved, request: Request) -> None:
    failed = [fate for fate in found.fates if fate.end == "failed"]
    if len(failed) == len(found.fates):
        raise JobError(
            f"no branch could be trained; the first one: {failed[0].reason}",
            where=str(request.file),
            next="correct the branches and run again: what was done is kept",
        )


def _sweep(
    setup: Setup, found: Halved, answered: Mapping[tuple[str, int, int], Answered], base: Mapping[str, Item]
) -> Sweep:
    own = {name: [one for key, one in answered.items() if key[0] == name] for name in setup.contenders}
    whole = {name: max((one.steps for one in cells), default=0) for name, cells in own.items()}
    asked = ["/".join(one.key) for one in setup.items]
    return Sweep(
        domain=setup.domain.name,
        created=datetime.now(UTC).isoformat(timespec="minutes"),
        winner=found.winner,
        stories=tuple(_story(setup, fate, found.scores, answered, whole[fate.branch]) for fate in found.fates),
        rungs=setup.rules.rungs,
        items=len(setup.items),
        base_right=sum(right(base[key]) for key in asked),
        compute=Compute(
            steps=sum(max((one.done for one in cells), default=0) for cells in own.values()),
            full_steps=sum(whole.values()),
            answers=sum(len(one.answers) for cells in own.values() for one in cells),
            full_answers=sum(map(bool, own.values())) * (len(setup.items) + len(setup.known)),
        ),
        seconds=sum(one.seconds for cells in own.values() for one in cells),
        manifest=_manifest(setup),
    )


def _story(
    setup: Setup,
    fate: Fate,
    scores: Sequence[Score],
    answered: Mapping[tuple[str, int, int], Answered],
    steps: int,
) -> Story:
    branch = setup.contenders[fate.branch].branch
    stops = []
    for one in scores:
        if one.branch == fate.branch:
            stops.append(_stop(one, answered[one.branch, one.rung, 0]))
    return Story(branch.name, branch.sets, str(branch.data) if branch.data else None, steps, tuple(stops), fate)


def _stop(score: Score, found: Answered) -> Stop:
    if score.loss is not None:
        return Stop(score.rung, found.done, found.losses)
    rate = score.right / score.n
    return Stop(score.rung, found.done, (), score.right, score.n, rate, *wilson_bounds(rate, score.n))


def _manifest(setup: Setup) -> dict[str, Json]:
    given = setup.bench.settings
    return {
        "base": given.model.base,
        "fingerprint": setup.bench.fingerprint,
        "sft": given.sft.model_dump(mode="json"),
        "sampling": given.sampling.model_dump(mode="json"),
        "held": [scenario.id for scenario in setup.held],
        "items": [one.id for one in setup.items],
        "known": [one.id for one in setup.known],
        "looks": setup.rules.looks,
        "alpha": setup.rules.alpha,
    }
