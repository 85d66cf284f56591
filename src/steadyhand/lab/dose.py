"""The single-point injection experiment as one page: how many cards of a point does this base need, and what do they
cost? For each rung of a ladder and each seed a trial is trained and asked; the verdicts are `evaluate.dose`'s.

Every training shows cards equally often, so rungs differ in how many distinct cards there are and not in steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from steadyhand.cards.ladder import CardSplit, neighbors, probes_about, split_point
from steadyhand.cards.rows import sft_rows
from steadyhand.chat.messages import Json
from steadyhand.checks.likeness import matches_answer, matches_any
from steadyhand.datasets.folder import load
from steadyhand.domain.model import Card, Domain, Point
from steadyhand.domain.rows import Row
from steadyhand.errors import UsageError
from steadyhand.evaluate.dose import BAR, DoseOutcome, DoseRung, Kind, rung, smallest_dose
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import Target, nested_sample, targets
from steadyhand.flow.engine import Watcher
from steadyhand.flow.plan import Planned
from steadyhand.lab.trial import Answered, Trial, TrialEnv, env_of, plan_trials, run_trials
from steadyhand.models.backend import Prompt
from steadyhand.settings import Settings
from steadyhand.source.cursor import suggestion

LADDER = (1, 2, 4, 8, 16)
SHOWS_PER_CARD = 16  # how often a training shows each card of the largest rung, where nothing else is said
BASE = "base"


@dataclass(frozen=True)
class DoseRequest:
    """What a person asks for. `ladder` empty: 1, 2, 4, 8, 16 as far as the point has cards; `shows` 0: 16 times the
    largest rung; `known` and `near` bound the public and the neighbors' questions."""

    point: str
    ladder: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    shows: int = 0
    known: int = 60
    near: int = 24
    bar: float = BAR


@dataclass(frozen=True)
class DoseQuestion:
    """A question with what judges its answer: a target's own rule, or `gold`, what a card answers."""

    target: Target
    kind: Kind
    gold: str | None = None


@dataclass(frozen=True)
class DoseSetup:
    """The experiment, laid out: trials in order, the base first, and each seed's questions."""

    domain: Domain
    point: Point
    ladder: tuple[int, ...]
    shows: int
    splits: Mapping[int, CardSplit]
    asked: Mapping[int, tuple[DoseQuestion, ...]]
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Trail:
    """One question and what was answered to it, rung by rung (0: the base), with whether that is right."""

    kind: Kind
    question: str
    expected: str
    answers: dict[int, tuple[str, bool | None]]


