"""Rows about the public facts: single questions and dialogues. Knows phrasing and dialogue shape, no fact itself.

A row is `{"messages": [...], "tools": []}` in the OpenAI shape; every assistant message has a `reasoning_content` of
three short lines. `held=True` words the question in ways that training never uses, made of words that it does use.
"""

from __future__ import annotations

import random
from typing import Any

from nano.facts import Fact, facts
from nano.rows import Generator, Lang, Row, said, think, user

Message = dict[str, Any]

TRAIN_EN: dict[str, tuple[str, ...]] = {
    "what_is": (
        "What is {s}?",
        "What's {s}?",
        "Tell me what {s} is.",
        "Explain {s}.",
        "Can you explain {s}?",
        "What does {s} mean?",
        "I want to know what {s} is.",
        "Explain {s} in one sentence.",
        "I read about {s}. Please explain it.",
        "{S}? Say what that means.",
        "About {s}: tell me what it is.",
        "Somebody mentioned {s}; what could that be?",
    ),
    "used_for": (
        "What is {s} used for?",
        "What does {s} do?",
        "What is {s}?",
        "Tell me what {s} does.",
        "Why do people use {s}?",
        "I want to know what {s} does.",
        "Explain what {s} does.",
        "I read about {s}. Tell me its use.",
        "{S}? Say what it is good for.",
        "About {s}: why do people have it?",
        "Somebody mentioned {s}; what does one do with it?",
    ),
    "who_runs": (
        "Who runs {s}?",
        "Who is behind {s}?",
        "Which company runs {s}?",
        "Tell me who runs {s}.",
        "Who owns {s}?",
        "I want to know who runs {s}.",
        "Who operates {s}?",
        "I read about {s}. Who is it run by?",
        "{S}? Say whose it is.",
        "About {s}: tell me who operates it.",
        "Somebody mentioned {s}; which company has it?",
    ),
    "stands_for": (
        "What does {s} stand for?",
        "What is the full name of {s}?",
        "Tell me what {s} stands for.",
        "What is {s} short for?",
        "Give me the full name of {s}.",
        "I want to know the full name of {s}.",
        "I read about {s}. What are the full words?",
        "{S}? Say the full name.",
        "About {s}: tell me what it stands for.",
        "Somebody mentioned {s}; spell the name out.",
    ),
    "port_of": (
        "Which port does {s} use?",
        "What port does {s} use?",
        "What is the port of {s}?",
        "Tell me the port of {s}.",
        "{S} uses which port?",
        "I want to know the port of {s}.",
        "I read about {s}. What is its port?",
        "{S}? Say the port.",
        "About {s}: tell me its port number.",
        "Somebody mentioned {s}; on which port is it?",
    ),
    "capital_of": (
        "What is the capital of {s}?",
        "Which city is the capital of {s}?",
        "Tell me the capital of {s}.",
        "Name the capital of {s}.",
        "What's the capital of {s}?",
        "I want to know the capital of {s}.",
        "I read about {s}. Which city is the capital?",
        "{S}? Say the capital.",
        "About {s}: tell me its capital city.",
        "Somebody mentioned {s}; where is its capital?",
    ),
    "colour_of": (
        "What colour is {s}?",
        "Which colour is {s}?",
        "What is the colour of {s}?",
        "Tell me the colour of {s}.",
        "Name the colour of {s}.",
        "I want to know the colour of {s}.",
        "I read about {s}. Which colour does it have?",
        "{S}? Say the colour.",
        "About {s}: tell me its colour.",
        "Somebody mentioned {s}; in which colour is it?",
    ),
    "wrote": (
        "Who wrote {s}?",
        "Who is the author of {s}?",
        "Tell me who wrote {s}.",
        "Name the author of {s}.",
        "Which author wrote {s}?",
        "I want to know who wrote {s}.",
        "I read about {s}. Who is its author?",
        "{S}? Say who wrote it.",
        "About {s}: tell me the author.",
        "Somebody mentioned {s}; whose book is it?",
    ),
    "opposite_of": (
        "What is the opposite of {s}?",
        "What's the opposite of {s}?",
        "Tell me the opposite of {s}.",
        "Name the opposite of {s}.",
        "Give me the opposite of {s}.",
        "I want to know the opposite of {s}.",
        "I read the word {s}. What is the other side of it?",
        "{S}? Say the opposite.",
        "About {s}: tell me its opposite.",
        "Somebody said {s}; what would be the opposite?",
    ),
    "clause": (
        "{A}?",
        "Tell me {a}.",
        "Do you know {a}?",
        "Can you tell me {a}?",
        "I want to know {a}.",
        "I have a question: {a}?",
        "Somebody asked me {a}.",
        "Here is what I ask: {a}?",
        "I read something about it. Say {a}.",
        "Let me hear {a}.",
    ),
}
HELD_EN: dict[str, tuple[str, ...]] = {
    "what_is": ("Do you know what {s} is?", "Can you tell me about {s}?", "{S}: what is it?"),
    "used_for": ("Do you know what {s} is used for?", "{S}: what does it do?", "Can you tell me why people use {s}?"),
    "who_runs": ("Do you know who runs {s}?", "{S}: who runs it?", "Which company is behind {s}?"),
    "stands_for": ("Do you know what {s} stands for?", "Name the full name of {s}.", "{S}: what is it short for?"),
    "port_of": ("Do you know the port of {s}?", "{S}: which port does it use?", "Name the port that {s} uses."),
    "capital_of": ("Do you know the capital of {s}?", "{S}: what is its capital?", "Give me the capital of {s}."),
    "colour_of": ("Do you know the colour of {s}?", "{S}: what colour is it?", "Give me the colour of {s}."),
    "wrote": ("Do you know who wrote {s}?", "{S}: who wrote it?", "Give me the author of {s}."),
    "opposite_of": ("Do you know the opposite of {s}?", "{S}: what is its opposite?", "{S} is the opposite of what?"),
    "clause": ("Explain {a}.", "Do people know {a}?", "In one sentence: {a}?"),
}
TRAIN_ZH: dict[str, tuple[str, ...]] = {
    "what_is": (
        "{s}是什么？",
        "什么是{s}？",
        "{s}是什么意思？",
        "解释一下{s}。",
        "介绍一下{s}。",
        "我想知道{s}是什么。",
        "{s}指的是什么？",
        "说到{s}，请解释。",
        "{s}？说说是什么。",
        "关于{s}：告诉我它的意思。",
        "有人提到{s}，那是什么？",
    ),
    "used_for": (
        "{s}是做什么的？",
        "{s}有什么用？",
        "{s}是什么？",
        "为什么要用{s}？",
        "说说{s}的用途。",
        "我想知道{s}有什么用。",
        "说到{s}，讲讲用途。",
        "{s}？说说能做什么。",
        "关于{s}：人们拿它做什么？",
        "有人提到{s}，那是做什么的？",
    ),
    "who_runs": (
        "{s}由谁运营？",
        "{s}是谁的？",
        "{s}是哪家公司的？",
        "谁在运营{s}？",
        "{s}背后是谁？",
        "我想知道谁运营{s}。",
        "说到{s}，是谁的？",
        "{s}？说说谁运营。",
        "关于{s}：告诉我是哪家公司的。",
        "有人提到{s}，那是谁运营的？",
    ),
    "stands_for": (
        "{s}的全称是什么？",
        "{s}是什么的缩写？",
        "说说{s}的全称。",
        "{s}全称叫什么？",
        "告诉我{s}的全称。",
        "我想知道{s}的全称。",
        "说到{s}，全称呢？",
        "{s}？说说全称。",
        "关于{s}：告诉我全称叫什么。",
        "有人提到{s}，那是什么的缩写？",
    ),
    "port_of": (
        "{s}用哪个端口？",
        "{s}的端口是多少？",
        "{s}使用什么端口？",
        "告诉我{s}的端口。",
        "说说{s}的端口号。",
        "我想知道{s}用哪个端口。",
        "说到{s}，端口呢？",
        "{s}？说说端口。",
        "关于{s}：告诉我端口号。",
        "有人提到{s}，它用哪个端口？",
    ),
    "capital_of": (
        "{s}的首都是哪里？",
        "{s}的首都是什么？",
        "{s}的首都叫什么？",
        "哪个城市是{s}的首都？",
        "告诉我{s}的首都。",
        "我想知道{s}的首都。",
        "说到{s}，首都呢？",
        "{s}？说说首都。",
        "关于{s}：告诉我它的首都。",
        "有人提到{s}，它的首都在哪？",
    ),
    "colour_of": (
        "{s}是什么颜色？",
        "{s}是什么颜色的？",
        "{s}的颜色是什么？",
        "告诉我{s}的颜色。",
        "说说{s}的颜色。",
        "我想知道{s}的颜色。",
        "说到{s}，颜色呢？",
        "{s}？说说颜色。",
        "关于{s}：告诉我它的颜色。",
        "有人提到{s}，那是什么颜色？",
    ),
    "wrote": (
        "{s}是谁写的？",
        "谁写了{s}？",
        "{s}的作者是谁？",
        "告诉我{s}的作者。",
        "{s}的作者叫什么？",
        "我想知道谁写了{s}。",
        "说到{s}，谁写的？",
        "{s}？说说作者。",
        "关于{s}：告诉我作者是谁。",
        "有人提到{s}，那是谁的书？",
    ),
    "opposite_of": (
        "{s}的反义词是什么？",
        "“{s}”的反义词是什么？",
        "告诉我{s}的反义词。",
        "说说{s}的反义词。",
        "{s}的反义词是哪个？",
        "我想知道{s}的反义词。",
        "说到{s}，反义词呢？",
        "{s}？说说反义词。",
        "关于{s}：告诉我它的反义词。",
        "有人说{s}，反过来是什么？",
    ),
    "clause": (
        "{a}？",
        "你知道{a}吗？",
        "告诉我{a}。",
        "我想知道{a}。",
        "说一下{a}。",
        "有个问题：{a}？",
        "有人问我{a}。",
        "我要问的是：{a}？",
        "说到这个，{a}？",
        "你来说，{a}？",
    ),
}
HELD_ZH: dict[str, tuple[str, ...]] = {
    "what_is": ("你知道{s}是什么吗？", "告诉我{s}是什么。", "{s}，这是什么？"),
    "used_for": ("你知道{s}有什么用吗？", "告诉我{s}是做什么的。", "{s}，它有什么用？"),
    "who_runs": ("你知道谁运营{s}吗？", "告诉我{s}由谁运营。", "{s}，它由谁运营？"),
    "stands_for": ("你知道{s}的全称吗？", "{s}，全称是什么？", "解释一下{s}的全称。"),
    "port_of": ("你知道{s}的端口吗？", "{s}，端口是多少？", "说一下{s}用什么端口。"),
    "capital_of": ("你知道{s}的首都吗？", "{s}，首都是哪里？", "说说{s}的首都是哪个城市。"),
    "colour_of": ("你知道{s}的颜色吗？", "{s}，什么颜色？", "介绍一下{s}是什么颜色。"),
    "wrote": ("你知道{s}是谁写的吗？", "{s}，作者是谁？", "说一下{s}的作者是谁。"),
    "opposite_of": ("你知道{s}的反义词吗？", "{s}，反义词是什么？", "哪个是{s}的反义词？"),
    "clause": ("解释一下{a}。", "一个问题，{a}？", "说说看，{a}？"),
}
# Openers vary training only: a held-out wording that merely lost its opener would not be new.
OPEN_EN = ("", "", "", "Please: ", "Hi, ", "Hello. ", "One question: ", "Now this: ", "It is a short question. ")
OPEN_ZH = ("", "", "", "请问", "你好，", "请问，", "想问一下，", "麻烦你，", "这个是问题，")
INTENT = {
    "en": {
        "what_is": "asks what {s} is",
        "used_for": "asks what {s} is for",
        "who_runs": "asks who runs {s}",
        "stands_for": "asks the full name of {s}",
        "port_of": "asks the port of {s}",
        "capital_of": "asks the capital of {s}",
        "colour_of": "asks the colour of {s}",
        "wrote": "asks who wrote {s}",
        "opposite_of": "asks the opposite of {s}",
        "clause": "asks about {s}",
    },
    "zh": {
        "what_is": "问{s}是什么",
        "used_for": "问{s}的用途",
        "who_runs": "问谁运营{s}",
        "stands_for": "问{s}的全称",
        "port_of": "问{s}的端口",
        "capital_of": "问{s}的首都",
        "colour_of": "问{s}的颜色",
        "wrote": "问{s}的作者",
        "opposite_of": "问{s}的反义词",
        "clause": "问{s}",
    },
}
INTENT_MORE = {"en": ("a question on {s}", "wants to know about {s}"), "zh": ("想知道{s}", "关于{s}的问题")}
FACT_PLAN = {
    "en": ("answer from known facts", "recall the fact", "say what is known", "a general question, answer it"),
    "zh": ("用已知事实回答", "想想已知的事实", "说知道的事", "一般问题，直接回答"),
}
FACT_CHECK = {
    "en": ("one short sentence", "short and true", "a public fact", "no tool needed"),
    "zh": ("一句话", "简短准确", "公开的事实", "不用工具"),
}
RECALL = {
    "en": {
        False: ("What was my {n} question about?", "What did I ask in my {n} question?", "My {n} question was what?"),
        True: ("Do you know what my {n} question was about?", "Tell me what I asked in my {n} question."),
    },
    "zh": {
        False: ("我的第{n}个问题是什么？", "我第{n}个问题问了什么？", "第{n}个问题是关于什么的？"),
        True: ("你知道我第{n}个问题问了什么吗？", "告诉我第{n}个问题是关于什么的。"),
    },
}
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
