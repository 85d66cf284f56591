"""Rows of conversation: small talk, memory, instructions, unknown terms, homonyms and rules defined in the dialogue.

Knows no fact of the public world (those are turns borrowed from `nano.world`) and no private term of any example: a
made-up system is explained in the dialogue itself, with random names and thresholds, so only reading can answer.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from nano.facts import facts
from nano.phrases import (
    ABOUT,
    ASK,
    CITIES,
    COLOURS,
    DEFINE,
    HOMONYM_ASK,
    HOMONYM_LINES,
    HOMONYMS,
    INSIST,
    JUDGE_OPEN,
    JUDGE_YES_NO,
    NOUNS,
    PEOPLE,
    RECALL,
    RULE,
    SAY,
    SIDE_ZH,
    SMALL,
    STILL,
    SYSTEMS,
    UNKNOWN_ASK,
    UNSURE,
    WORDS,
    Lines,
    Phrases,
)
from nano.rows import Generator, Lang, Row, think
from nano.world import Message, fact_turn, loose, row, turn


def pick(rng: random.Random, phrases: Phrases, lang: Lang, held: bool) -> str:
    return rng.choice(phrases[lang][held])


def small_turn(rng: random.Random, lang: Lang, held: bool, name: str | None = None) -> list[Message]:
    phrases, answers, lines = SMALL[name or rng.choice(tuple(SMALL))]
    text = pick(rng, phrases, lang, held)
    if not held and text[-1].isalpha():
        text += rng.choice(("", ".", "!") if lang == "en" else ("", "。", "！"))
    return turn(text, think(lang, *lines[lang]), answers[lang])


def small_talk(rng: random.Random, lang: Lang, held: bool) -> Row:
    return row(small_turn(rng, lang, held))


def filler(rng: random.Random, lang: Lang, held: bool) -> list[Message]:
    """A turn that has nothing to do with what the dialogue must remember."""
    if rng.random() < 0.25:
        return small_turn(rng, lang, held, rng.choice(("thanks", "who")))
    return fact_turn(rng, rng.choice(facts()), lang, held)


# ---- memory: exact recall of what the user said -------------------------------------------------------------------


def code(rng: random.Random) -> str:
    """A random identifier such as AB-4821."""
    letters = "".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 3)))
    return letters + rng.choice(("-", "", "-", "_")) + "".join(rng.choices(string.digits, k=rng.randint(2, 6)))


def domain_name(rng: random.Random) -> str:
    label = "".join(rng.choices(string.ascii_lowercase + string.digits, k=rng.randint(3, 9)))
    return f"{label}.{rng.choice(('com', 'net', 'org', 'cn', 'io', 'example'))}"


SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u"))


def made_up(rng: random.Random) -> str:
    """A product-like name that means nothing, such as Zorbex."""
    body = "".join(rng.choices(SYLLABLES, k=rng.randint(2, 3))) + rng.choice(("", "x", "n", "r", "l", "bex", "tor"))
    return body.capitalize()


def _value(rng: random.Random, slot: str, lang: Lang) -> str:
    lists: dict[str, Mapping[str, Sequence[str]]] = {"name": PEOPLE, "colour": COLOURS, "city": CITIES}
    if slot in lists:
        return rng.choice(lists[slot][lang])
    makers = {"project": made_up, "code": code, "domain": domain_name}
    return makers[slot](rng)


def _say_turn(rng: random.Random, lang: Lang, held: bool, noun: str, value: str) -> list[Message]:
    question = pick(rng, SAY, lang, held).format(k=noun, v=value)
    if lang == "en":
        reasoning = think(lang, f"gives the {noun}", "keep it for later", value)
        return turn(question, reasoning, f"Got it. Your {noun} is {value}.")
    return turn(question, think(lang, f"告诉我{noun}", "先记住", value), f"好的，你的{noun}是{value}。")


def _recall_turn(rng: random.Random, lang: Lang, held: bool, noun: str, value: str) -> list[Message]:
    question = pick(rng, RECALL, lang, held).format(k=noun)
    if lang == "en":
        reasoning = think(lang, f"asks for the {noun}", "copy it from above", value)
        return turn(question, reasoning, f"Your {noun} is {value}.")
    return turn(question, think(lang, f"问{noun}", "从上文照抄", value), f"你的{noun}是{value}。")


def memory_dialogue(rng: random.Random, lang: Lang, held: bool) -> Row:
    """1-3 things said, up to five other turns, then each thing asked for in a random order; at most 10 turns."""
    slots = rng.sample(tuple(NOUNS["en"]), rng.choice((1, 1, 2, 3)))
    values = {slot: _value(rng, slot, lang) for slot in slots}
    messages = [m for s in slots for m in _say_turn(rng, lang, held, NOUNS[lang][s], values[s])]
    for _ in range(rng.randint(0, min(5, 10 - 2 * len(slots)))):
        messages += filler(rng, lang, held)
    for slot in rng.sample(slots, len(slots)):
        messages += _recall_turn(rng, lang, held, NOUNS[lang][slot], values[slot])
    return row(messages)


# ---- instructions ----------------------------------------------------------------------------------------------------


def number_near(rng: random.Random, limit: int) -> int:
    """0..100 around `limit`: the boundary itself one time in five, a close number one time in three."""
    roll = rng.random()
    if roll < 0.2:
        return limit
    if roll < 0.5:
        return min(100, max(0, limit + rng.choice((-3, -2, -1, 1, 2, 3))))
    return rng.randint(0, 100)


def sign(a: int, b: int) -> str:
    return f"{a} {'>' if a > b else '<' if a < b else '='} {b}"


Made = tuple[dict[str, object], str, Lines]  # slots of the question, the answer, the reasoning


def _zh(lang: Lang, english: str, chinese: str) -> str:
    return english if lang == "en" else chinese


def _on_text(rng: random.Random, name: str, lang: Lang) -> Made:
    if name == "repeat":
        text = rng.choice((code, domain_name, made_up))(rng)
        answer = text
    else:
        text = "".join(rng.choices(string.ascii_letters, k=rng.randint(2, 6)))
        answer = text.upper() if name == "upper" else text.lower()
    what = {"repeat": ("a copy", "照抄"), "upper": ("upper case", "大写"), "lower": ("lower case", "小写")}[name]
    return (
        {"x": text},
        answer,
        (_zh(lang, f"wants {what[0]}", f"要{what[1]}"), _zh(lang, "write each letter", "逐个写出"), answer),
    )


def _on_list(rng: random.Random, name: str, lang: Lang) -> Made:
    size = 2 if name == "swap" else rng.randint(3 if name == "list" else 2, 5)
    numbers = sorted(rng.sample(range(100), min(size, 4)))
    items = rng.sample([str(n) for n in numbers], len(numbers)) if name == "list" else rng.sample(WORDS[lang], size)
    comma = _zh(lang, ", ", "、")
    answer = {
        "count": str(size),
        "first": items[0],
        "last": items[-1],
        "swap": comma.join(reversed(items)),
        "list": comma.join(str(n) for n in numbers),
    }[name]
    goal = {
        "count": ("a count", "数量"),
        "first": ("the first item", "第一个"),
        "last": ("the last item", "最后一个"),
        "swap": ("the reverse order", "反过来"),
        "list": ("numbers in order", "排序"),
    }[name]
    check = f"{items[0]} .. {items[-1]}" if name == "count" else answer
    lines = (_zh(lang, f"wants {goal[0]}", f"要{goal[1]}"), _zh(lang, "read the list", "看这些词"), check)
    return {"x": comma.join(items)}, answer, lines


def _translate(rng: random.Random, name: str, lang: Lang) -> Made:
    index = rng.randrange(len(WORDS["en"]))
    source, answer = WORDS[lang][index], WORDS["zh" if lang == "en" else "en"][index]
    return {"x": source}, answer, (_zh(lang, "wants Chinese", "要英文"), _zh(lang, "translate it", "翻译"), answer)


def _on_numbers(rng: random.Random, name: str, lang: Lang) -> Made:
    if name == "add":
        a, b = rng.randint(0, 20), rng.randint(0, 20)
        answer, check = str(a + b), f"{a} + {b} = {a + b}"
        return {"a": a, "b": b}, answer, (_zh(lang, "wants a sum", "要求和"), _zh(lang, "add them", "相加"), check)
    b = rng.randint(2, 95)
    a = number_near(rng, b)
    lines = (_zh(lang, "compares two numbers", "比较两个数"), _zh(lang, "compare the digits", "比较数字"), sign(a, b))
    if name == "greater":
        big, low = max(a, b), min(a, b)
        answer = _zh(lang, f"{big} is greater than {low}.", f"{big}大于{low}。")
        return {"a": a, "b": b}, answer if a != b else _zh(lang, f"{a} equals {b}.", f"{a}等于{b}。"), lines
    return {"a": a, "b": b}, _verdict_words(lang, a > b) + _relation(lang, a, b, "above") + _zh(lang, ".", "。"), lines


TASKS: tuple[tuple[tuple[str, ...], Callable[[random.Random, str, Lang], Made]], ...] = (
    (("repeat", "repeat", "repeat", "upper", "lower"), _on_text),
    (("count", "first", "last", "swap", "list"), _on_list),
    (("translate",), _translate),
    (("add", "greater", "greater", "above", "above", "above"), _on_numbers),
)


def instruction(rng: random.Random, lang: Lang, held: bool) -> Row:
    """One small task with one right answer; the answer is nothing but the result."""
    names, make = rng.choice(TASKS)
    name = rng.choice(names)
    slots, answer, lines = make(rng, name, lang)
    question = pick(rng, ASK[name], lang, held).format(**slots)
    return row(turn(question, think(lang, *lines), answer))


# ---- terms that nobody explained -----------------------------------------------------------------------------------


@cache
def _known() -> frozenset[str]:
    return frozenset(w.upper() for f in facts() for w in f.en.subject.split()) | frozenset(HOMONYMS)


def unknown_name(rng: random.Random) -> str:
    """A random acronym of 2-5 capitals or a made-up name; never a term of the public world."""
    while True:
        name = (
            "".join(rng.choices(string.ascii_uppercase, k=rng.randint(2, 5))) if rng.random() < 0.65 else made_up(rng)
        )
        if name.upper() not in _known():
            return name


def unknown_term(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The user asks about a term that was never explained, in 1-4 turns; the answer stays "I do not know"."""
    term = unknown_name(rng)
    intent = _zh(lang, f"asks about {term}", f"问{term}")
    lines = (
        intent,
        _zh(lang, "unknown term, ask for context", "未知的词，请求说明"),
        _zh(lang, "do not guess", "不乱猜"),
    )
    question = loose(rng, lang, pick(rng, UNKNOWN_ASK, lang, held), held).format(t=term)
    messages = turn(question, think(lang, *lines), rng.choice(UNSURE[lang]).format(t=term))
    for _ in range(rng.choice((0, 0, 0, 1, 2, 3))):
        question = pick(rng, INSIST, lang, held).format(t=term)
        messages += turn(question, think(lang, *lines), rng.choice(STILL[lang]).format(t=term))
    return row(messages)


