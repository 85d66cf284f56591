"""The shortcut experiment as one page: lone cards teach a cue, diverse ones teach the rule. Seen on the same questions.

One arm is the base, one more each set of cards of the file. All trainings show cards equally often and take the same
share of rehearsal, so the difference between them is the choice of cards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from steadyhand.cards.rows import sft_rows
from steadyhand.chat.messages import Json, Message
from steadyhand.datasets.folder import load
from steadyhand.domain.experiment import CueProbe, ShortcutFile, read_shortcut
from steadyhand.domain.model import Card, Domain, Point
from steadyhand.domain.rows import Row
from steadyhand.errors import Place
from steadyhand.evaluate.shortcut import Arm, Conclusion, Cure, arm, cure
from steadyhand.flow.engine import Watcher
from steadyhand.flow.plan import Planned
from steadyhand.lab.trial import Answered, Trial, env_of, plan_trials, run_trials
from steadyhand.ledger.result import VerdictWord
from steadyhand.models.backend import Prompt
from steadyhand.settings import Settings

BASE = "base"
SHOWS_PER_CARD = 16


@dataclass(frozen=True)
class ShortcutQuestion:
    """One question with what each arm answered to it under the first seed: (text, what it concludes)."""

    question: str
    lang: str
    rule: str
    cue: str
    answers: dict[str, tuple[str, str | None]]


@dataclass(frozen=True)
class Shortcut:
    """What the experiment found. `cures` holds every further set of cards against the first one; `verdict` is that of
    the last set."""

    domain: str
    name: str
    created: str
    verdict: VerdictWord
    cures: dict[str, Cure]
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    shows: int
    asked: tuple[ShortcutQuestion, ...]
    cards: dict[str, list[tuple[str, str]]]  # arm -> (question, answer) of its cards
    manifest: dict[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        return asdict(self)


def shortcut_plan(
    folder: Path, file: Path, settings: Settings, out: Path, seeds: Sequence[int], shows: int
) -> list[Planned]:
    """Which trials would be trained and asked, and why; writes nothing."""
    experiment = read_shortcut(file)
    return plan_trials(
        _trials(load(folder), experiment, settings, seeds, shows or shows_of(experiment)), env_of(settings, out, folder)
    )


def try_shortcut(
    folder: Path, file: Path, settings: Settings, out: Path, seeds: Sequence[int], shows: int, watcher: Watcher
) -> Shortcut:
    """Carry the experiment out. Raises DomainError for a file that is wrong."""
    experiment, domain, env = read_shortcut(file), load(folder), env_of(settings, out, folder)
    shows = shows or shows_of(experiment)
    trials = _trials(domain, experiment, settings, seeds, shows)
    answered = run_trials(trials, env, watcher)
    conclusions = {name: _conclusions(experiment, name, seeds, answered) for name in (BASE, *experiment.cards)}
    naive, *further = experiment.cards
    cures = {name: cure(conclusions[naive], conclusions[name]) for name in further}
    sizes = {BASE: 0} | {name: len(cards) for name, cards in experiment.cards.items()}
    return Shortcut(
        domain=domain.name,
        name=experiment.name,
        created=datetime.now(UTC).isoformat(timespec="minutes"),
        verdict=cures[further[-1]].verdict,
        cures=cures,
        arms=tuple(arm(name, sizes[name], own) for name, own in conclusions.items()),
        seeds=tuple(seeds),
        shows=shows,
        asked=tuple(_asked(probe, conclusions, seeds[0]) for probe in experiment.probes),
        cards={
            name: [(card.messages[-2].content, card.messages[-1].content) for card in cards]
            for name, cards in experiment.cards.items()
        },
        manifest={
            "base": settings.model.base,
            "fingerprint": env.fingerprint,
            "sft": settings.sft.model_dump(mode="json"),
            "sampling": settings.sampling.model_dump(mode="json"),
        },
    )


def shows_of(experiment: ShortcutFile) -> int:
    """How often cards are shown in each training, where nothing else is said."""
    return SHOWS_PER_CARD * max(map(len, experiment.cards.values()))


def _trials(
    domain: Domain, experiment: ShortcutFile, settings: Settings, seeds: Sequence[int], shows: int
) -> list[Trial]:
    questions = tuple((probe.id, Prompt((Message("user", probe.question),))) for probe in experiment.probes)
    trials = [Trial(BASE, (), questions, settings.seed)]
    for name, cards in experiment.cards.items():
        trials += [Trial(_name(name, s), _rows(domain, cards, shows, s, settings), questions, s) for s in seeds]
    return trials


def _name(arm: str, seed: int) -> str:
    return BASE if arm == BASE else f"{arm} cards, seed {seed}"


def _rows(domain: Domain, cards: Sequence[Card], shows: int, seed: int, settings: Settings) -> tuple[Row, ...]:
    shown = tuple(cards[number % len(cards)] for number in range(max(shows, len(cards))))
    lone = replace(domain, points=(Point("shortcut", (), "", (), (), shown, Place("")),))
    return tuple(sft_rows(lone, scenarios=False, rehearsal=settings.sft.rehearsal, seed=seed))


def _conclusions(
    experiment: ShortcutFile, name: str, seeds: Sequence[int], answered: Mapping[str, Answered]
) -> list[Conclusion]:
    """The base answers once, and counts once for every seed that it is compared with."""
    return [
        _conclusion(experiment, probe, seed, answered[_name(name, seed)])
        for seed in seeds
        for probe in experiment.probes
    ]


def _conclusion(experiment: ShortcutFile, probe: CueProbe, seed: int, answered: Answered) -> Conclusion:
    completion = answered.answers[probe.id]
    text = completion.parsed().content.strip()
    return Conclusion(seed, probe.id, probe.cluster, probe.rule, probe.cue, experiment.concluded(text), text)


def _asked(probe: CueProbe, conclusions: Mapping[str, Sequence[Conclusion]], seed: int) -> ShortcutQuestion:
    own = {
        name: next(conclusion for conclusion in all if conclusion.id == probe.id and conclusion.seed == seed)
        for name, all in conclusions.items()
    }
    answers = {name: (conclusion.text, conclusion.found) for name, conclusion in own.items()}
    return ShortcutQuestion(probe.question, probe.lang, probe.rule, probe.cue, answers)
