"""Reads the hand-written seeds: blocks of questions that share one answer. Knows no card format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from examples.uss.make.texts import Lang, Rule, think

HERE = Path(__file__).parent
APART = ("more", "plain", "held")


@dataclass(frozen=True)
class Question:
    kind: str  # the card's kind, or one of APART
    text: str
    answer: str


@dataclass(frozen=True)
class Block:
    """Questions of one point and language that share an answer, how to think about it, and what it must say."""

    point: str
    lang: Lang
    thought: tuple[str, str, str]
    questions: tuple[Question, ...]
    rule: Rule

    def reasoning(self) -> str:
        return think(self.lang, *self.thought)

    def asked(self) -> list[Question]:
        """What cards ask."""
        return [q for q in self.questions if q.kind not in APART]

    def more(self) -> list[Question]:
        """What training scenarios ask while tools are on offer; no card does."""
        return [q for q in self.questions if q.kind == "more"]

    def plain(self) -> list[Question]:
        """What only the cards of a part ask."""
        return [q for q in self.questions if q.kind == "plain"]

    def held(self) -> list[Question]:
        return [q for q in self.questions if q.kind == "held"]


@cache
def blocks() -> tuple[Block, ...]:
    """All blocks, in file order."""
    found: list[Block] = []
    for path in sorted(HERE.glob("*.yaml")):
        for point, languages in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for lang, rows in languages.items():
                for number, row in enumerate(rows):
                    key = f"{path.stem}/{point}/{number}"
                    row["more"] += _open(lang)[key]
                    row["plain"] = _open(f"plain-{lang}").get(key, [])
                    found.append(_block(point, lang, row))
    return tuple(found)


@cache
def _open(name: str) -> dict[str, list[str]]:
    """Wordings that leave choices open (`scene.spun`), by block; none where there is no such file."""
    path = HERE / "open" / f"{name}.yaml"
    return cast(dict[str, list[str]], yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _two(values: list[str] | None, index: int) -> tuple[str, ...]:
    """Two of the values that a question is asked with, others for every question."""
    return (values[index % len(values)], values[(index + 2) % len(values)]) if values else ("",)


def _block(point: str, lang: Lang, row: dict[str, Any]) -> Block:
    raw = [(kind, text) for kind, texts in row["q"].items() for text in texts]
    raw += [(kind, text) for kind in ("held", "more", "plain") for text in row[kind]]
    values = row.get("vary", {}).get("s")
    questions = [
        Question(kind, text.replace("{s}", value), row["a"].replace("{s}", value))
        for index, (kind, text) in enumerate(raw)
        for value in _two(values, index)
    ]
    intent, plan, check = row["think"]
    rule = Rule(tuple(row["must"]), tuple(row.get("must_not", ())))
    return Block(point, lang, (intent, plan, check), tuple(questions), rule)