# ---- acronyms with a public meaning: what it is, is it reliable, how to use it -------------------------------------


def homonym(rng: random.Random, lang: Lang, held: bool) -> Row:
    """1-3 questions about one acronym, always answered by its public meaning."""
    term = rng.choice(("USS", "USS", *HOMONYMS))
    messages: list[Message] = []
    for aspect in rng.sample(range(3), rng.choice((1, 1, 2, 3))):
        lines = (HOMONYM_LINES[lang][aspect].format(t=term), _zh(lang, "use the public meaning", "用公开的意思"))
        question = loose(rng, lang, pick(rng, HOMONYM_ASK[aspect], lang, held), held).format(t=term)
        check = _zh(lang, f"{term} is a public term", f"{term}是公开的词")
        messages += turn(question, think(lang, *lines, check), HOMONYMS[term][lang][aspect])
    return row(messages)


# ---- rules that the user defines and the assistant applies -----------------------------------------------------------

HOLDS: dict[str, Callable[[int, int], bool]] = {
    "above": lambda n, limit: n > limit,
    "below": lambda n, limit: n < limit,
    "at least": lambda n, limit: n >= limit,
}


def _verdict_words(lang: Lang, yes: bool) -> str:
    return _zh(lang, "Yes, " if yes else "No, ", "是的，" if yes else "不是，")


