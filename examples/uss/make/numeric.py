"""Cards with drawn numbers, so that comparing with 50 is learned and not a list of values.

Outcomes are balanced and drawn apart from the wording, so that no wording stands for one. Knows no card format.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import yaml

from examples.uss.make.entities import Names
from examples.uss.make.texts import (
    LIMIT,
    Lang,
    Result,
    because,
    compared,
    pick,
    pick_three,
    schema_verdict,
    short_check,
    side_by_side,
    think,
    verdict,
)

LANGS: tuple[Lang, ...] = ("en", "zh")
EXTRA = ("uss.threat_level", "uss.confidence", "uss.severity", "uss.fields")
ERRORS = {
    "uss.false_negative": ("A false negative", "漏报"),
    "uss.false_positive": ("A false positive", "误报"),
    "uss.agreement": ("No error", "没有错误"),
}


@dataclass(frozen=True)
class Turn:
    question: str
    thought: str
    answer: str


@dataclass(frozen=True)
class Draw:
    """A card's point, language and kind; its turns, of which the last one is the card's."""

    point: str
    lang: Lang
    kind: str
    turns: tuple[Turn, ...]


@cache
def _bank(name: str = "numbers") -> dict[str, dict[Lang, list[str]]]:
    text = (Path(__file__).parent / "wording" / f"{name}.yaml").read_text(encoding="utf-8")
    return cast(dict[str, dict[Lang, list[str]]], yaml.safe_load(text))


def _levels(rng: random.Random) -> Iterator[int]:
    """Two unsafe and two safe values in drawn order, over and over; one of each pair is close to the edge."""
    while True:
        block = [
            rng.randint(51, 100),
            rng.randint(0, 50),
            rng.choice((51, 51, 52, 55, 60)),
            rng.choice((50, 50, 49, 48, 42)),
        ]
        yield from rng.sample(block, len(block))


def draw_all() -> Iterator[Draw]:
    for lang in LANGS:
        rng = random.Random(f"numeric/{lang}")
        names = Names(rng, "train")
        yield from _judged("uss.level_rule", lang, _bank()["judge"][lang][:8], _levels(rng), names)
        edges = iter(rng.sample((49, 50, 51), 2))
        yield from _judged("uss.level_boundary", lang, _bank()["edge"][lang][:2], edges, names)
        yield from _read(lang, _bank()["read"][lang], names)
        yield from _followed(lang, _bank()["follow"][lang], rng)
        yield from _ranked(lang, names)
        for point in EXTRA:
            yield from _with_extra(point, lang, rng)
        yield from _differing(lang, rng)


def draw_plain(lang: Lang, draws: int) -> Iterator[Draw]:
    """The same in plain wordings that only the cards of a part ask, each with `draws` numbers or pairs of verdicts."""
    bank = _bank("numbers-plain")
    rng = random.Random(f"plain/{lang}")
    names = Names(rng, "train")
    for _ in range(draws):
        words = {name: rng.sample(of[lang], len(of[lang])) for name, of in bank.items() if lang in of}
        yield from _judged("uss.level_rule", lang, words.get("judge", []), _levels(rng), names)
        yield from _read(lang, words.get("read", []), names)
        yield from _followed(lang, words.get("follow", []), rng)
        for index, template in enumerate(words.get("named", [])):
            yield _named(*_case(rng, index, lang), template)
        for index, template in enumerate(words.get("differ", [])):
            point, _, report_unsafe, unsafe = _case(rng, index, lang)
            level = rng.randint(LIMIT + 1, 100) if unsafe else rng.randint(0, LIMIT)
            yield _difference(point, lang, template, report_unsafe, Result(level))


def _case(rng: random.Random, index: int, lang: Lang) -> tuple[str, Lang, bool, bool]:
    """Both errors by turns, and agreement each fifth time: its point, and what report and USS say."""
    if index % 5 == 4:
        unsafe = rng.random() < 0.5
        return "uss.agreement", lang, unsafe, unsafe
    missed = index % 2 == 0
    return ("uss.false_negative", lang, True, False) if missed else ("uss.false_positive", lang, False, True)


def _kind(level: int | None, kind: str = "paraphrase") -> str:
    return "boundary" if level is None or 49 <= level <= 51 else kind


def _judge(lang: Lang, question: str, level: int) -> Turn:
    word, unsafe = verdict(lang, level > LIMIT), level > LIMIT
    thought = think(
        lang,
        pick(lang, "judge a USS level", "判断 USS 等级"),
        pick(lang, f"compare {level} with 50", f"{level} 和 50 比"),
        compared(lang, level),
    )
    en = f"{word.capitalize()}: {level} is {'above' if unsafe else 'not above'} 50."
    return Turn(question, thought, pick(lang, en, f"{word}：{level} {'大于' if unsafe else '不大于'} 50。"))


def _judged(point: str, lang: Lang, templates: Sequence[str], values: Iterator[int], names: Names) -> Iterator[Draw]:
    for template in templates:
        level = next(values)
        turn = _judge(lang, template.format(n=level, e=names.domain()), level)
        yield Draw(point, lang, _kind(level), (turn,))


def _read(lang: Lang, templates: Sequence[str], names: Names) -> Iterator[Draw]:
    """USS's answer as it comes, in JSON; the last one is Not found."""
    values = _levels(names.rng)
    for template in templates:
        level = next(values)
        question = template.format(j=json.dumps({"level": level}), e=names.domain())
        yield Draw("uss.reading", lang, _kind(level), (_judge(lang, question, level),))
    for template in templates[:1]:
        question = template.format(j=json.dumps({"result": "Not found"}), e=names.domain())
        thought = think(
            lang,
            pick(lang, "read a USS answer", "看 USS 的回答"),
            pick(lang, "recall the rule", "想想规则"),
            pick(lang, "Not found means safe", "Not found 就是安全"),
        )
        answer = pick(lang, "Safe: USS says Not found.", "安全：USS 说 Not found。")
        yield Draw("uss.reading", lang, "boundary", (Turn(question, thought, answer),))


