"""What a sweep found: every branch's way and end, and what all of it took. Made of answers; carries nothing out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from steadyhand.chat.messages import Json
from steadyhand.lab.sweep_setup import SweepSetup
from steadyhand.lab.trial import Answered
from steadyhand.ledger.result import Item
from steadyhand.stats.halving import Fate, Halved, Score
from steadyhand.stats.intervals import wilson_bounds
from steadyhand.stats.rungs import Rung


@dataclass(frozen=True)
class RungStanding:
    """Where a branch stood at the end of a rung, after `steps` steps: under way by its `loss`, the geometric mean of
    `losses` (nats per token) on what is to be learned and, where there is any, on what is public; at the end by right
    answers, `rate` with its 95 % interval."""

    rung: int
    steps: int
    loss: float | None = None
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
    stops: tuple[RungStanding, ...]
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
    model's figure on the same items; `seconds` are those of all trials of branches, whenever they were spent."""

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


def sweep_result(
    setup: SweepSetup, halved: Halved, answered: Mapping[tuple[str, int, int], Answered], base: Mapping[str, Item]
) -> Sweep:
    """`answered`: (branch, rung, start) -> what came back; `base`: the untrained model's items, by question."""
    own = {name: [trial for key, trial in answered.items() if key[0] == name] for name in setup.contenders}
    whole = {name: max((trial.steps for trial in trials), default=0) for name, trials in own.items()}
    asked = ["/".join(trial.key) for trial in setup.items]
    return Sweep(
        domain=setup.domain.name,
        created=datetime.now(UTC).isoformat(timespec="minutes"),
        winner=halved.winner,
        stories=tuple(_story(setup, fate, halved.scores, answered, whole[fate.branch]) for fate in halved.fates),
        rungs=setup.rules.rungs,
        items=len(setup.items),
        base_right=sum(bool(base[key].passed) for key in asked),
        compute=Compute(
            steps=sum(max((trial.done for trial in trials), default=0) for trials in own.values()),
            full_steps=sum(whole.values()),
            answers=sum(len(trial.answers) for trials in own.values() for trial in trials),
            full_answers=sum(map(bool, own.values())) * (len(setup.items) + len(setup.known)),
        ),
        seconds=sum(trial.seconds for trials in own.values() for trial in trials),
        manifest=_manifest(setup),
    )


def _story(
    setup: SweepSetup,
    fate: Fate,
    scores: Sequence[Score],
    answered: Mapping[tuple[str, int, int], Answered],
    steps: int,
) -> Story:
    branch = setup.contenders[fate.branch].branch
    stops = []
    for score in scores:
        if score.branch == fate.branch:
            stops.append(_stop(score, answered[score.branch, score.rung, 0]))
    return Story(branch.name, branch.sets, str(branch.data) if branch.data else None, steps, tuple(stops), fate)


def _stop(score: Score, answered: Answered) -> RungStanding:
    if score.loss is not None:
        return RungStanding(score.rung, answered.done, score.loss, answered.losses)
    rate = score.right / score.n
    return RungStanding(score.rung, answered.done, None, (), score.right, score.n, rate, *wilson_bounds(rate, score.n))


def _manifest(setup: SweepSetup) -> dict[str, Json]:
    given = setup.env.settings
    return {
        "base": given.model.base,
        "fingerprint": setup.env.fingerprint,
        "sft": given.sft.model_dump(mode="json"),
        "sampling": given.sampling.model_dump(mode="json"),
        "held": [scenario.id for scenario in setup.held],
        "items": [target.id for target in setup.items],
        "known": [target.id for target in setup.known],
        "looks": setup.rules.looks,
        "alpha": setup.rules.alpha,
    }
