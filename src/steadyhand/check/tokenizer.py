"""Rules T about a tokenizer: its special tokens inside texts, and whether it belongs to the model beside it.

Knows names and ids that it is given; loads nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.formats.marks import MARKER
from steadyhand.chat.messages import Json
from steadyhand.check.chat_template import SampleRenderer
from steadyhand.check.dataset import Dataset, Record, judged_records
from steadyhand.check.finding import Finding, finding
from steadyhand.errors import Place
from steadyhand.files import read_object


@dataclass(frozen=True)
class Rendering:
    """A model's way of writing dialogues: its renderer, the limit on tokens (None: no limit), its special tokens, and
    what the folder says of the model (`config`, from config.json) and of the tokenizer (`ids`: token -> id)."""

    renderer: SampleRenderer
    max_length: int | None = None
    special: Sequence[str] = ()
    home: Path = Path()
    config: Mapping[str, Json] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    eos: int | None = None


def read_config(home: Path) -> dict[str, Json]:
    """The model's config.json; empty where there is none, as beside a tokenizer alone."""
    path = home / "config.json"
    config = read_object(path) if path.is_file() else {}
    return config


def check_tokenizer(dataset: Dataset, rendering: Rendering) -> Iterator[Finding]:
    """T107 and T108."""
    yield from _belongs(rendering)
    tokens = sorted((token for token in rendering.special if not MARKER.fullmatch(token)), key=len, reverse=True)
    if not tokens:
        return
    pattern = re.compile("|".join(map(re.escape, tokens)))
    for record in (*dataset.records, *judged_records(dataset.pairs, "chosen")):
        if match := next(_found(record, pattern), None):
            what = f"{record.name}: {match!r} is a special token of this tokenizer"
            yield finding("T107", record.at(match), what, "remove it, or break it up with a space")


def _found(record: Record, pattern: re.Pattern[str]) -> Iterator[str]:
    for message in record.messages:
        arguments = [json.dumps(call.arguments, ensure_ascii=False) for call in message.calls]
        for text in (message.content, message.think or "", *arguments):
            if match := pattern.search(text):
                yield match[0]


def _belongs(rendering: Rendering) -> Iterator[Finding]:
    """T108: ids beyond the embeddings, and another end token than the model's own."""
    size, eos = rendering.config.get("vocab_size"), rendering.config.get("eos_token_id")
    place, highest = Place(str(rendering.home)), max(rendering.ids.values(), default=-1)
    next = "use the tokenizer that came with the model"
    if isinstance(size, int) and highest >= size:
        what = f"the tokenizer knows ids up to {highest}, the model has {size} embeddings"
        yield finding("T108", place, what, f"{next}, or resize the embeddings and save both together")
    due = eos if isinstance(eos, list) else [eos]
    if rendering.eos is not None and None not in due and rendering.eos not in due:
        yield finding("T108", place, f"the tokenizer ends texts with id {rendering.eos}, the model with {eos}", next)
