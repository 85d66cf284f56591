"""Rows about the public facts: single questions and dialogues. Knows phrasing and dialogue shape, no fact itself.

A row is `{"messages": [...], "tools": []}` in the OpenAI shape; every assistant message has a `reasoning_content` of
three short lines. `held=True` words the question in ways that training never uses, made of words that it does use.
"""

from __future__ import annotations

import random
from typing import Any

from nano.facts import Fact, facts
from nano.rows import Generator, Lang, Row, said, think, user
from nano.tables import tables

Message = dict[str, Any]

_TABLES = tables(__file__)
TRAIN_EN: dict[str, tuple[str, ...]] = _TABLES["train_en"]
HELD_EN: dict[str, tuple[str, ...]] = _TABLES["held_en"]
TRAIN_ZH: dict[str, tuple[str, ...]] = _TABLES["train_zh"]
HELD_ZH: dict[str, tuple[str, ...]] = _TABLES["held_zh"]
# Openers vary training only: a held-out wording that merely lost its opener would not be new.
OPEN_EN = ("", "", "", "Please: ", "Hi, ", "Hello. ", "One question: ", "Now this: ", "It is a short question. ")
OPEN_ZH = ("", "", "", "请问", "你好，", "请问，", "想问一下，", "麻烦你，", "这个是问题，")
INTENT: dict[str, Any] = _TABLES["intent"]
INTENT_MORE = {"en": ("a question on {s}", "wants to know about {s}"), "zh": ("想知道{s}", "关于{s}的问题")}
FACT_PLAN = {
    "en": ("answer from known facts", "recall the fact", "say what is known", "a general question, answer it"),
    "zh": ("用已知事实回答", "想想已知的事实", "说知道的事", "一般问题，直接回答"),
}
FACT_CHECK = {
    "en": ("one short sentence", "short and true", "a public fact", "no tool needed"),
    "zh": ("一句话", "简短准确", "公开的事实", "不用工具"),
}
RECALL: dict[str, Any] = _TABLES["recall"]
ORDINAL = {
    "en": ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    "zh": ("一", "二", "三", "四", "五", "六", "七", "八", "九"),
}


def turn(question: str, reasoning: str, answer: str) -> list[Message]:
    return [user(question), said(reasoning, answer)]


def row(messages: list[Message]) -> Row:
    return {"messages": messages, "tools": []}


def templates(kind: str, lang: Lang, held: bool) -> tuple[str, ...]:
    if lang == "en":
        return (HELD_EN if held else TRAIN_EN)[kind]
    return (HELD_ZH if held else TRAIN_ZH)[kind]


def _fill(template: str, fact: Fact, lang: Lang) -> str:
    side = fact.side(lang)
    upper = {key: text[:1].upper() + text[1:] for key, text in (("S", side.subject), ("A", side.ask))}
    return template.format(s=side.subject, a=side.ask, **upper)


def loose(rng: random.Random, lang: Lang, text: str, held: bool) -> str:
    """Training wordings get an opener, lose their mark or turn lower case; held-out wordings stay as they are."""
    if held:
        return text
    text = rng.choice(OPEN_EN if lang == "en" else OPEN_ZH) + text
    if rng.random() < 0.15:
        text = text.rstrip("?.？。")
    return text


def ask(rng: random.Random, fact: Fact, lang: Lang, held: bool) -> str:
    return loose(rng, lang, _fill(rng.choice(templates(fact.kind, lang, held)), fact, lang), held)


def fact_turn(rng: random.Random, fact: Fact, lang: Lang, held: bool) -> list[Message]:
    side = fact.side(lang)
    intent = rng.choice((INTENT[lang][fact.kind], INTENT[lang][fact.kind], *INTENT_MORE[lang])).format(s=side.subject)
    thought = think(lang, intent, rng.choice(FACT_PLAN[lang]), rng.choice(FACT_CHECK[lang]))
    return turn(ask(rng, fact, lang, held), thought, side.answer)


def fact(rng: random.Random, lang: Lang, held: bool) -> Row:
    """One question, one answer."""
    return row(fact_turn(rng, rng.choice(facts()), lang, held))


def _recall_turn(rng: random.Random, asked: list[Fact], lang: Lang, held: bool) -> list[Message]:
    index = rng.choice((0, 0, len(asked) - 1, rng.randrange(len(asked))))
    name, number = asked[index].side(lang).subject, ORDINAL[lang][index]
    question = rng.choice(RECALL[lang][held]).format(n=number)
    if lang == "en":
        reasoning = think(lang, f"asks about the {number} question", "look at that turn", f"it is {name}")
        return turn(question, reasoning, f"Your {number} question was about {name}.")
    reasoning = think(lang, f"问第{number}个问题", "看那一轮", f"是{name}")
    return turn(question, reasoning, f"你的第{number}个问题是关于{name}的。")


def fact_dialogue(rng: random.Random, lang: Lang, held: bool) -> Row:
    """2-10 turns of different facts; half of the dialogues end by asking what an earlier question was about."""
    turns = rng.randint(2, 10)
    recall = rng.random() < 0.5
    asked = rng.sample(facts(), turns - recall)
    messages = [m for f in asked for m in fact_turn(rng, f, lang, held)]
    if recall:
        messages += _recall_turn(rng, asked, lang, held)
    elif rng.random() < 0.3:  # the same question again gets the same answer
        messages = messages[: 2 * (turns - 1)] + fact_turn(rng, rng.choice(asked[: turns - 1]), lang, held)
    return row(messages)


def held_probes(n: int) -> list[dict[str, Any]]:
    """`n` probes over distinct (fact, language) pairs in held-out wordings; fixed order: first each fact in one
    language, turn about, then each in the other.

    Raises ValueError when `n` exceeds the number of pairs.
    """
    languages: tuple[Lang, Lang] = ("en", "zh")
    pairs = [(f, languages[(i + other) % 2], i) for other in (0, 1) for i, f in enumerate(facts())]
    if n > len(pairs):
        raise ValueError(f"{n} probes asked for, {len(pairs)} facts x languages exist")
    return [_probe(*pair) for pair in pairs[:n]]


def _probe(fact: Fact, lang: Lang, index: int) -> dict[str, Any]:
    options = templates(fact.kind, lang, True)
    return {
        "id": f"public-{lang}-{fact.id}",
        "kind": "public",
        "lang": lang,
        "question": _fill(options[index // 2 % len(options)], fact, lang),
        "must": [fact.side(lang).must],
        "must_not": [],
        "cluster": fact.id,
    }


GENERATORS: list[tuple[float, Generator]] = [(0.6, fact), (0.4, fact_dialogue)]
