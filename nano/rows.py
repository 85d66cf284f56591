"""The shape of a corpus row and the few helpers that every generator shares."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Literal

Lang = Literal["zh", "en"]
Row = dict[str, Any]
Generator = Callable[[random.Random, Lang, bool], Row]


def think(lang: Lang, intent: str, plan: str, check: str) -> str:
    if lang == "zh":
        return f"意图：{intent}\n计划：{plan}\n检查：{check}"
    return f"Intent: {intent}\nPlan: {plan}\nCheck: {check}"


def user(text: str) -> Row:
    return {"role": "user", "content": text}


def said(reasoning: str, text: str) -> Row:
    return {"role": "assistant", "content": text, "reasoning_content": reasoning}


def called(reasoning: str, *calls: tuple[str, dict[str, Any]]) -> Row:
    wrapped = [{"type": "function", "function": {"name": name, "arguments": args}} for name, args in calls]
    return {"role": "assistant", "content": "", "reasoning_content": reasoning, "tool_calls": wrapped}


def returned(text: str) -> Row:
    return {"role": "tool", "content": text}


def draw(rng: random.Random, generators: list[tuple[float, Generator]], lang: Lang, held: bool) -> Row:
    weights = [weight for weight, _ in generators]
    return rng.choices([make for _, make in generators], weights)[0](rng, lang, held)
