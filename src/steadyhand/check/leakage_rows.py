"""Rules L over rows: is what is evaluated already in training, word by word, nearly, or in pieces?

Knows rows that say their split; a file without splits has no leaks. What a domain folder's scenarios share exactly is
found by `leaks`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from steadyhand.check.dataset import Dataset, Record, prompt_record
from steadyhand.check.features import tokens
from steadyhand.check.finding import Finding, finding
from steadyhand.datasets.lazy import Joined, Mapped, Picked
from steadyhand.errors import Place
from steadyhand.text.near import near_pairs
from steadyhand.text.shared import stripper
from steadyhand.text.shingles import normal

GRAM_TOKENS, MIN_CONTAINMENT = 8, 0.3


def check_overlap(dataset: Dataset) -> Iterator[Finding]:
    """L205 and L206: one finding per evaluated row."""
    trained, held = _sides(dataset)
    near = set()
    for at, record, alike in _near(trained, held):
        near.add(at)
        what = f"{held[at].name} is alike by {alike:.2f} to {record.name} of the training rows, at {record.place}"
        yield finding("L205", _place(held[at]), what, "put both on one side: `steady split` keeps near-copies together")
    for at, share in _contained(trained, held):
        if at not in near:
            what = f"{held[at].name}: {share:.0%} of its 8-word pieces stand in training rows"
            yield finding(
                "L206", _place(held[at]), what, "evaluate on text that was not trained on, or drop those rows"
            )


def check_exact(dataset: Dataset) -> Iterator[Finding]:
    """L201 and L202 over rows of files; scenarios have them from `leaks`."""
    trained, held = _sides(dataset)
    groups: dict[str, int] = {}
    asked: dict[int, int] = {}  # by hash, because the questions would take much of the room of the rows
    for index, record in enumerate(trained):
        asked.update((hash(state), index) for state in _states(record))
        if record.labels.group:
            groups[record.labels.group] = index
    said: set[str] = set()
    for record in held:
        group, state = record.labels.group, next(iter(_states(record)), ())
        if group in groups and group not in said:
            said.add(group)
            what = f"group {group!r}: {trained[groups[group]].name} is trained on, {record.name} evaluated"
            yield finding("L201", record.place, what, "give all rows of a group the same split")
        if state and hash(state) in asked:
            one = trained[asked[hash(state)]]
            what = f"{record.name} has the prompt of {one.name} at {one.place}"
            yield finding("L202", _place(record), what, "give both the same split, or change one question")


def _states(record: Record) -> Iterator[tuple[tuple[str, str], ...]]:
    """What was said before each answer that is learned, the last one first; system prompts left out, for many share
    one, and changing it hides no leak."""
    said = [(message.role, normal(message.content)) for message in record.messages]
    for index in reversed(record.learned):
        yield tuple(turn for turn in said[:index] if turn[0] != "system")


def _sides(dataset: Dataset) -> tuple[Sequence[Record], Sequence[Record]]:
    """(trained on, evaluated), of records and pairs. Where some are held out, those that do not say are trained on."""
    rows = Joined([dataset.records, Mapped(dataset.pairs, prompt_record)])
    split = [head.labels.split == "eval" for head in dataset.heads]
    held = [index for index, out in enumerate(split) if out]
    trained = [index for index, out in enumerate(split) if not out] if held else []
    return Picked(rows, trained), Picked(rows, held)


def _near(trained: Sequence[Record], held: Sequence[Record]) -> Iterator[tuple[int, Record, float]]:
    """For each evaluated row with a near-copy in training: its index, the most alike training row, how alike.
    Equal texts meet at their first row, so a text's likeness holds for all rows that share its normal form."""
    if not held:
        return
    rows = Joined([trained, held])
    strip = stripper(map(_question, rows))
    texts = Mapped(rows, lambda record: strip(_question(record)))
    first: dict[int, int] = {}
    form = [first.setdefault(hash(normal(text)), index) for index, text in enumerate(texts)]
    best: dict[int, tuple[float, int]] = {}
    for a, b, alike in near_pairs(texts, across=len(trained)):
        for one, other in ((form[a], form[b]), (form[b], form[a])):
            if other < len(trained):  # a training row stands first wherever one has this form
                best[one] = max(best.get(one, (0.0, 0)), (alike, -other))
    for at in range(len(held)):
        if texts[len(trained) + at] and (nearest := best.get(form[len(trained) + at])):
            yield at, rows[-nearest[1]], nearest[0]


def _contained(trained: Sequence[Record], held: Sequence[Record]) -> Iterator[tuple[int, float]]:
    """Containment |A & B| / |A| of 8-grams over mixed tokens (a Latin word or one Han character) (Broder 1997)."""
    wanted = {at: grams for at, record in enumerate(held) if (grams := _grams(_question(record)))}
    owners: dict[int, list[int]] = defaultdict(list)
    for at, grams in wanted.items():
        for gram in grams:
            owners[gram].append(at)
    hits: dict[int, set[int]] = defaultdict(set)
    for record in trained:
        for gram in _grams(_question(record)):
            for at in owners.get(gram, ()):
                hits[at].add(gram)
    for at, shared in sorted(hits.items()):
        share = len(shared) / len(wanted[at])
        if share >= MIN_CONTAINMENT:
            yield at, share


def _grams(text: str) -> set[int]:
    words = tokens(text)
    return {hash(tuple(words[i : i + GRAM_TOKENS])) for i in range(len(words) - GRAM_TOKENS + 1)}


def _question(record: Record) -> str:
    """All that the user says before the last answer that is learned."""
    until = record.learned[-1] if record.learned else len(record.messages)
    return "\n".join(m.content for m in record.messages[:until] if m.role == "user")


def _place(record: Record) -> Place:
    until = record.learned[-1] if record.learned else len(record.messages)
    return record.at(next((m.content for m in reversed(record.messages[:until]) if m.role == "user"), ""))
