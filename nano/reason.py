"""Tool-free skills: exact copying, picking from lists, comparing numbers, reading JSON."""

from __future__ import annotations

import json
import random

from nano import identifiers
from nano.rows import Generator, Lang, Row, said, think, user
from nano.toolbox import value_of
from nano.tooluse import FIELDS, TEXT_FIELDS, compared
from nano.words import CHINESE, ENGLISH

COPY: dict[str, tuple[list[str], list[str]]] = {
    "en": (
        [
            "Copy: {x}",
            "Repeat {x}",
            "Write {x} again",
            "Say {x}",
            "{x} - copy this",
            "Read {x} and write it",
            "Again: {x}",
            "Show {x} once more",
            "I say {x}, you say it too",
            "Take {x} and repeat it",
            "The text is {x}. Copy the text",
        ],
        ["Please copy {x}", "Type {x}"],
    ),
    "zh": (
        [
            "复制：{x}",
            "重复 {x}",
            "再写一遍 {x}",
            "抄写：{x}",
            "{x}，照抄",
            "把 {x} 写一遍",
            "再说一次 {x}",
            "显示 {x}",
            "我说 {x}，你也说",
            "文本是 {x}，抄一遍",
        ],
        ["请复制 {x}", "输出 {x}"],
    ),
}
FIND_EN = (
    [
        "Which one is the {k}? {l}",
        "Find the {k}: {l}",
        "{l} Find the {k}",
        "{l}. Which is the {k}?",
        "Pick the {k} of {l}",
        "Show me only the {k}. {l}",
        "What is the {k} here? {l}",
        "Take the {k} from {l}",
    ],
    ["In {l} which is the {k}?"],
)
FIND_ZH = (
    [
        "哪个是{k}？{l}",
        "找出{k}：{l}",
        "{l}，找{k}",
        "{l}。{k}是哪一个？",
        "选出{k}：{l}",
        "只要{k}。{l}",
        "这里的{k}是什么？{l}",
        "从 {l} 里拿{k}",
    ],
    ["{l} 中的{k}是哪个？"],
)
ABOVE_EN = (
    [
        "Is {a} above {b}?",
        "Is {a} greater than {b}?",
        "Is {a} more than {b}?",
        "{a} > {b}?",
        "I have {a}. Is that above {b}?",
        "The limit is {b}. Is {a} above it?",
        "Does {a} pass {b}?",
        "Compare {a} with {b}",
        "{a} and {b}: is the first one greater?",
    ],
    ["Is {a} over {b}?"],
)
ABOVE_ZH = (
    [
        "{a} 大于 {b} 吗？",
        "{a} 比 {b} 大吗？",
        "{a} 超过 {b} 了吗",
        "{a} > {b} 吗？",
        "我有 {a}，大于 {b} 吗？",
        "上限是 {b}，{a} 超过了吗？",
        "比较 {a} 和 {b}",
        "{a} 和 {b}，前一个大吗？",
    ],
    ["请问 {a} 高于 {b} 吗？"],
)
READ_EN = (
    [
        "What is the {f} in {j}?",
        "{j} What is the {f}?",
        "Read {j}. I want the {f}",
        "{f} of {j}?",
        "The result is {j}. Tell me the {f}",
        "Find the {f}: {j}",
    ],
    ["Look at {j} and tell me the {f}"],
)
READ_ZH = (
    ["{j} 里的{f}是多少？", "{j}，{f}是什么？", "读 {j}，我要{f}", "结果是 {j}，{f}是多少？", "找出{f}：{j}"],
    ["看 {j}，{f}呢？"],
)


def copy_one(rng: random.Random, lang: Lang, held: bool) -> Row:
    value = rng.choice(list(identifiers.MAKERS.values()))(rng)
    reasoning = (
        think(lang, "复制文本", "照抄", "一字不改") if lang == "zh" else think(lang, "copy text", "repeat it", "exact")
    )
    return {"messages": [user(rng.choice(COPY[lang][held]).format(x=value)), said(reasoning, value)], "tools": []}


def copy_words(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A few words in no order that makes sense, to be copied exactly."""
    words = rng.sample(CHINESE if lang == "zh" else ENGLISH, rng.randint(2, 6))
    text = ("" if lang == "zh" else " ").join(words)
    reasoning = (
        think(lang, "复制文本", "照抄", "一字不改") if lang == "zh" else think(lang, "copy text", "repeat it", "exact")
    )
    return {"messages": [user(rng.choice(COPY[lang][held]).format(x=text)), said(reasoning, text)], "tools": []}


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
    (0.25, copy_one),
    (0.15, copy_words),
    (0.15, copy_many),
    (0.15, find_kind),
    (0.15, compare),
    (0.15, read_json),
]
