"""Random tools: bilingual nouns, verbs and parameters, combined into hundreds of schemas. Makes no dialogue.

A tool whose (verb, noun) hash falls in one eighth is *held out*: training rows never use it, the card measures on it.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import Any

from nano import identifiers
from nano.rows import Lang
from nano.tables import tables
from nano.words import CHINESE, ENGLISH, any_name

_TABLES = tables(__file__)
CITIES: tuple[tuple[str, str], ...] = _TABLES["cities"]
NAMES: tuple[tuple[str, str], ...] = _TABLES["names"]
# kind of value -> the names a parameter of that kind may have, and what it is called in English and Chinese
KINDS: dict[str, tuple[tuple[str, ...], str, str]] = _TABLES["kinds"]
# noun -> (English, Chinese, kinds that may identify it)
NOUNS: dict[str, tuple[str, str, tuple[str, ...]]] = _TABLES["nouns"]
# verb -> (group, English, Chinese)
VERBS: dict[str, tuple[str, str, str]] = _TABLES["verbs"]
ENUMS: list[tuple[str, tuple[str, str], list[tuple[str, str, str]]]] = _TABLES["enums"]
INTS = [
    ("limit", ("limit", "数量")),
    ("days", ("days", "天数")),
    ("count", ("count", "个数")),
    ("size", ("size", "大小")),
]

SYNONYMS: dict[str, tuple[str, str]] = _TABLES["synonyms"]


@dataclass(frozen=True)
class Argument:
    """One argument of a call: its schema, its value, and how a user names it in the request ('' when primary)."""

    name: str
    schema: dict[str, Any]
    value: Any
    phrase: str
    missing: str  # what to ask for when it is absent


@dataclass(frozen=True)
class Drawn:
    """A tool with one concrete use of it."""

    name: str
    verb: str
    noun: str
    tool: dict[str, Any]
    primary: Argument
    extras: tuple[Argument, ...]

    @property
    def arguments(self) -> dict[str, Any]:
        return {a.name: a.value for a in (self.primary, *self.extras)}


def is_held(verb: str, noun: str) -> bool:
    return zlib.crc32(f"{verb} {noun}".encode()) % 8 == 0


def value_of(rng: random.Random, kind: str, lang: Lang) -> str:
    if kind == "city":
        return rng.choice(CITIES)[lang == "zh"]
    if kind == "name":
        return rng.choice(NAMES)[lang == "zh"]
    if kind == "keyword":
        return rng.choice(CHINESE if lang == "zh" else ENGLISH)
    if kind == "target":
        kind = rng.choice(("domain", "ip", "url"))
    return identifiers.MAKERS[kind](rng)


def spoken(rng: random.Random, lang: Lang, drawn: Drawn, held: bool) -> tuple[str, str]:
    """Verb and noun of a request: the tool's own, or (not where wordings are held out) what people also say."""
    _, verb_en, verb_zh = VERBS[drawn.verb]
    noun_en, noun_zh, _ = NOUNS[drawn.noun]
    own = (verb_zh, noun_zh) if lang == "zh" else (verb_en, noun_en)
    if held or rng.random() < 0.5:
        return own
    verb, noun = (
        rng.choice(SYNONYMS[key][lang == "zh"].split("|")) if key in SYNONYMS else word
        for key, word in zip((drawn.verb, drawn.noun), own, strict=True)
    )
    return verb, noun


def _primary(rng: random.Random, kind: str, lang: Lang, masked: bool) -> Argument:
    names, en, zh = KINDS[kind]
    name = any_name(rng) if masked or rng.random() < 0.2 else rng.choice(names)
    word = zh if lang == "zh" else en
    schema: dict[str, Any] = {"type": "string"}
    if masked or rng.random() < 0.4:
        schema["description"] = word
    return Argument(name, schema, value_of(rng, kind, lang), "", word)


def extra(rng: random.Random, lang: Lang) -> Argument:
    kind = rng.random()
    zh = lang == "zh"
    if kind < 0.2:
        return _open_enum(rng, lang)
    if kind < 0.6:
        name, words, values = rng.choice(ENUMS)
        value, *spoken = rng.choice(values)
        schema: dict[str, Any] = {"type": "string", "enum": [v[0] for v in values]}
        text = value if rng.random() < 0.5 else spoken[zh]
        phrase = f"，{words[1]}{text}" if zh else f", {words[0]} {text}"
        return Argument(name, schema, value, phrase, words[zh])
    if kind < 0.85:
        name, words = rng.choice(INTS)
        number = rng.randint(1, 99)
        phrase = f"，{words[1]} {number}" if zh else f", {words[0]} {number}"
        return Argument(name, {"type": "integer"}, number, phrase, words[zh])
    day = identifiers.date(rng)
    return Argument(
        "date", {"type": "string"}, day, f"，日期 {day}" if zh else f", date {day}", "日期" if zh else "date"
    )


def _open_enum(rng: random.Random, lang: Lang) -> Argument:
    """An enum of arbitrary words under an arbitrary name, which the user says as they are."""
    name, values = any_name(rng), rng.sample(ENGLISH, rng.randint(2, 4))
    value = rng.choice(values)
    phrase = f"，{name} 为 {value}" if lang == "zh" else f", {name} {value}"
    return Argument(name, {"type": "string", "enum": values}, value, phrase, name)


def draw_tool(rng: random.Random, lang: Lang, held: bool, *, like: Drawn | None = None) -> Drawn:
    """A random tool; with `like`, one that shares its verb or its noun (a neighbour that invites mistakes)."""
    while True:
        verb = like.verb if like and rng.random() < 0.4 else rng.choice(list(VERBS))
        noun = like.noun if like and verb != like.verb else rng.choice(list(NOUNS))
        if is_held(verb, noun) == held and (like is None or (verb, noun) != (like.verb, like.noun)):
            break
    masked = rng.random() < 0.2
    name = any_name(rng) if masked else rng.choice((f"{verb}_{noun}", f"{verb}_{noun}", f"{noun}_{verb}"))
    primary = _primary(rng, rng.choice(NOUNS[noun][2]), lang, masked)
    extras: dict[str, Argument] = {}
    for _ in range(rng.choices((0, 1, 2), (0.6, 0.28, 0.12))[0]):
        argument = extra(rng, lang)
        if argument.name != primary.name:
            extras[argument.name] = argument
    chosen = (primary, *extras.values())
    described = lang if rng.random() < 0.8 else "en"
    text = f"{VERBS[verb][2]}{NOUNS[noun][1]}。" if described == "zh" else f"{VERBS[verb][1]} the {NOUNS[noun][0]}."
    return Drawn(name, verb, noun, tool(name, text, chosen), primary, tuple(extras.values()))


def tool(name: str, text: str, arguments: tuple[Argument, ...]) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {a.name: a.schema for a in arguments},
        "required": [a.name for a in arguments],
    }
    return {"type": "function", "function": {"name": name, "description": text, "parameters": parameters}}


def offered(rng: random.Random, lang: Lang, held: bool, *drawn: Drawn) -> list[dict[str, Any]]:
    """The given tools among 0-5 others, shuffled; names stay unique."""
    tools = {d.name: d.tool for d in drawn}
    for _ in range(rng.choices((0, 1, 2, 3, 4), (0.15, 0.3, 0.3, 0.15, 0.1))[0]):
        other = draw_tool(rng, lang, held, like=rng.choice(drawn) if drawn and rng.random() < 0.5 else None)
        tools.setdefault(other.name, other.tool)
    rows = list(tools.values())
    rng.shuffle(rows)
    return rows
