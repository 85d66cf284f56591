"""Tool-free skills: exact copying, picking from lists, comparing numbers, reading JSON."""

from __future__ import annotations

import json
import random

from nano import identifiers
from nano.free import sentence
from nano.reason_wordings import ABOVE_EN, ABOVE_ZH, COPY, COPY_PARTS, FIND_EN, FIND_ZH, READ_EN, READ_ZH
from nano.rows import Generator, Lang, Row, said, think, user
from nano.toolbox import value_of
from nano.tooluse import FIELDS, TEXT_FIELDS, compared
from nano.words import CHINESE, ENGLISH


def copy_request(rng: random.Random, lang: Lang, held: bool, text: str) -> str:
    """A request to copy `text`: one of the list, or put together from parts, so that no list is learnt by heart."""
    ask = "".join(rng.choice(options) for options in COPY_PARTS[lang])
    if held or rng.random() < 0.5:
        ask = rng.choice(COPY[lang][held])
    return ask.format(x=text)


def copy_one(rng: random.Random, lang: Lang, held: bool) -> Row:
    value = rng.choice(list(identifiers.MAKERS.values()))(rng)
    reasoning = (
        think(lang, "复制文本", "照抄", "一字不改") if lang == "zh" else think(lang, "copy text", "repeat it", "exact")
    )
    return {"messages": [user(copy_request(rng, lang, held, value)), said(reasoning, value)], "tools": []}


def copy_words(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A few words in no order that makes sense, to be copied exactly."""
    first, other = (CHINESE, ENGLISH) if lang == "zh" else (ENGLISH, CHINESE)
    size = rng.choice((rng.randint(2, 6), rng.randint(2, 6), rng.randint(7, 30)))
    words = [rng.choice(first) if rng.random() < 0.85 else rng.choice(other) for _ in range(size)]
    text = ("" if lang == "zh" else rng.choice((" ", " ", " ", "-", ", "))).join(words)
    reasoning = (
        think(lang, "复制文本", "照抄", "一字不改") if lang == "zh" else think(lang, "copy text", "repeat it", "exact")
    )
    return {"messages": [user(copy_request(rng, lang, held, text)), said(reasoning, text)], "tools": []}


def copy_many(rng: random.Random, lang: Lang, held: bool) -> Row:
    kind = rng.choice(list(identifiers.MAKERS))
    values = [identifiers.MAKERS[kind](rng) for _ in range(rng.randint(2, 4))]
    reasoning = (
        think(lang, "复制列表", "逐个照抄", "顺序不变")
        if lang == "zh"
        else think(lang, "copy a list", "repeat each", "same order")
    )
    return {
        "messages": [user(copy_request(rng, lang, held, ", ".join(values))), said(reasoning, "\n".join(values))],
        "tools": [],
    }


def find_kind(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Find the domain, IP or link in a list or among sentences, and copy it."""
    words = {"domain": "域名", "ip": "IP", "url": "链接", "email": "邮箱", "date": "日期"}
    kinds = rng.sample(list(words), 3)
    values = {kind: identifiers.MAKERS[kind](rng) for kind in kinds}
    kind = rng.choice(kinds)
    if rng.random() < 0.3:  # as texts that nobody shall click in write them
        values = {name: value.replace(".", "[.]").replace("http", "hxxp") for name, value in values.items()}
    listed = ", ".join(values.values())
    if rng.random() < 0.5:
        listed = " ".join(sentence(rng, lang, value, plain=True) for value in values.values())
    if lang == "zh":
        ask = rng.choice(FIND_ZH[held]).format(k=words[kind], l=listed)
        reasoning = think(lang, f"找{words[kind]}", "选出并照抄", "一个答案")
    else:
        ask = rng.choice(FIND_EN[held]).format(k=kind, l=listed)
        reasoning = think(lang, f"find the {kind}", "pick and copy", "one answer")
    return {"messages": [user(ask), said(reasoning, values[kind])], "tools": []}


def compare(rng: random.Random, lang: Lang, held: bool) -> Row:
    bar = rng.choice((10, 20, 30, 40, 50, 60, 70, 80, 90, rng.randint(1, 99), rng.randint(1, 99)))
    value = rng.choice((bar, bar + 1, bar - 1, rng.randint(0, 100), rng.randint(0, 100), rng.randint(0, 100)))
    above, relation = value > bar, compared(lang, value, bar)
    if lang == "zh":
        answer = f"是，{value} 大于 {bar}。" if above else f"不是，{value} 不大于 {bar}。"
        reasoning = think(lang, "比大小", "比较两个数", relation)
    else:
        answer = f"Yes, {value} is above {bar}." if above else f"No, {value} is not above {bar}."
        reasoning = think(lang, "compare numbers", "compare the two", relation)
    ask = rng.choice((ABOVE_ZH if lang == "zh" else ABOVE_EN)[held]).format(a=value, b=bar)
    return {"messages": [user(ask), said(reasoning, answer)], "tools": []}


def read_json(rng: random.Random, lang: Lang, held: bool) -> Row:
    picked = [(en, zh, str(rng.randint(0, 100))) for en, zh in rng.sample(FIELDS, 2)]
    picked += [(en, zh, value_of(rng, kind, lang)) for en, zh, kind in rng.sample(TEXT_FIELDS, 2)]
    rng.shuffle(picked)
    en, zh, value = rng.choice(picked)
    text = json.dumps({key: v for key, _, v in picked}, ensure_ascii=False)
    ask = rng.choice((READ_ZH if lang == "zh" else READ_EN)[held]).format(f=zh if lang == "zh" else en, j=text)
    if lang == "zh":
        answer = said(think(lang, f"看{zh}", f"读 {en}", f"{en} 是 {value}"), f"{zh}是 {value}。")
    else:
        answer = said(think(lang, f"read the {en}", f"read {en}", f"{en} is {value}"), f"The {en} is {value}.")
    return {"messages": [user(ask), answer], "tools": []}


GENERATORS: list[tuple[float, Generator]] = [
    (0.24, copy_one),
    (0.18, copy_words),
    (0.20, copy_many),
    (0.20, find_kind),
    (0.09, compare),
    (0.09, read_json),
]
