"""Reads points, cards and probes from cursors. Knows their keys; knows nothing of files or of other entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from steadyhand.chat.messages import Message
from steadyhand.domain.dialogues import CARD, LANGUAGES, MADE, read_language, read_messages, read_rule
from steadyhand.domain.model import Card, Point, Probe
from steadyhand.source.cursor import Cursor

CARD_KEYS = ("kind", "lang", "q", "think", "messages", *MADE)
ProbeKind = Literal["public", "anchoring", "reasoning"]


@dataclass(frozen=True)
class PointEntry:
    """A point as written, with the cursor that still knows where its references stand."""

    point: Point
    row: Cursor


def read_point(row: Cursor) -> PointEntry:
    row.fields(["id", "definition"], ["aliases", "depends_on", "rules", "cards"])
    id = row.text("id")
    cards = tuple(read_card(card.fields(["id", "a"], CARD_KEYS), id) for card in row.items("cards"))
    point = Point(
        id=id,
        aliases=row.texts("aliases"),
        definition=row.text("definition"),
        depends_on=row.texts("depends_on"),
        rules=row.texts("rules"),
        cards=cards,
        place=row.place,
    )
    return PointEntry(point, row)


def read_loose_card(row: Cursor) -> Card:
    """A line of knowledge/*.jsonl: a card that names its `point`."""
    row.fields(["point", "id", "a"], [*CARD_KEYS, "source"])
    row.text("source", "")  # where it comes from, for people
    return read_card(row, row.text("point"))


def read_card(row: Cursor, point: str) -> Card:
    """A card of `point`: a question `q` or the `messages` that lead to it, and the answer `a` with its `think`.

    Cards are numbered per point, so the id in memory is "<point>/<id>". An earlier answer with `train: true` is trained
    too.
    """
    if row.has("q") == row.has("messages"):
        raise row.error("a card needs either `q` or `messages`", "keep exactly one of the two")
    asked: Sequence[Message] = (
        (Message("user", row.text("q")),) if row.has("q") else read_messages(row, ends_with="user", marks=CARD)
    )
    entries = enumerate(row.items("messages"))
    also = frozenset(at for at, entry in entries if asked[at].role == "assistant" and entry.flag("train", False))
    return Card(
        id=f"{point}/{row.text('id')}",
        point=point,
        kind=row.text("kind", "paraphrase"),
        lang=read_language(row, asked),
        messages=(*asked, Message("assistant", row.text("a"), row.optional_text("think"))),
        place=row.place,
        also=also,
    )


def read_probe(row: Cursor) -> Probe:
    row.fields(["id", "kind", "question"], ["lang", "must", "must_not", "cluster"])
    kind, question = row.choice("kind", get_args(ProbeKind)), row.text("question")
    return Probe(
        id=row.text("id"),
        kind=cast(ProbeKind, kind),
        lang=read_language(row, [Message("user", question)]),
        question=question,
        answer=read_rule(row),
        place=row.place,
        cluster=row.text("cluster", ""),
    )


def read_clarify(row: Cursor) -> dict[str, str]:
    """`clarify`: the base model's extra first turn, by language."""
    row.fields([], LANGUAGES)
    return {key: row.text(key) for key in row.value}
