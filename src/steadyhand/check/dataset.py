"""One shape for everything that is linted row by row: records (dialogues) and pairs (judgments), whatever they came
from. Knows where each row and each text in it stands; knows no rules.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from steadyhand.chat.messages import Message, Tool
from steadyhand.datasets.convert import Dialogue, Imported, Preference, Reject
from steadyhand.datasets.labels import UNLABELED, Labels, codes_in
from steadyhand.datasets.lazy import Joined, Mapped
from steadyhand.datasets.spill import Head, heads, mapped
from steadyhand.datasets.to_domain import POINT
from steadyhand.domain.model import Card, Domain, Scenario
from steadyhand.errors import Place

NOQA_TAG = "noqa:"  # in a scenario's tags: "noqa:L203"


@dataclass(frozen=True, slots=True)
class Record:
    """A dialogue that ends with the assistant. `point` and `causal` are known for cards of a domain folder: the words
    in a point's rules are allowed to decide its answers. `text` is the row as it stands in its file, if it is JSON.
    `unscored`: the assistant's messages that are context only; what stands behind the last one that is learned is left
    out."""

    name: str
    place: Place
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    labels: Labels = UNLABELED
    point: str = ""
    causal: str = ""
    text: str = ""
    unscored: frozenset[int] = frozenset()

    @property
    def learned(self) -> tuple[int, ...]:
        """The indices of the answers that are learned, in order."""
        said = (index for index, message in enumerate(self.messages) if message.role == "assistant")
        return tuple(index for index in said if index not in self.unscored)

    @property
    def taught(self) -> tuple[Message, ...]:
        """The answers that are learned, in order."""
        return tuple(self.messages[index] for index in self.learned)

    def at(self, excerpt: str) -> Place:
        return place_of(excerpt, self.text, self.place)


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt with a better and a worse answer; one of the two is None where answers were judged one by one. `other`:
    the prompt of the worse answer where it is another one."""

    name: str
    place: Place
    prompt: tuple[Message, ...]
    tools: tuple[Tool, ...]
    chosen: Message | None
    rejected: Message | None
    labels: Labels = UNLABELED
    text: str = ""
    other: tuple[Message, ...] | None = None


@dataclass
class Dataset:
    """`rejects` are rows that became neither; rows == len(records) + len(pairs) + len(rejects). `heads`: what is known
    of the records, and then of the pairs, without fetching them. `ignored`: key -> rows in which it was not read."""

    records: Sequence[Record] = ()
    pairs: Sequence[Pair] = ()
    rejects: list[Reject] = field(default_factory=list)
    heads: Sequence[Head] = ()
    ignored: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if len(self.heads) != len(self.records) + len(self.pairs):
            self.heads = [*map(_head_of_record, self.records), *map(_head_of_pair, self.pairs)]

    @property
    def offering(self) -> list[int]:
        """The indices of `heads` with tools on offer."""
        return [index for index, head in enumerate(self.heads) if head.tools]

    @property
    def rows(self) -> int:
        return len(self.records) + len(self.pairs) + len(self.rejects)


def dataset_of_files(files: Iterable[Imported], held_out: Iterable[Imported] = ()) -> Dataset:
    """All rows; those of `held_out` files are evaluated, whatever they say themselves."""
    files, held_out = list(files), list(held_out)
    records = [mapped(imported.rows, _from_dialogue) for imported in files]
    records += [mapped(imported.rows, _held_out) for imported in held_out]
    pairs = [mapped(imported.preferences, _from_preference) for imported in files]
    pairs += [mapped(imported.preferences, _held_out_pair) for imported in held_out]
    known = [heads(imported.rows) for imported in files]
    known += [Mapped(heads(imported.rows), _held) for imported in held_out]
    known += [heads(imported.preferences) for imported in files]
    known += [Mapped(heads(imported.preferences), _held) for imported in held_out]
    rejects = [reject for imported in (*files, *held_out) for reject in imported.rejects]
    ignored = sum((imported.ignored for imported in (*files, *held_out)), Counter[str]())
    return Dataset(Joined(records), Joined(pairs), rejects, Joined(known), ignored)


def _held_out(row: Dialogue) -> Record:
    return _from_dialogue(replace(row, labels=replace(row.labels, split="eval")))


def _held_out_pair(row: Preference) -> Pair:
    return _from_preference(replace(row, labels=replace(row.labels, split="eval")))


def _held(head: Head) -> Head:
    return head._replace(labels=replace(head.labels, split="eval"))


