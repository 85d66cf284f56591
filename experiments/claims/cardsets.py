"""Rows of chosen cards, and questions about what they teach: doses, dependencies, shortcuts.

A third of a point's cards is held back by whole wordings (`cards.ladder`), and asked; an answer is right when it says
what the card says and no other card's answer is as near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments.claims.answers import Answers, Figure
from experiments.claims.claim import Question
from experiments.claims.world import World
from steadyhand.cards.ladder import split_point
from steadyhand.cards.rows import sft_rows
from steadyhand.checks.likeness import matches_answer
from steadyhand.domain.experiment import read_shortcut
from steadyhand.domain.model import Card, Domain, Point
from steadyhand.domain.rows import Row
from steadyhand.errors import UsageError
from steadyhand.flow.engine import Watcher
from steadyhand.flow.stages import sampling_of
from steadyhand.models.backend import Completion, Prompt

SHORTCUT = Path(__file__).resolve().parents[2] / "examples" / "uss" / "experiments" / "shortcut.yaml"
POINTS = 3  # that are looked at
SHOWS = 120  # rows of each point, however few cards there are
PER_CARD = 16  # shows of each card of the largest set of a shortcut
ASKED = 40  # cards held back of each point
SEED = 0  # of what is held back: all arms are asked the same


def dosed(domain: Domain) -> list[Point]:
    """The points with the most cards."""
    return sorted(domain.points, key=lambda point: (-len(point.cards), point.id))[:POINTS]


def dependents(domain: Domain) -> list[Point]:
    """The points that the most others stand behind. Raises UsageError where none depends on another."""
    points = sorted(domain.points, key=lambda point: (-len(behind(point, domain)), point.id))[:POINTS]
    if not points or not behind(points[0], domain):
        raise UsageError("no point depends on another one", where=str(domain.root), next="write depends_on")
    return [point for point in points if behind(point, domain)]


def behind(point: Point, domain: Domain) -> list[Point]:
    """All points that a point is explained by, directly or through others."""
    known, found = {one.id: one for one in domain.points}, dict[str, Point]()
    waiting = list(point.depends_on)
    while waiting:
        if (id := waiting.pop()) in known and id not in found:
            found[id] = known[id]
            waiting += known[id].depends_on
    return list(found.values())


def dose(world: World, seed: int, cards: str) -> list[Row]:
    """So many cards of each dosed point, and all other points in full company; each point is shown equally often."""
    looked = {point.id for point in dosed(world.taught)}
    shown = [
        _shown(point, split_point(point, SEED).ladder[: int(cards)] if point.id in looked else point.cards)
        for point in world.taught.points
    ]
    return _rows(world, shown, seed)


def closure(world: World, seed: int, which: str) -> list[Row]:
    """The dependents' cards, alone or with those of all that they are explained by."""
    looked = dependents(world.taught)
    shown = [_shown(point, split_point(point, SEED).ladder) for point in looked]
    if which == "whole":
        own = {point.id for point in looked}
        others = {one.id: one for point in looked for one in behind(point, world.taught) if one.id not in own}
        shown += [_shown(point, point.cards) for point in others.values()]
    return _rows(world, shown, seed)


def _shown(point: Point, cards: Sequence[Card]) -> Point:
    return replace(point, cards=tuple(cards[n % len(cards)] for n in range(SHOWS)) if cards else ())


def _rows(world: World, points: Sequence[Point], seed: int) -> list[Row]:
    lone = replace(world.taught, points=tuple(points))
    return sft_rows(lone, scenarios=False, rehearsal=world.settings.sft.rehearsal, seed=seed)


def shortcut(world: World, seed: int, which: str) -> list[Row]:
    """One set of cards of the shortcut experiment, shown as often as the largest one."""
    cards = read_shortcut(SHORTCUT).cards
    shows = PER_CARD * max(map(len, cards.values()))
    shown = tuple(cards[which][n % len(cards[which])] for n in range(shows))
    return _rows(world, [replace(world.taught.points[0], cards=shown)], seed)


def ask_cards(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    points = dosed(world.taught) if question.kind == "doses" else dependents(world.taught)
    asked = [(card, point) for point in points for card in split_point(point, SEED).held[:ASKED]]
    answers = _answers([Prompt(card.messages[:-1]) for card, _ in asked], folder, world, watcher)
    others = tuple(dict.fromkeys(card.messages[-1].content for card in world.whole.cards))
    right = [
        float(matches_answer(answer.parsed().content, card.messages[-1].content, others))
        for (card, _), answer in zip(asked, answers, strict=True)
    ]
    wording = {id: first for point in points for id, first in split_point(point, SEED).wording.items()}
    return Answers(tuple((card.id, wording[card.id], point.id) for card, point in asked), {"understood": tuple(right)})


def ask_shortcut(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    """Of the questions in which cue and rule differ: which of them decides."""
    experiment = read_shortcut(SHORTCUT)
    probes = [probe for probe in experiment.probes if probe.conflict]
    asked = [Prompt(world.whole.asked(probe.question)) for probe in probes]
    said = [experiment.concluded(one.parsed().content) for one in _answers(asked, folder, world, watcher)]
    rule: tuple[Figure, ...] = tuple(float(word == probe.rule) for word, probe in zip(said, probes, strict=True))
    cue: tuple[Figure, ...] = tuple(float(word == probe.cue) for word, probe in zip(said, probes, strict=True))
    return Answers(tuple((one.id, one.cluster, one.lang) for one in probes), {"rule": rule, "cue": cue})


def _answers(prompts: Sequence[Prompt], folder: Path, world: World, watcher: Watcher) -> list[Completion]:
    from steadyhand.models.loading.load import load

    return load(folder, dtype=world.settings.model.dtype).generate(
        prompts, sampling_of(world.settings), batch_size=world.settings.eval.batch_size,
        progress=lambda done, total: watcher.progress(done, total, "questions"),
    )  # fmt: skip
