"""Tool-free skills: exact copying, picking from lists, comparing numbers, reading JSON."""

from __future__ import annotations

import json
import random

from nano import identifiers
from nano.rows import Generator, Lang, Row, said, think, user
from nano.toolbox import value_of
from nano.tooluse import FIELDS, TEXT_FIELDS, compared

COPY = {
    "en": (["Copy: {x}", "Repeat {x}", "Write {x} again", "Say {x}"], ["Please copy {x}", "Type {x}"]),
    "zh": (["复制：{x}", "重复 {x}", "再写一遍 {x}", "抄写：{x}"], ["请复制 {x}", "输出 {x}"]),
}


def copy_one(rng: random.Random, lang: Lang, held: bool) -> Row:
    value = rng.choice(list(identifiers.MAKERS.values()))(rng)
    reasoning = (
        think(lang, "复制文本", "照抄", "一字不改") if lang == "zh" else think(lang, "copy text", "repeat it", "exact")
    )
    return {"messages": [user(rng.choice(COPY[lang][held]).format(x=value)), said(reasoning, value)], "tools": []}


def copy_many(rng: random.Random, lang: Lang, held: bool) -> Row:
    kind = rng.choice(list(identifiers.MAKERS))
    values = [identifiers.MAKERS[kind](rng) for _ in range(rng.randint(2, 4))]
    reasoning = (
        think(lang, "复制列表", "逐个照抄", "顺序不变")
        if lang == "zh"
        else think(lang, "copy a list", "repeat each", "same order")
    )
    text = rng.choice(COPY[lang][held]).format(x=", ".join(values))
    return {"messages": [user(text), said(reasoning, "\n".join(values))], "tools": []}


def find_kind(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Find the domain, IP or link in a sentence and copy it."""
    words = {"domain": "域名", "ip": "IP", "url": "链接", "email": "邮箱", "date": "日期"}
    kinds = rng.sample(list(words), 3)
    values = {kind: identifiers.MAKERS[kind](rng) for kind in kinds}
    kind = rng.choice(kinds)
    listed = ", ".join(values.values())
    if lang == "zh":
        ask = rng.choice(("哪个是{k}？{l}", "找出{k}：{l}") if not held else ("{l} 中的{k}是哪个？",)).format(
            k=words[kind], l=listed
        )
        reasoning = think(lang, f"找{words[kind]}", "选出并照抄", "一个答案")
    else:
        bank = ("Which one is the {k}? {l}", "Find the {k}: {l}") if not held else ("In {l} which is the {k}?",)
        ask, reasoning = (
            rng.choice(bank).format(k=kind, l=listed),
            think(lang, f"find the {kind}", "pick and copy", "one answer"),
        )
    return {"messages": [user(ask), said(reasoning, values[kind])], "tools": []}


def compare(rng: random.Random, lang: Lang, held: bool) -> Row:
    bar = rng.choice((10, 20, 30, 40, 50, 60, 70, 80, 90, rng.randint(1, 99), rng.randint(1, 99)))
    value = rng.choice((bar, bar + 1, bar - 1, rng.randint(0, 100), rng.randint(0, 100), rng.randint(0, 100)))
    above, relation = value > bar, compared(lang, value, bar)
    if lang == "zh":
        bank = (
            ("{a} 大于 {b} 吗？", "{a} 比 {b} 大吗？", "{a} 超过 {b} 了吗") if not held else ("请问 {a} 高于 {b} 吗？",)
        )
        answer = f"是，{value} 大于 {bar}。" if above else f"不是，{value} 不大于 {bar}。"
        reasoning = think(lang, "比大小", "比较两个数", relation)
    else:
        bank = (
            ("Is {a} above {b}?", "Is {a} greater than {b}?", "Is {a} more than {b}?")
            if not held
            else ("Is {a} over {b}?",)
        )
        answer = f"Yes, {value} is above {bar}." if above else f"No, {value} is not above {bar}."
        reasoning = think(lang, "compare numbers", "compare the two", relation)
    return {"messages": [user(rng.choice(bank).format(a=value, b=bar)), said(reasoning, answer)], "tools": []}


def read_json(rng: random.Random, lang: Lang, held: bool) -> Row:
    picked = [(en, zh, str(rng.randint(0, 100))) for en, zh in rng.sample(FIELDS, 2)]
    picked += [(en, zh, value_of(rng, kind, lang)) for en, zh, kind in rng.sample(TEXT_FIELDS, 2)]
    rng.shuffle(picked)
    en, zh, value = rng.choice(picked)
    text = json.dumps({key: v for key, _, v in picked}, ensure_ascii=False)
    if lang == "zh":
        ask = f"{text} 里的{zh}是多少？" if not held else f"看 {text}，{zh}呢？"
        return {
            "messages": [user(ask), said(think(lang, f"看{zh}", f"读 {en}", f"{en} 是 {value}"), f"{zh}是 {value}。")],
            "tools": [],
        }
    ask = f"What is the {en} in {text}?" if not held else f"Look at {text} and tell me the {en}"
    reasoning = think(lang, f"read the {en}", f"read {en}", f"{en} is {value}")
    return {"messages": [user(ask), said(reasoning, f"The {en} is {value}.")], "tools": []}


GENERATORS: list[tuple[float, Generator]] = [
    (0.35, copy_one),
    (0.2, copy_many),
    (0.15, find_kind),
    (0.15, compare),
    (0.15, read_json),
]