def _head_of_record(record: Record) -> Head:
    return Head(record.tools, record.labels, record.point)


def _head_of_pair(pair: Pair) -> Head:
    return Head(pair.tools, pair.labels)


def dataset_of_domain(domain: Domain) -> Dataset:
    causal = {point.id: " ".join(point.rules) for point in domain.points}
    cards = [_from_card(card, causal[card.point]) for card in domain.cards if card.point in causal]
    alone = (_from_scenario(scenario, domain) for scenario in domain.scenarios if not scenario.rejected)
    return Dataset([*cards, *alone], [pair for one in domain.comparisons for pair in _pairs_of(one, domain)])


def _pairs_of(scenario: Scenario, domain: Domain) -> Iterator[Pair]:
    """A comparison as one pair for each worse answer."""
    record = _from_scenario(scenario, domain)
    for worse in scenario.rejected:
        yield Pair(
            record.name, record.place, record.messages[:-1], record.tools, record.messages[-1], worse, record.labels
        )


def _from_dialogue(row: Dialogue) -> Record:
    messages = _as_learned(row.messages, row.unscored)
    return Record(f"row {row.number}", row.place, messages, row.tools, row.labels, text=row.text, unscored=row.unscored)


def _as_learned(messages: tuple[Message, ...], unscored: frozenset[int]) -> tuple[Message, ...]:
    """The messages up to the last answer that is learned; all of them where none is."""
    if not unscored:
        return messages
    said = [index for index, message in enumerate(messages) if message.role == "assistant" and index not in unscored]
    return messages[: said[-1] + 1] if said else messages


def _from_preference(row: Preference) -> Pair:
    name = f"row {row.number}"
    return Pair(name, row.place, row.prompt, row.tools, row.chosen, row.rejected, row.labels, row.text, row.other)


def _from_card(card: Card, causal: str) -> Record:
    point = "" if card.point == POINT else card.point  # imported rows share that point without sharing a question
    unscored = frozenset(at for at, m in enumerate(card.messages) if m.role == "assistant") - {*card.trained}
    return Record(f"card {card.id}", card.place, card.messages, point=point, causal=causal, unscored=unscored)


def _from_scenario(scenario: Scenario, domain: Domain) -> Record:
    noqa = codes_in([tag.removeprefix(NOQA_TAG) for tag in scenario.tags if tag.startswith(NOQA_TAG)])
    tools = tuple(domain.tools[name] for name in scenario.tools)
    labels = Labels(scenario.split, scenario.group, noqa)
    messages = _as_learned(scenario.messages, scenario.unscored)
    return Record(f"scenario {scenario.id}", scenario.place, messages, tools, labels, unscored=scenario.unscored)


def judged_records(pairs: Iterable[Pair], side: Literal["chosen", "rejected"]) -> Iterator[Record]:
    """The pairs that have an answer of this side, as dialogues that end with it."""
    return (judged_record(pair, side) for pair in pairs if getattr(pair, side))


def judged_record(pair: Pair, side: Literal["chosen", "rejected"]) -> Record:
    messages = (*pair.prompt, getattr(pair, side))
    context = frozenset(at for at, message in enumerate(pair.prompt) if message.role == "assistant")
    return Record(pair.name, pair.place, messages, pair.tools, pair.labels, text=pair.text, unscored=context)


def prompt_record(pair: Pair) -> Record:
    """The pair as a dialogue for rules that look at prompts."""
    return judged_record(pair, "chosen" if pair.chosen else "rejected")


def place_of(excerpt: str, row: str, start: Place) -> Place:
    """Line and column of `excerpt` in the JSON text `row` that begins at `start`; `start` when it is not found there.
    Both spellings of JSON are looked for: characters as they are, and as \\u escapes."""
    for quoted in (json.dumps(excerpt, ensure_ascii=False)[1:-1], json.dumps(excerpt)[1:-1]):
        offset = row.find(quoted) if quoted else -1
        if offset >= 0:
            line = row.count("\n", 0, offset)
            column = offset - row.rfind("\n", 0, offset)
            return Place(start.file, start.line + line, column if line else column + max(0, start.column - 1))
    return start


def excused(dataset: Dataset) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """The rows that carry `noqa`, by where they begin."""
    rows: Sequence[Record | Pair] = Joined([dataset.records, dataset.pairs])
    for index, head in enumerate(dataset.heads):
        if head.labels.noqa:
            yield rows[index].place, head.labels.noqa
