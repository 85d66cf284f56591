"""Errands: what people keep tools for (whose domain, scan a file, remind the team), asked for as people ask and not
with the words of the tool. Neighbours that could be mistaken are on offer too; sometimes the right one is not.
"""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from nano import identifiers
from nano.rows import Generator, Lang, Row, called, returned, said, think, user
from nano.toolbox import KINDS, Argument, offered, tool, value_of
from nano.words import any_name

APART = (
    "time",
    "map",
    "hotel",
    "flight",
    "taxi",
    "order",
    "invoice",
    "price",
    "stock",
    "book",
    "song",
    "school",
    "bill",
)
WORDS = {
    "clean": (("clean", "infected"), ("干净", "有毒")),
    "weather": (("sunny", "cold", "rainy"), ("晴", "冷", "有雨")),
}


@cache
def bank() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "errands.yaml").read_text("utf-8"))
    return loaded


def _names() -> list[str]:
    return [name for name in bank() if name != "none"]


def _tool(rng: random.Random, lang: Lang, name: str) -> tuple[Row, str]:
    """The tool of an errand, with a name of many, and the name of its argument."""
    entry = bank()[name]
    keys, en, zh = KINDS[entry["kind"]]
    key = any_name(rng) if rng.random() < 0.15 else rng.choice(keys)
    schema: dict[str, Any] = {"type": "string"}
    if rng.random() < 0.3:
        schema["description"] = zh if lang == "zh" else en
    called_ = any_name(rng) if rng.random() < 0.15 else rng.choice(entry["names"].split())
    told = lang if rng.random() < 0.5 else "en"
    return tool(called_, rng.choice(entry[told]["about"]), (Argument(key, schema, "", "", ""),)), key


def _beside(rng: random.Random, lang: Lang, name: str) -> list[Row]:
    """Other errands' tools, first of all those that take the same kind of thing."""
    near = [other for other in _names() if other != name and bank()[other]["kind"] in (bank()[name]["kind"], "target")]
    pool = near if rng.random() < 0.6 and near else [other for other in _names() if other != name]
    return [_tool(rng, lang, other)[0] for other in rng.sample(pool, min(len(pool), rng.randint(1, 3)))]


def _value(rng: random.Random, lang: Lang, kind: str) -> tuple[Any, str]:
    """A result of that kind, and how it is said."""
    if kind in WORDS:
        index = rng.randrange(len(WORDS[kind][0]))
        return WORDS[kind][0][index], WORDS[kind][lang == "zh"][index]
    if kind == "count":
        count = rng.randint(0, 99)
        return count, str(count)
    value = "ok" if kind == "ok" else identifiers.date(rng) if kind == "date" else value_of(rng, kind, lang)
    return value, value


def _ask(rng: random.Random, lang: Lang, held: bool, name: str, value: str) -> str:
    options = bank()[name][lang]["ask"]
    text = str(options[-1] if held else rng.choice(options[:-1])).format(x=value)
    return text + ("" if text[-1] in "?？" or rng.random() < 0.3 else "。" if lang == "zh" else ".")


def _shuffled(rng: random.Random, lang: Lang, held: bool, tools: list[Row]) -> list[Row]:
    """The tools and a few that nobody could mistake for them, each name once, in any order."""
    others = [row for row in offered(rng, lang, held) if any(noun in row["function"]["name"] for noun in APART)]
    named = {row["function"]["name"]: row for row in [*others, *tools]}
    rows = list(named.values())
    rng.shuffle(rows)
    return rows


def errand(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The tool that does it is called; sometimes its result is told."""
    name = rng.choice(_names())
    entry, (made, key) = bank()[name], _tool(rng, lang, name)
    value = value_of(rng, entry["kind"], lang)
    slug, copy = (
        made["function"]["name"],
        rng.choice(("copy it exactly", "copy {x}") if lang == "en" else ("照抄", "照抄 {x}")),
    )
    plan = f"call {slug}" if lang == "en" else f"调用 {slug}"
    reasoning = think(lang, entry[lang]["intent"].format(x=value), plan, copy.format(x=value))
    messages = [user(_ask(rng, lang, held, name, value)), called(reasoning, (slug, {key: value}))]
    if rng.random() < 0.4:
        field, kind = entry["result"]
        shown, spoken = _value(rng, lang, kind)
        told = ("read the result", "tell it shortly", f"{field} is {shown}")
        if lang == "zh":
            told = ("看结果", "简单说明", f"{field} 是 {shown}")
        answer = said(think(lang, *told), entry[lang]["say"].format(x=value, r=spoken))
        messages += [returned(json.dumps({field: shown}, ensure_ascii=False)), answer]
    return {"messages": messages, "tools": _shuffled(rng, lang, held, [made, *_beside(rng, lang, name)])}


def not_on_offer(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The same request where only other errands' tools are on offer."""
    name = rng.choice(_names())
    value, none = value_of(rng, bank()[name]["kind"], lang), bank()["none"][lang]
    intent = bank()[name][lang]["intent"].format(x=value)
    reasoning = think(lang, intent, rng.choice(none["plan"]), rng.choice(none["check"]))
    messages = [user(_ask(rng, lang, held, name, value)), said(reasoning, rng.choice(none["say"]))]
    return {"messages": messages, "tools": _shuffled(rng, lang, held, _beside(rng, lang, name))}


GENERATORS: list[tuple[float, Generator]] = [(0.75, errand), (0.25, not_on_offer)]
