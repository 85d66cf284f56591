"""Reads the file of a shortcut experiment: sets of cards, and probes in which a cue and the rule differ.

    name: what is tried
    outcomes: {unsafe: PATTERN, safe: PATTERN}          what an answer may conclude (regular expressions, case ignored)
    cards:
      naive:   [{id, q, think, a, lang}]                the first set: cards, as in knowledge/, that teach the cue
      diverse: [{id, q, think, a, lang}]                every further set is a cure, held against the first
    probes:   [{id, question, rule, cue, lang, cluster}]  `rule` is the right outcome, `cue` what the shortcut says

Knows the file's keys; knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Message
from steadyhand.domain.dialogues import compiled, read_language
from steadyhand.domain.model import Card
from steadyhand.domain.records import CARD_KEYS, read_card
from steadyhand.errors import DomainError, Place
from steadyhand.files import read_text
from steadyhand.source.cursor import Cursor
from steadyhand.source.yamlfile import read_yaml
from steadyhand.text.patterns import python_pattern
from steadyhand.text.shingles import Language


@dataclass(frozen=True)
class CueProbe:
    """`conflict`: the cue and the rule say different things, so the answer shows which of them decided."""

    id: str
    question: str
    rule: str
    cue: str
    lang: Language
    cluster: str
    place: Place

    @property
    def conflict(self) -> bool:
        return self.rule != self.cue


@dataclass(frozen=True)
class ShortcutFile:
    """`cards` by the name of their set, in the file's order."""

    name: str
    outcomes: Mapping[str, str]
    cards: Mapping[str, tuple[Card, ...]]
    probes: tuple[CueProbe, ...]

    def concluded(self, text: str) -> str | None:
        """The one outcome that `text` states; None when it states none, or several."""
        outcomes = [
            name for name, pattern in self.outcomes.items() if python_pattern(pattern, ignore_case=True).search(text)
        ]
        return outcomes[0] if len(outcomes) == 1 else None


def read_shortcut(path: Path) -> ShortcutFile:
    """Raises DomainError with file:line:column for whatever is wrong with the file."""
    if not path.is_file():
        what = "a folder, not an experiment's file" if path.is_dir() else "no such file"
        raise DomainError(what, where=str(path), next="docs/dose.md says how an experiment file is written")
    row = read_yaml(read_text(path), str(path))
    row.fields(["outcomes", "cards", "probes"], ["name"])
    outcomes = _outcomes(row)
    experiment = ShortcutFile(
        name=row.text("name", path.stem),
        outcomes=outcomes,
        cards=_sets(row),
        probes=tuple(_probe(entry, list(outcomes)) for entry in row.items("probes")),
    )
    if not any(probe.conflict for probe in experiment.probes):
        raise row.at("probes").error("no probe in which cue and rule differ", "add one whose `cue` is not its `rule`")
    _refuse_leaks(row, experiment)
    return experiment


def _outcomes(row: Cursor) -> dict[str, str]:
    names = row.mapping("outcomes")
    if len(names) < 2:
        raise row.at("outcomes").error("an outcome needs an alternative", "write two or more `name: pattern` pairs")
    return {name: compiled(row.at("outcomes", name)) for name in names}


def _sets(row: Cursor) -> dict[str, tuple[Card, ...]]:
    names = list(row.mapping("cards"))
    if len(names) < 2:
        raise row.at("cards").error(
            "one set of cards has nothing to be held against", "write a naive and a diverse set"
        )
    if "base" in names:
        raise row.at("cards").error("'base' names the model without cards", "rename the set", key="base")
    return {name: _cards(row.at("cards"), name) for name in names}


def _cards(row: Cursor, key: str) -> tuple[Card, ...]:
    cards = tuple(read_card(entry.fields(["id", "a"], CARD_KEYS), key) for entry in row.items(key))
    if not cards:
        raise row.at(key).error(f"{key!r} has no cards", "write at least one: {id, q, a}")
    return cards


def _probe(row: Cursor, outcomes: Sequence[str]) -> CueProbe:
    row.fields(["id", "question", "rule", "cue"], ["lang", "cluster"])
    id, question = row.text("id"), row.text("question")
    return CueProbe(
        id=id,
        question=question,
        rule=row.choice("rule", outcomes),
        cue=row.choice("cue", outcomes),
        lang=read_language(row, [Message("user", question)]),
        cluster=row.text("cluster", id),
        place=row.place,
    )


def _refuse_leaks(row: Cursor, experiment: ShortcutFile) -> None:
    """A probe that is trained measures memory; a probe that stands twice counts twice."""
    trained = {card.messages[-2].content.strip() for cards in experiment.cards.values() for card in cards}
    seen: set[str] = set()
    for index, probe in enumerate(experiment.probes):
        if probe.question.strip() in trained:
            raise row.at("probes", index).error(
                "this probe is also a card", "ask it in other words or with other values"
            )
        if probe.id in seen:
            raise row.at("probes", index).error(f"the probe {probe.id!r} stands twice", "rename it")
        seen.add(probe.id)
