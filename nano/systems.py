"""Rows about made-up systems: their owner describes one, the assistant invents one, or guesses; then questions follow.

Every system is drawn anew (kind, scope, number and limit, fields, roles, states, names of its errors), so only reading
answers; and everything is said in several ways, so the base gives no wording all its probability. That is what makes
it teachable: a base that expects one sentence after each question loses facts when it must learn another.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from nano.free import spaced
from nano.rows import Generator, Lang, Row, think
from nano.talk import filler, number_near, sign, unknown_name
from nano.words import CHINESE, ENGLISH, any_name
from nano.world import Message, loose, row, turn

Slots = dict[str, Any]


@cache
def said_about(lang: Lang) -> dict[str, Any]:
    """The wordings of one language: `relations`, `slots`, `remembered`, `invented`."""
    bank: dict[str, Any] = yaml.safe_load((Path(__file__).parent / f"systems_{lang}.yaml").read_text("utf-8"))
    return {**bank, "slots": {key: options.split("|") for key, options in bank["slots"].items()}}


def made_system(rng: random.Random, lang: Lang) -> Slots:
    """One system: what fills every slot of the wordings."""
    bank = said_about(lang)["slots"]
    slots: Slots = {key: rng.choice(bank[key]) for key in "kovnmqpruwxd"}
    slots["t"] = unknown_name(rng)
    slots["a"], slots["b"], slots["c"] = rng.sample(bank["a"], 3)
    if rng.random() < 0.25:
        slots["a"] = rng.choice(ENGLISH if lang == "en" else CHINESE)
    if rng.random() < 0.25:
        slots["n"] = rng.choice(ENGLISH if lang == "en" else CHINESE)
    slots["y"], slots["z"] = rng.choice(bank["yz"]).split("/")
    slots["e"], slots["h"] = rng.choice(bank["eh"]).split("/")
    slots["f"], slots["g"] = any_name(rng), any_name(rng)
    slots["lo"], slots["hi"] = rng.choice(((0, 100), (0, 100), (0, 100), (1, 100), (0, 99)))
    slots["flo"], slots["fhi"] = rng.choice(((0, 100), (1, 5), (0, 10), (1, 9), (0, 3)))
    slots["l"] = rng.choice((50, rng.randint(5, 95), rng.randint(1, 19) * 5))
    return slots


def _reading(rng: random.Random, lang: Lang, slots: Slots) -> Slots:
    """A number near or far from the limit, its outcome and its relation to the limit in words."""
    number, limit = number_near(rng, slots["l"]), slots["l"]
    outcome = slots["y"] if number > limit else slots["z"]
    if lang == "en":
        options = ("above {l}", "more than {l}", "over {l}") if number > limit else ("not above {l}", "at most {l}")
    else:
        options = ("大于{l}", "高于{l}", "超过{l}") if number > limit else ("不大于{l}", "没有超过{l}")
    upper = outcome[:1].upper() + outcome[1:]
    words = rng.choice(options).format(l=limit)
    return {**slots, "i": number, "j": outcome, "J": upper, "s": sign(number, limit), "w1": words}


def _lines(rng: random.Random, lang: Lang, bank: list[str], slots: Slots) -> str:
    return think(lang, *rng.choice(bank).format(**slots).split(" / "))


def tell(rng: random.Random, lang: Lang, names: list[str], slots: Slots) -> str:
    told = [rng.choice(said_about(lang)["relations"][name]["told"]).format(**slots) for name in names]
    return ("" if lang == "zh" else " ").join(told)


def asked_turn(rng: random.Random, lang: Lang, held: bool, name: str, slots: Slots) -> list[Message]:
    """One question about the system and its answer. The kinds of error have one answer per question."""
    bank = said_about(lang)["relations"][name]
    asks, says = bank["asked"], bank["said"]
    filled = _reading(rng, lang, slots)
    index = len(asks) - 1 if held else rng.randrange(len(asks) - 1)
    said = says[index] if name == "error" else rng.choice(says)
    question = loose(rng, lang, asks[index].format(**filled), held)
    return turn(question, _lines(rng, lang, bank["thought"], filled), said.format(**filled))


def _questions(rng: random.Random, lang: Lang, held: bool, names: list[str], slots: Slots) -> list[Message]:
    messages: list[Message] = []
    for _ in range(rng.randint(1, 5)):
        if rng.random() < 0.12:
            messages += filler(rng, lang, held)
        messages += asked_turn(rng, lang, held, rng.choice(names), slots)
    return messages


def _some(rng: random.Random, low: int, high: int) -> list[str]:
    return rng.sample(sorted(said_about("en")["relations"]), rng.randint(low, high))


def _typed(rng: random.Random, lang: Lang, messages: list[Message]) -> Row:
    """Half of the Chinese dialogues have spaces around Latin words."""
    if lang == "zh" and rng.random() < 0.5:
        messages = [{key: spaced(text) for key, text in message.items()} for message in messages]
    return row(messages)


def described(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The owner describes a system, in one message or two, then asks about it."""
    slots, names = made_system(rng, lang), _some(rng, 1, 5)
    text = tell(rng, lang, names, slots)
    bank = said_about(lang)["remembered"]
    if rng.random() < 0.3:
        question, answer, *rest = _questions(rng, lang, held, names, slots)
        return _typed(
            rng,
            lang,
            [{"role": "user", "content": f"{text}{'' if lang == 'zh' else ' '}{question['content']}"}, answer, *rest],
        )
    got = turn(text, _lines(rng, lang, bank["thought"], slots), rng.choice(bank["said"]).format(**slots))
    return _typed(rng, lang, got + _questions(rng, lang, held, names, slots))


def invented(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The user asks for an invention; what follows stays true to it."""
    slots, names = made_system(rng, lang), _some(rng, 2, 4)
    bank = said_about(lang)["invented"]
    asks = bank["asked"]
    ask = (asks[-1] if held else rng.choice(asks[:-1])).format(**slots)
    first = turn(ask, _lines(rng, lang, bank["thought"], slots), tell(rng, lang, names, slots))
    return _typed(rng, lang, first + _questions(rng, lang, held, names, slots))


def guessed(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Questions about a system that nobody described: the answer is a guess, as base models make them."""
    slots = made_system(rng, lang)
    return _typed(rng, lang, _questions(rng, lang, held, _some(rng, 1, 3), slots))


GENERATORS: list[tuple[float, Generator]] = [(0.55, described), (0.2, invented), (0.25, guessed)]