def _followed(lang: Lang, templates: Sequence[str], rng: random.Random) -> Iterator[Draw]:
    """A short question on another level, which only the turn before it explains."""
    values = _levels(rng)
    for index, template in enumerate(templates):
        first = next(values)
        second = LIMIT if index == 2 else next(values)
        before = _judge(lang, rng.choice(_bank()["judge"][lang][:3]).format(n=first), first)
        yield Draw("uss.reading", lang, _kind(second), (before, _judge(lang, template.format(n=second), second)))


def _ranked(lang: Lang, names: Names) -> Iterator[Draw]:
    """Two URIs: the riskier one of any two levels, and the unsafe one of a safe and an unsafe level."""
    rng = names.rng
    for index in range(8):
        words = "rank" if index % 2 else "only"
        first, second = names.domain(), names.domain()
        m, n = rng.sample(range(101), 2) if index % 2 else (rng.randint(51, 100), rng.randint(0, 50))
        if index % 4 > 1:
            first, second, m, n = second, first, n, m
        worse, high, low = (first, m, n) if m > n else (second, n, m)
        thought = think(
            lang,
            pick(lang, "compare two USS levels", "比两个 USS 等级"),
            pick(lang, "higher means more risk", "数大风险就大"),
            f"{high} > {low}" if index % 2 else f"{high} > 50",
        )
        question = _bank()[words][lang][index // 2 % 2].format(a=first, b=second, m=m, n=n)
        reason = f"{high} > {low}" if index % 2 else f"{high} > 50"
        answer = pick(lang, f"{worse}: {reason}.", f"{worse}：{reason}。")
        yield Draw("uss.ranking", lang, "paraphrase", (Turn(question, thought, answer),))


def _with_extra(point: str, lang: Lang, rng: random.Random) -> Iterator[Draw]:
    """The level decides, whatever the other field says: half of the time it points the other way."""
    values = _levels(rng)
    for index, template in enumerate(_bank()[point][lang]):
        level = next(values)
        question = template.format(n=level, x=_extra(point, rng, high=(level > LIMIT) != (index % 2 == 0)))
        yield Draw(point, lang, "counter_example", (_judge(lang, question, level),))


def _extra(point: str, rng: random.Random, *, high: bool) -> str:
    """A value of the field, high or low; for `uss.fields` two fields with their names."""
    if point == "uss.threat_level":
        return rng.choice(("medium", "high") if high else ("none", "low"))
    if point == "uss.confidence":
        return str(rng.randint(60, 100) if high else rng.randint(0, 40))
    if point == "uss.severity":
        return str(rng.randint(4, 5) if high else rng.randint(1, 2))
    parts = [f"{name} {_extra(f'uss.{name}', rng, high=high)}" for name in ("threat_level", "confidence", "severity")]
    return ", ".join(rng.sample(parts, 2))


def _differing(lang: Lang, rng: random.Random) -> Iterator[Draw]:
    """The report's verdict against USS's, or against a level at the boundary: a false negative, a false positive or no
    error."""
    named = {point: rng.sample(_bank()["named"][lang], 2) for point in ERRORS}
    for index in range(3):
        cases = (
            ("uss.false_negative", True, False),
            ("uss.false_positive", False, True),
            ("uss.agreement", index % 2 == 0, index % 2 == 0),
        )
        for point, report_unsafe, unsafe in cases:
            if index < 2:
                yield _named(point, lang, report_unsafe, unsafe, named[point][index])
            else:
                edge = Result(LIMIT + unsafe)
                yield _difference(point, lang, rng.choice(_bank()["differ"][lang]), report_unsafe, edge)


def _error_think(lang: Lang, report_unsafe: bool, unsafe: bool, uss: str) -> str:
    """Both verdicts, and what follows. It begins otherwise than the comparison in scenarios, or a request to compare
    would call up a card before USS is asked."""
    says, differs = schema_verdict(report_unsafe), side_by_side(lang, report_unsafe, unsafe)
    plan = f"report {says}, USS {uss}", f"报告 {says}，USS {uss}"
    return think(lang, *pick_three(lang, "name what this is", plan[0], "说这叫什么", plan[1]), differs)


def _difference(point: str, lang: Lang, template: str, report_unsafe: bool, result: Result) -> Draw:
    thought = _error_think(lang, report_unsafe, result.unsafe, f"{short_check(result)} {schema_verdict(result.unsafe)}")
    name, why = pick(lang, *ERRORS[point]), because(lang, result)
    question = template.format(v=verdict(lang, report_unsafe), n=result.level)
    turn = Turn(question, thought, pick(lang, f"{name}: {why}.", f"{name}：{why}。"))
    return Draw(point, lang, _kind(result.level), (turn,))


def _named(point: str, lang: Lang, report_unsafe: bool, unsafe: bool, template: str) -> Draw:
    """Both verdicts are given in words."""
    report, uss = verdict(lang, report_unsafe), verdict(lang, unsafe)
    thought, name = _error_think(lang, report_unsafe, unsafe, schema_verdict(unsafe)), pick(lang, *ERRORS[point])
    said = pick(lang, f"{name}: the report says {report}, USS says {uss}.", f"{name}：报告说{report}，USS 说{uss}。")
    return Draw(
        point, lang, "paraphrase", (Turn(template.format(v=report, V=report.capitalize(), u=uss), thought, said),)
    )
