"""Free text: grammatical sentences over the general vocabulary that mean nothing in particular.

They are noise around requests, text to copy, and things to say: the base learns that any word may come, which keeps
its embeddings alive for the words of a domain it has never seen.
"""

from __future__ import annotations

import random
import re

from nano.identifiers import MAKERS
from nano.rows import Generator, Lang, Row, think
from nano.words import CHINESE, ENGLISH
from nano.world import row, turn

FRAMES = {
    "en": (
        "The {} {} is {}.|A {} has the {} and the {}.|We {} the {} before {}.|Every {} must {} a {}.|I like {} and {}.|"
        "{} comes after {}, then {}.|Nobody can {} this {}.|If the {} is {}, the {} will {}.|My {} wants a {} {}.|"
        "There was {} in the {}.|Please {} the {} today.|It was {} of the {}, not {}.|Why {} a {}?|{} or {}, that is the {}.|"
        "The {} told me about {} and {}.|Do not {} {} without {}.|She {} it with a {}.|They say {} is only {}.|"
        "Last week the {} was {}, now it is {}.|In the {} one sees {} and much {}.|Our {} goes to {} with {}.|Yes, {} {}.|"
        "No {}, no {}.|Both {} and {} are {}.|You should {} your {} when it is {}.|What a {} {}!|The {} against the {}."
    ).split("|"),
    "zh": (
        "{}是{}的。|{}有{}和{}。|我们先{}再{}。|每个{}都要{}。|我喜欢{}和{}。|先是{}，再是{}，然后{}。|没有人能{}这个{}。|如果{}是{}，就{}。|"
        "我的{}要{}。|{}里有{}。|请今天{}{}。|这是{}的{}，不是{}。|为什么{}{}？|{}还是{}，这是个{}。|{}说了{}和{}。|不要{}{}。|她用{}来{}。|"
        "大家说{}只是{}。|上周{}很{}，现在{}了。|在{}可以看到{}。|我们的{}和{}一起去{}。|是的，{}{}。|没有{}就没有{}。|{}和{}都很{}。|"
        "你应该{}{}。|多好的{}{}！|{}对{}。"
    ).split("|"),
}
ASKS = {
    "en": (
        "Say something about {}.|Write a sentence with {}.|Tell me a line with {}.|A short text on {}, please.|"
        "Make a sentence: {}.|Talk about {}.|What comes to your mind for {}?|Use {} in a sentence.|Write about {}."
    ).split("|"),
    "zh": (
        "说一句关于{}的话。|用{}造句。|写一句话，要有{}。|来一段{}的短文。|谈谈{}。|说说你想到的{}。|用{}写句子。|随便说说{}。"
    ).split("|"),
}
REPEATS = {
    "en": (
        "Repeat: {}|Write this down: {}|{} Say it again.|Copy this text. {}|The text: {} Please type it.|Read it back to me: {}|"
        "Print exactly what follows. {}|I wrote: {} What did I write?|Take this over word for word: {}|Echo: {}"
    ).split("|"),
    "zh": "重复：{}|写下来：{}|{}再说一遍。|照抄这段：{}|文本：{}请输出。|读给我听：{}|原样输出：{}|我写了：{}我写了什么？|一字不差地写：{}|抄：{}".split(
        "|"
    ),
}
THOUGHTS = {
    "en": {
        "write": "a sentence about {0} / use the word / {1} fits|write about {0} / think of {1} / one line|{0} is wanted / put it in / {0}, {1}",
        "copy": "copy the text / word for word / nothing else|repeat it / take every word / same order|say it again / no change / exact",
    },
    "zh": {
        "write": "造一个{0}的句子 / 用上这个词 / {1}合适|写{0} / 想到{1} / 一句话|要{0} / 放进去 / {0}，{1}",
        "copy": "复制文本 / 逐字照抄 / 不加别的|重复 / 每个词都写 / 顺序一样|再说一遍 / 不改 / 一字不差",
    },
}


def word(rng: random.Random, lang: Lang, plain: bool = False) -> str:
    """Mostly a word of the language, now and then one of the other or (unless `plain`) an identifier."""
    roll = rng.random()
    if roll < 0.04 and not plain:
        return rng.choice(list(MAKERS.values()))(rng)
    other = roll < (0.06 if lang == "en" else 0.12)
    return rng.choice(CHINESE if (lang == "zh") != other else ENGLISH)


def sentence(rng: random.Random, lang: Lang, first: str | None = None, plain: bool = False) -> str:
    """A random frame with random words; `first`, if given, takes a random place."""
    frame = rng.choice(FRAMES[lang])
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


def _thought(rng: random.Random, lang: Lang, kind: str, *words: str) -> str:
    return think(lang, *rng.choice(THOUGHTS[lang][kind].split("|")).format(*words).split(" / "))


def written(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A sentence or three with a given word."""
    topic = word(rng, lang)
    asks = ASKS[lang][-1:] if held else ASKS[lang][:-1]
    texts = [sentence(rng, lang, topic), *(sentence(rng, lang) for _ in range(rng.choice((0, 0, 1, 2))))]
    thought = _thought(rng, lang, "write", topic, word(rng, lang))
    return row(turn(rng.choice(asks).format(topic), thought, ("" if lang == "zh" else " ").join(texts)))


def repeated(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A passage to be copied word for word."""
    text = passage(rng, lang, 1, 2)
    asks = REPEATS[lang][-1:] if held else REPEATS[lang][:-1]
    return row(turn(rng.choice(asks).format(text), _thought(rng, lang, "copy"), text))


def with_noise(rng: random.Random, lang: Lang, text: str) -> str:
    """The user's text with a sentence of noise before or after it, which holds nothing that could be an argument."""
    gap = "" if lang == "zh" else " "
    noise = sentence(rng, lang, plain=True)
    if rng.random() < 0.5:
        return f"{noise}{gap}{text}"
    stop = "" if text[-1] in ".?!。？！" else ("。" if lang == "zh" else ".")
    return f"{text}{stop}{gap}{noise}"


GENERATORS: list[tuple[float, Generator]] = [(0.5, written), (0.5, repeated)]
