"""Which column of a table holds what: `user=question`, `answer=sql`, `category=kind`. Turns a row of any columns into
one of a known format.

Knows the words of a map and how a dialogue stands in one cell; guesses nothing (see `propose`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.domain.model import WHY
from steadyhand.errors import UsageError
from steadyhand.source.cursor import suggestion

ANSWERS = ("answer", "chosen", "rejected")
ABOUT = ("group", "split")
TARGETS = ("user", "dialogue", "system", *ANSWERS, *WHY, *ABOUT)
_SPEAKERS = {
    **dict.fromkeys(("user", "human", "customer", "client", "q", "用户", "客户", "顾客", "问"), "user"),
    **dict.fromkeys(("assistant", "agent", "bot", "ai", "model", "sales", "a"), "assistant"),
    **dict.fromkeys(("助手", "客服", "销售", "顾问", "答"), "assistant"),
    "system": "system",
}
_TURN = re.compile(rf"^[ \t]*({'|'.join(_SPEAKERS)})[ \t]*[:：][ \t]*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class ColumnMap:
    """`columns`: what is meant -> the columns that hold it (only `rejected` may have several)."""

    columns: Mapping[str, tuple[str, ...]]

    def renamed(self, row: Json) -> Json:
        """The row in a known format: messages, or a prompt with chosen and rejected answers. Raises ValueError for a
        row that lacks what the map names."""
        if not isinstance(row, dict):
            return row
        prompt = [*self._system(row), *self._asked(row)]
        made: dict[str, Json] = {key: self._text(row, key) for key in ABOUT if self._filled(row, key)}
        if why := {key: self._text(row, key) for key in WHY if self._filled(row, key)}:
            made["why"] = why
        if "answer" in self.columns:
            return {**made, "messages": [*prompt, {"role": "assistant", "content": self._required(row, "answer")}]}
        chosen, rejected = self._required(row, "chosen"), self._rejected(row)
        return {**made, "messages": prompt, "chosen": chosen, "rejected": rejected}

    def unread(self, row: Json) -> list[str]:
        """The columns that the map passes over and that hold something in this row."""
        named = {column for columns in self.columns.values() for column in columns}
        return [key for key, value in row.items() if key not in named and value not in (None, "")] if _is(row) else []

    def _system(self, row: dict[str, Json]) -> list[Json]:
        return [{"role": "system", "content": self._text(row, "system")}] if self._filled(row, "system") else []

    def _asked(self, row: dict[str, Json]) -> list[Json]:
        if "dialogue" not in self.columns:
            return [{"role": "user", "content": self._required(row, "user")}]
        turns = dialogue_of(row.get(self.columns["dialogue"][0]))
        if self._filled(row, "user"):
            turns.append({"role": "user", "content": self._text(row, "user")})
        return turns

    def _rejected(self, row: dict[str, Json]) -> list[str]:
        texts = [text for column in self.columns["rejected"] if (text := as_text(row.get(column))).strip()]
        if not texts:
            raise ValueError(f"nothing stands in {' or '.join(self.columns['rejected'])}")
        return texts

    def _filled(self, row: dict[str, Json], target: str) -> bool:
        return target in self.columns and bool(self._text(row, target).strip())

    def _text(self, row: dict[str, Json], target: str) -> str:
        return as_text(row.get(self.columns[target][0]))

    def _required(self, row: dict[str, Json], target: str) -> str:
        if not self._filled(row, target):
            raise ValueError(f"nothing stands in {self.columns[target][0]}")
        return self._text(row, target)


def _is(row: Json) -> bool:
    return isinstance(row, dict)


def as_text(value: Json) -> str:
    """A cell as text: numbers as they are written, truth values as JSON writes them."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def dialogue_of(cell: Json) -> list[Json]:
    """Turns of a cell that holds them as JSON, or as lines that begin with who speaks ("user: ...", "客户：...").
    Raises ValueError for a cell that is neither."""
    if isinstance(cell, list):
        return list(cell)
    text = as_text(cell).strip()
    if text.startswith("["):
        try:
            return list(json.loads(text))
        except (ValueError, RecursionError):
            raise ValueError("the dialogue is no JSON list") from None
    marks = list(_TURN.finditer(text))
    if not marks or marks[0].start():
        raise ValueError("the dialogue does not begin with who speaks, such as `user:`")
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [
        {"role": _SPEAKERS[mark[1].lower()], "content": text[mark.end() : end].strip()}
        for mark, end in zip(marks, ends, strict=True)
    ]


def column_map(words: Sequence[str], why: Sequence[str] = ()) -> ColumnMap | None:
    """The map of a command line, None where nothing is mapped: `words` as TARGET=COLUMN, `why` as COLUMN or KEY=COLUMN
    of `WHY` (the first three columns without a key are category, cause and remedy). Raises UsageError."""
    columns: dict[str, tuple[str, ...]] = {}
    for word in words:
        target, equals, column = word.partition("=")
        if not equals or not column:
            raise UsageError(f"--map {word}: no column", next="write --map user=COLUMN --map answer=COLUMN")
        _add(columns, target.strip(), column, "--map")
    free = [key for key in WHY if key not in columns]
    for word in why:
        key, equals, column = word.rpartition("=")
        if not key and word in WHY:
            key = word
        _add(columns, key or next((one for one in free if one not in columns), "category"), column, "--why")
    if not columns:
        return None
    _refuse(columns)
    return ColumnMap(columns)


def _add(columns: dict[str, tuple[str, ...]], target: str, column: str, option: str) -> None:
    if target not in TARGETS:
        raise UsageError(f"{option} {target}={column}: no such target", next=suggestion(target, TARGETS))
    if target in columns and target != "rejected":
        raise UsageError(f"{option}: {target} is named twice", next="name one column for it")
    columns[target] = (*columns.get(target, ()), column)


def _refuse(columns: Mapping[str, tuple[str, ...]]) -> None:
    judged = {"chosen", "rejected"} & columns.keys()
    if not {"user", "dialogue"} & columns.keys():
        raise UsageError("--map names nothing that asks", next="add --map user=COLUMN (or dialogue=COLUMN)")
    if ("answer" in columns) == bool(judged):
        raise UsageError(
            "--map names no answer" if not judged else "--map names an answer and judged ones",
            next="add --map answer=COLUMN, or --map chosen=COLUMN --map rejected=COLUMN",
        )
    if judged and len(judged) < 2:
        raise UsageError("a comparison has two sides", next="name both --map chosen=COLUMN and --map rejected=COLUMN")
    if unasked := [key for key in WHY if key in columns and not judged]:
        raise UsageError(f"{unasked[0]} says why an answer is worse, and no row compares", next="leave --why out")
