"""What users say to get a tool called, in two languages. Each bank has wordings for training and some held out.

Slots: {v}/{V} verb, {n} noun, {p} of/for, {x} the main argument, {t} a tool, {s} a service, {b} a text, {f} a field.
"""

from __future__ import annotations

from typing import Any

from nano.tables import tables

_TABLES = tables(__file__)
ASK_EN: tuple[str, ...] = _TABLES["ask_en"]
ASK_EN_HELD = [
    "Could you {v} the {n} {p} {x} for me?",
    "I need you to {v} the {n} {p} {x}",
    "Hi, {v} the {n} {p} {x} now",
]
FREE_EN: tuple[str, ...] = _TABLES["free_en"]
FREE_EN_HELD = ["Do you know the {n} {p} {x}?", "Give me the {n} {p} {x}"]
ASK_ZH: tuple[str, ...] = _TABLES["ask_zh"]
ASK_ZH_HELD = ["麻烦{v}{x}的{n}", "能{v}一下{x}的{n}吗", "你好，{v}{x}的{n}"]
FREE_ZH: tuple[str, ...] = _TABLES["free_zh"]
FREE_ZH_HELD = ["{x}的{n}怎么样？", "请问{x}的{n}"]
NOISE: dict[str, Any] = _TABLES["noise"]
AFTER: dict[str, Any] = _TABLES["after"]
USE: dict[str, Any] = _TABLES["use"]
SERVICE: dict[str, Any] = _TABLES["service"]
TELL: dict[str, Any] = _TABLES["tell"]
FLAG_ASK: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = _TABLES["flag_ask"]
IF_EN: tuple[tuple[str, ...], ...] = _TABLES["if_en"]
IF_ZH: tuple[tuple[str, ...], ...] = _TABLES["if_zh"]
EACH_EN: tuple[tuple[str, ...], ...] = _TABLES["each_en"]
EACH_ZH: tuple[tuple[str, ...], ...] = _TABLES["each_zh"]
