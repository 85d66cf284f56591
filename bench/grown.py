"""Rows in any number, grown from real ones, so that their texts differ as the texts of a large set do.

    python -m bench.grown FILE.json... --rows 100000 > rows.jsonl

Repeating some rows would not do: each would have ever more copies, and what takes long is comparing copies. Each made
row has the shape, tools, calls and results of a real row, drawn with a seed. What its user says is written anew by a
Markov chain of order two over words and Han characters (any three in a row stand so in a real text of a user; as long
as the real text, at least `SHORTEST` pieces); what else is said is put together from sentences of real answers of
about that length. A twentieth of the rows (`COPIES`) are near-copies: the question of a row not long before, one word
changed. Judgments of good answers (KTO, label true) become plain dialogues, because these sets have no English ones.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from steadyhand.text.shingles import language_of

SHORTEST, COPIES, RECENT = 12, 0.05, 500
_PIECE = re.compile(r"\s*(?:[A-Za-z']+|\d+|[^A-Za-z\d\s])")
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")
_ASKED, _ANSWERED = ("human", "user"), ("gpt", "assistant")
Pair = tuple[str, str]
Value = TypeVar("Value")


def rows_of(files: Sequence[Path]) -> list[Any]:
    rows = [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))]
    return [{key: row[key] for key in row if key != "label"} if row.get("label") is True else row for row in rows]


class Grown:
    """Rows like `rows`, one after the other; what the n-th is depends on nothing but `rows` and `seed`."""

    def __init__(self, rows: Sequence[Any], seed: int = 0) -> None:
        self._rows, self._rng = rows, random.Random(seed)
        self._words = {"zh": _Words(self._rng), "en": _Words(self._rng)}
        self._recent: deque[Any] = deque(maxlen=RECENT)
        for text, asked in (found for row in rows for found in _texts(row)):
            self._words[language_of(text)].learn(text, asked)

    def __iter__(self) -> Iterator[Any]:
        while True:
            if self._recent and self._rng.random() < COPIES:
                yield _mapped(self._rng.choice(self._recent), self._varied)
            else:
                self._recent.append(_mapped(self._rng.choice(self._rows), self._written))
                yield self._recent[-1]

    def _written(self, text: str, asked: bool) -> str:
        words = self._words[language_of(text)]
        return words.chained(len(_PIECE.findall(text))) if asked else words.joined(len(text))

    def _varied(self, text: str, asked: bool) -> str:
        return self._words[language_of(text)].varied(text) if asked else text


class _Words:
    """What one language's users and assistants say."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._next: dict[Pair, list[str]] = defaultdict(list)
        self._starts: list[Pair] = []
        self._sentences: list[str] = []

    def learn(self, text: str, asked: bool) -> None:
        if not asked:
            self._sentences += _SENTENCE.findall(text)
            return
        pieces = _PIECE.findall(text)
        if len(pieces) > 2:
            self._starts.append((pieces[0], pieces[1]))
        for one, two, three in zip(pieces, pieces[1:], pieces[2:], strict=False):
            self._next[one, two].append(three)

    def chained(self, size: int) -> str:
        """A question of `size` pieces; where the chain breaks off, another begins."""
        made: list[str] = []
        while len(made) < max(size, SHORTEST):
            following = self._next.get((made[-2], made[-1])) if made else None
            made += (self._drawn(following),) if following else self._drawn(self._starts)
        return "".join(made).strip()

    def joined(self, size: int) -> str:
        """An answer of about `size` characters."""
        made, length = [self._drawn(self._sentences)], 0
        while (length := length + len(made[-1])) < size:
            made.append(self._drawn(self._sentences))
        return "".join(made).strip() or "-"

    def varied(self, text: str) -> str:
        """The question with one piece exchanged."""
        pieces = _PIECE.findall(text)
        pieces[self._rng.randrange(len(pieces))] = self._drawn(self._starts)[0]
        return "".join(pieces)

    def _drawn(self, among: Sequence[Value]) -> Value:
        return among[int(self._rng.random() * len(among))]


def _texts(row: Any) -> Iterator[tuple[str, bool]]:
    """(text, whether a user says it)."""
    found: list[tuple[str, bool]] = []

    def look(text: str, asked: bool) -> str:
        found.append((text, asked))
        return text

    _mapped(row, look)
    yield from found


def _mapped(row: Any, change: Any) -> Any:
    """The row with `change(text, whether a user says it)` for each text of a user or an assistant."""
    asked = {key: change(row[key], True) for key in ("instruction",) if row.get(key)}
    said = {key: change(row[key], False) for key in ("output",) if row.get(key)}
    turns = {key: [_turn(turn, change) for turn in row[key]] for key in ("conversations", "messages") if key in row}
    return row | asked | said | turns


def _turn(turn: Any, change: Any) -> Any:
    role = turn.get("from") or turn.get("role")
    key = "value" if "value" in turn else "content"
    if role not in _ASKED + _ANSWERED or not turn[key]:
        return turn
    return turn | {key: change(turn[key], role in _ASKED)}


def lines(rows: Sequence[Any], count: int) -> Iterator[str]:
    for row, _ in zip(Grown(rows), range(count), strict=False):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rows", type=int, required=True)
    words = parser.parse_args()
    sys.stdout.writelines(lines(rows_of(words.files), words.rows))


if __name__ == "__main__":
    main()
