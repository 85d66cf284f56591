"""The wordings of conversation, in training and held-out versions. Data only: `nano.talk` makes rows of them."""

from __future__ import annotations

from typing import Any

from nano.tables import tables

Phrases = dict[str, dict[bool, tuple[str, ...]]]  # language -> held? -> wordings
Lines = tuple[str, str, str]  # bodies of the three reasoning lines
_TABLES = tables(__file__)
SMALL: dict[str, tuple[Phrases, dict[str, str], dict[str, Lines]]] = _TABLES["small"]
PEOPLE = {
    "en": ("Anna", "Tom", "Li Ming", "Sara", "Peter", "Mary", "Jack", "Lucy"),
    "zh": ("小明", "李华", "王芳", "张伟", "小红", "刘洋", "陈晨", "安娜"),
}
COLOURS = {
    "en": ("red", "blue", "green", "white", "black", "yellow"),
    "zh": ("红色", "蓝色", "绿色", "白色", "黑色", "黄色"),
}
CITIES = {
    "en": ("Beijing", "Paris", "Tokyo", "London", "Berlin", "Rome", "Moscow", "Cairo"),
    "zh": ("北京", "巴黎", "东京", "伦敦", "柏林", "罗马", "莫斯科", "开罗"),
}
NOUNS: dict[str, Any] = _TABLES["nouns"]
SAY: Phrases = _TABLES["say"]
RECALL: Phrases = _TABLES["recall"]
WORDS_EN = (
    "red blue green white black yellow dog cat bird fish cow tree book door one two three four five Monday Friday"
)
WORDS_ZH = "红色 蓝色 绿色 白色 黑色 黄色 狗 猫 鸟 鱼 牛 树 书 门 一 二 三 四 五 星期一 星期五"
WORDS = {"en": tuple(WORDS_EN.split()), "zh": tuple(WORDS_ZH.split())}  # the same things in the same order
ASK: dict[str, Phrases] = _TABLES["ask"]
UNKNOWN_ASK: Phrases = _TABLES["unknown_ask"]
INSIST: Phrases = _TABLES["insist"]
UNSURE: dict[str, Any] = _TABLES["unsure"]
STILL: dict[str, Any] = _TABLES["still"]
HOMONYMS: dict[str, dict[str, tuple[str, str, str]]] = _TABLES["homonyms"]
HOMONYM_ASK: tuple[Phrases, ...] = _TABLES["homonym_ask"]
HOMONYM_LINES: dict[str, tuple[str, str, str]] = {
    "en": ("asks what {t} is", "asks if {t} is reliable", "asks how to use {t}"),
    "zh": ("问{t}是什么", "问{t}是否可靠", "问怎么用{t}"),
}
SYSTEMS: dict[str, Any] = _TABLES["systems"]
SIDE_ZH = {"above": "高于", "below": "低于", "at least": "至少"}
DEFINE: Phrases = _TABLES["define"]
JUDGE_YES_NO: Phrases = _TABLES["judge_yes_no"]
JUDGE_OPEN: Phrases = _TABLES["judge_open"]
ABOUT: Phrases = _TABLES["about"]
RULE: Phrases = _TABLES["rule"]
