"""Free text: grammatical sentences over the general vocabulary that mean nothing in particular.

They are noise around requests, text to copy, and things to say: the base learns that any word may come, which keeps
its embeddings alive for the words of a domain it has never seen.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import yaml

from nano.identifiers import MAKERS
from nano.rows import Generator, Lang, Row, think
from nano.words import CHINESE, ENGLISH
from nano.world import row, turn

BANK: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))


def word(rng: random.Random, lang: Lang, plain: bool = False) -> str:
    """Mostly a word of the language, now and then one of the other or (unless `plain`) an identifier."""
    roll = rng.random()
    if roll < 0.04 and not plain:
        return rng.choice(list(MAKERS.values()))(rng)
    other = roll < (0.06 if lang == "en" else 0.12)
    return rng.choice(CHINESE if (lang == "zh") != other else ENGLISH)


def sentence(rng: random.Random, lang: Lang, first: str | None = None, plain: bool = False) -> str:
    """A random frame with random words; `first`, if given, takes a random place."""
    frame = str(rng.choice(BANK[lang]["frames"]))
    words = [word(rng, lang, plain) for _ in range(frame.count("{}"))]
    if first:
        words[rng.randrange(len(words))] = first
    text = frame.format(*words)
    return text[:1].upper() + text[1:] if lang == "en" and rng.random() < 0.8 else text


def spaced(text: str) -> str:
    """Chinese text as many people type it: a space between Han characters and Latin letters or digits."""
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])", " ", text)


def passage(rng: random.Random, lang: Lang, low: int = 1, high: int = 3) -> str:
    return ("" if lang == "zh" else " ").join(sentence(rng, lang) for _ in range(rng.randint(low, high)))


def _asked(rng: random.Random, lang: Lang, held: bool, kind: str, text: str, *words: str) -> tuple[str, str]:
    """A request of the kind `write` or `copy`, and the reasoning on it."""
    bank = BANK[lang][kind]
    ask = bank["asked"][-1] if held else rng.choice(bank["asked"][:-1])
    return ask.format(text), think(lang, *rng.choice(bank["thought"]).format(*words).split(" / "))


def written(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A sentence or three with a given word."""
    topic = word(rng, lang)
    texts = [sentence(rng, lang, topic), *(sentence(rng, lang) for _ in range(rng.choice((0, 0, 1, 2))))]
    ask, thought = _asked(rng, lang, held, "write", topic, topic, word(rng, lang))
    return row(turn(ask, thought, ("" if lang == "zh" else " ").join(texts)))


def repeated(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A passage to be copied word for word."""
    text = passage(rng, lang, 1, 2)
    return row(turn(*_asked(rng, lang, held, "copy", text), text))


def with_noise(rng: random.Random, lang: Lang, text: str) -> str:
    """The user's text with a sentence of noise before or after it, which holds nothing that could be an argument."""
    gap = "" if lang == "zh" else " "
    noise = sentence(rng, lang, plain=True)
    if rng.random() < 0.5:
        return f"{noise}{gap}{text}"
    stop = "" if text[-1:] in ".?!。？！" else ("。" if lang == "zh" else ".")
    return f"{text}{stop}{gap}{noise}"


GENERATORS: list[tuple[float, Generator]] = [(0.5, written), (0.5, repeated)]