@dataclass(frozen=True)
class Dose:
    """What the experiment found; `smallest` is None when no rung passes."""

    domain: str
    point: str
    created: str
    smallest: int | None
    base_target: float
    base_n: int
    rungs: tuple[DoseRung, ...]
    seeds: tuple[int, ...]
    shows: int
    bar: float
    trails: tuple[Trail, ...]
    manifest: dict[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        return asdict(self)


def dose_plan(folder: Path, settings: Settings, out: Path, request: DoseRequest) -> list[Planned]:
    """Which trials would be trained and asked, and why; writes nothing."""
    return plan_trials(lay_out(folder, settings, request).trials, env_of(settings, out, folder))


def dose(folder: Path, settings: Settings, out: Path, request: DoseRequest, watcher: Watcher) -> Dose:
    """Carry the experiment out; done trials are kept. Raises UsageError for a point or ladder that cannot be."""
    setup, env = lay_out(folder, settings, request), env_of(settings, out, folder)
    answered = run_trials(setup.trials, env, watcher)
    judged = {trial.name: _judged(setup, trial, answered[trial.name], settings) for trial in setup.trials}
    rungs = tuple(_rung(setup, cards, judged, answered, settings, request.bar) for cards in setup.ladder)
    asked_base = [outcome for outcome in judged[BASE] if outcome.kind == "target"]
    return Dose(
        domain=setup.domain.name,
        point=setup.point.id,
        created=datetime.now(UTC).isoformat(timespec="minutes"),
        smallest=smallest_dose(rungs),
        base_target=sum(bool(outcome.item.passed) for outcome in asked_base) / len(asked_base),
        base_n=len(asked_base),
        rungs=rungs,
        seeds=request.seeds,
        shows=setup.shows,
        bar=request.bar,
        trails=_trails(setup, judged, request.seeds[0]),
        manifest=_manifest(setup, env),
    )


def lay_out(folder: Path, settings: Settings, request: DoseRequest) -> DoseSetup:
    """Raises UsageError for an unknown point, too few cards, or a rung that is larger than what can be trained."""
    domain = load(folder)
    point = _point(domain, request.point)
    splits = {seed: split_point(point, seed) for seed in request.seeds}
    ladder = _ladder(request.ladder, min(len(split.ladder) for split in splits.values()), point)
    shows = request.shows or SHOWS_PER_CARD * ladder[-1]
    common = _common(domain, point, request, settings)
    asked = {
        seed: (*(_card(card, "target", split.wording[card.id]) for card in split.held), *common)
        for seed, split in splits.items()
    }
    whole = {question.target.id: question for own in asked.values() for question in own}
    trials = [Trial(BASE, (), _questions(tuple(whole.values())), settings.seed)]
    for cards in ladder:
        for seed in request.seeds:
            rows = _rows(domain, point, splits[seed].ladder[:cards], shows, seed, settings)
            trials.append(Trial(name_of(cards, seed), tuple(rows), _questions(asked[seed]), seed))
    return DoseSetup(domain, point, ladder, shows, splits, asked, tuple(trials))


def name_of(cards: int, seed: int) -> str:
    return f"{cards} {'card' if cards == 1 else 'cards'}, seed {seed}"


def _point(domain: Domain, id: str) -> Point:
    for point in domain.points:
        if point.id == id:
            return point
    known = [point.id for point in domain.points]
    hint = suggestion(id, known) if known else "write knowledge/*.yaml first"
    raise UsageError(f"no point {id!r}", where=str(domain.root), next=hint)


def _ladder(wanted: Sequence[int], most: int, point: Point) -> tuple[int, ...]:
    if not wanted:
        return tuple(rung for rung in LADDER if rung < most) + ((most,) if most <= LADDER[-1] else LADDER[-1:])
    rungs = tuple(sorted(set(wanted)))
    if rungs[-1] > most:
        raise UsageError(
            f"{point.id!r} has {len(point.cards)} cards; after those held back for questions, {most} can be trained, "
            f"not {rungs[-1]}",
            where=point.place,
            next=f"write more cards, or end the ladder at {most}",
        )
    return rungs


def _rows(domain: Domain, point: Point, cards: Sequence[Card], shows: int, seed: int, settings: Settings) -> list[Row]:
    """The cards in turn until `shows` rows are full, with the settings' share of rehearsal, in a seeded order."""
    shown = [cards[number % len(cards)] for number in range(max(shows, len(cards)))]
    lone = replace(domain, points=(replace(point, cards=tuple(shown)),))
    return sft_rows(lone, scenarios=False, rehearsal=settings.sft.rehearsal, seed=seed)


def _common(domain: Domain, point: Point, request: DoseRequest, settings: Settings) -> list[DoseQuestion]:
    """What every seed asks: probes about the point, neighbors, public knowledge."""
    about = {(probe.kind, probe.id) for probe in probes_about(domain, point)}
    probes = targets(domain, ("public", "anchoring", "reasoning")) if domain.probes else []
    own = [DoseQuestion(replace(one, cluster=one.id), "target") for one in probes if one.key in about and one.rule]
    near = [_card(card, "neighbor", card.id) for card in neighbors(domain, point, request.near)]
    public = [target for target in probes if target.suite == "public" and target.rule]
    return [*own, *near, *(DoseQuestion(one, "known") for one in nested_sample(public, request.known, settings.seed))]


def _card(card: Card, kind: Kind, cluster: str) -> DoseQuestion:
    prompt = Prompt(card.messages[:-1])
    target = Target(f"card:{card.id}", "reasoning", cluster, card.lang, prompt, None)
    return DoseQuestion(target, kind, card.messages[-1].content)


def _questions(asked: Sequence[DoseQuestion]) -> tuple[tuple[str, Prompt], ...]:
    return tuple((question.target.id, question.target.prompt) for question in asked)


def _judged(setup: DoseSetup, trial: Trial, answered: Answered, settings: Settings) -> list[DoseOutcome]:
    """Every answer of a trial, judged; the base's answers count once for every seed that asks."""
    seeds = [trial.seed] if trial.rows else list(setup.asked)
    answers = tuple(dict.fromkeys(card.messages[-1].content for card in setup.domain.cards))
    own = tuple(dict.fromkeys(card.messages[-1].content for card in setup.point.cards))
    return [
        _outcome(question, seed, answered, answers, own, settings) for seed in seeds for question in setup.asked[seed]
    ]


def _outcome(
    question: DoseQuestion,
    seed: int,
    answered: Answered,
    answers: Sequence[str],
    own: Sequence[str],
    settings: Settings,
) -> DoseOutcome:
    completion = answered.answers[question.target.id]
    item = score(question.target, question.target.prompt, completion, settings.eval.cot_labels)
    said = completion.parsed(question.target.prompt.tools).content
    if question.gold is None:
        return DoseOutcome(seed, question.kind, item, said=said)
    right = matches_answer(said, question.gold, answers)
    leaked = (
        question.kind == "neighbor"
        and not right
        and question.gold not in own
        and matches_any(said, own, [question.gold])
    )
    return DoseOutcome(seed, question.kind, replace(item, passed=right, expected=question.gold), leaked, said)


def _rung(
    setup: DoseSetup,
    cards: int,
    judged: Mapping[str, Sequence[DoseOutcome]],
    answered: Mapping[str, Answered],
    settings: Settings,
    bar: float,
) -> DoseRung:
    names = [name_of(cards, seed) for seed in setup.asked]
    tuned = [outcome for name in names for outcome in judged[name]]
    return rung(cards, answered[names[0]].steps, judged[BASE], tuned, settings.gate, bar)


TRAILS = {"target": 6, "neighbor": 4, "known": 2}  # how many questions of each kind are shown


def _trails(setup: DoseSetup, judged: Mapping[str, Sequence[DoseOutcome]], seed: int) -> tuple[Trail, ...]:
    """Some questions with the answers of one seed's trainings: leaks and losses first, they tell the most."""
    columns = {0: judged[BASE]} | {cards: judged[name_of(cards, seed)] for cards in setup.ladder}
    by_rung = {
        cards: {outcome.item.id: outcome for outcome in own if outcome.seed == seed} for cards, own in columns.items()
    }
    shown: list[Trail] = []
    for kind, most in TRAILS.items():
        ids = [outcome.target.id for outcome in setup.asked[seed] if outcome.kind == kind]
        ids.sort(key=lambda id: not any(row[id].leaked or _lost(by_rung[0][id], row[id]) for row in by_rung.values()))
        shown += [_trail(by_rung, id) for id in ids[:most]]
    return tuple(shown)


def _lost(base: DoseOutcome, now: DoseOutcome) -> bool:
    return bool(base.item.passed) and not now.item.passed


def _trail(by_rung: Mapping[int, Mapping[str, DoseOutcome]], id: str) -> Trail:
    outcomes = {cards: row[id] for cards, row in by_rung.items()}
    answers = {
        cards: (outcome.said.strip() or outcome.item.raw.strip(), outcome.item.passed)
        for cards, outcome in outcomes.items()
    }
    first = by_rung[0][id]
    return Trail(first.kind, first.item.question, first.item.expected, answers)


def _manifest(setup: DoseSetup, env: TrialEnv) -> dict[str, Json]:
    given = env.settings
    return {
        "base": given.model.base,
        "fingerprint": env.fingerprint,
        "sft": given.sft.model_dump(mode="json"),
        "sampling": given.sampling.model_dump(mode="json"),
        "questions": {str(seed): [question.target.id for question in own] for seed, own in setup.asked.items()},
        "ladder": {str(seed): [card.id for card in split.ladder] for seed, split in setup.splits.items()},
    }