def _relation(lang: Lang, a: int, limit: int, mode: str) -> str:
    """How `a` stands to the limit, in words: the boundary says both that it is equal and what follows."""
    if a != limit:
        return _zh(
            lang, f"{a} is {'above' if a > limit else 'below'} {limit}", f"{a}{'高于' if a > limit else '低于'}{limit}"
        )
    if mode == "at least":
        return _zh(lang, f"{a} equals {limit}", f"{a}等于{limit}")
    return _zh(lang, f"{a} equals {limit} and is not {mode} it", f"{a}等于{limit}，并不{SIDE_ZH[mode]}它")


def _check(lang: Lang, a: int, limit: int, mode: str) -> str:
    if a != limit or mode == "at least":
        return sign(a, limit)
    return sign(a, limit) + _zh(lang, f", not {mode}", f"，不{SIDE_ZH[mode]}")


def _judge_turn(rng: random.Random, lang: Lang, held: bool, slots: dict[str, str], mode: str) -> list[Message]:
    limit = int(slots["n"])
    a = number_near(rng, limit)
    holds = HOLDS[mode](a, limit)
    closed = rng.random() < 0.55
    question = pick(rng, JUDGE_YES_NO if closed else JUDGE_OPEN, lang, held).format(a=a, **slots)
    outcome = slots["y"] if holds else slots["z"]
    intent = _zh(lang, f"asks about {a} in {slots['t']}", f"问{slots['t']}的{a}")
    plan = _zh(lang, f"the rule: {mode} {limit} is {slots['y']}", f"规则：{SIDE_ZH[mode]}{limit}是{slots['y']}")
    relation = _relation(lang, a, limit, mode)
    start = _verdict_words(lang, holds) if closed else ""
    answer = start + _zh(
        lang, f"{relation}, so the {slots['i']} is {outcome}.", f"{relation}，所以这个{slots['i']}是{outcome}的。"
    )
    question = ". ".join(sentence(part) for part in question.split(". "))
    return turn(question, think(lang, intent, plan, _check(lang, a, limit, mode)), answer)


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rule_words(lang: Lang, slots: dict[str, str], mode: str) -> str:
    english = f"{mode} {slots['n']} is {slots['y']}, else {slots['z']}"
    return _zh(lang, english, f"{SIDE_ZH[mode]}{slots['n']}是{slots['y']}，否则是{slots['z']}")


