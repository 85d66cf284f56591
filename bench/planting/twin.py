"""A defect and its clean twin, as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steadyhand.check.tokenizer import Rendering

Place = tuple[str, int]  # file within the folder, line
DATA, HELD = "train.jsonl", "eval.jsonl"


@dataclass(frozen=True)
class Case:
    """`files` with the defect and `clean` without it; `due`: where the rule has to speak. `rendering` makes a model's
    way of writing dialogues, broken where it is asked for."""

    code: str
    name: str
    files: Mapping[str, bytes]
    clean: Mapping[str, bytes]
    due: tuple[Place, ...]
    domain: bool = False
    rendering: Callable[[bool], Rendering] | None = None


def lines(rows: Iterable[Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