def _about_turn(rng: random.Random, lang: Lang, held: bool, slots: dict[str, str], mode: str) -> list[Message]:
    rule = rng.random() < 0.5
    question = sentence(pick(rng, RULE if rule else ABOUT, lang, held).format(**slots))
    what = _zh(lang, f"{slots['t']} is your {slots['s']}", f"{slots['t']}是你们的{slots['s']}")
    goal = _zh(
        lang,
        f"asks {'the rule' if rule else 'the meaning'} of {slots['t']}",
        f"问{slots['t']}的{'规则' if rule else '意思'}",
    )
    plan = _zh(lang, "use what the user said", "用用户说的话")
    if rule:
        words = _rule_words(lang, slots, mode)
        return turn(
            question,
            think(lang, goal, plan, f"{mode if lang == 'en' else SIDE_ZH[mode]} {slots['n']}"),
            sentence(words) + _zh(lang, ".", "。"),
        )
    return turn(question, think(lang, goal, plan, what), what + _zh(lang, ".", "。"))


def define_in_context(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The user defines a system with a limit, then asks 1-5 turns later; each verdict compares numbers in its Check."""
    system, item, value, yes, no = rng.choice(SYSTEMS[lang])
    mode = rng.choice(("above", "above", "above", "below", "at least"))
    side = mode if lang == "en" else SIDE_ZH[mode]
    limit = str(rng.randint(2, 95))
    name = unknown_name(rng)
    slots = {"t": name, "s": system, "i": item, "v": value, "y": yes, "z": no, "n": limit, "m": side}
    definition = ". ".join(sentence(part) for part in pick(rng, DEFINE, lang, held).format(**slots).split(". "))
    ask = _judge_turn if rng.random() < 0.85 else _about_turn
    if rng.random() < 0.3:  # rule and question in one message
        question, answer = ask(rng, lang, held, slots, mode)
        return row([{"role": "user", "content": f"{definition}{_zh(lang, ' ', '')}{question['content']}"}, answer])
    lines = (_zh(lang, f"defines {name}", f"定义{name}"), _zh(lang, "keep the rule", "记住规则"), f"{side} {limit}")
    got = _zh(
        lang,
        f"Got it. {name} is your {system}: {_rule_words(lang, slots, mode)}.",
        f"好的。{name}是你们的{system}：{_rule_words(lang, slots, mode)}。",
    )
    messages = turn(definition, think(lang, *lines), got)
    for _ in range(rng.randint(1, 4)):
        roll = rng.random()
        messages += filler(rng, lang, held) if roll < 0.2 else ask(rng, lang, held, slots, mode)
        ask = _judge_turn if rng.random() < 0.75 else _about_turn
    return row(messages + _judge_turn(rng, lang, held, slots, mode))


GENERATORS: list[tuple[float, Generator]] = [
    (0.08, small_talk),
    (0.22, memory_dialogue),
    (0.22, instruction),
    (0.06, unknown_term),
    (0.10, homonym),
    (0.32, define_in_context),
]
