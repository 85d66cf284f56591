"""What the assistant thinks and says, in both languages, and the rules that accept exactly that verdict.

Knows USS's rules (level above 50 is unsafe, Not found is safe); knows no scenario.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Lang = Literal["en", "zh"]
Json = Any
LIMIT = 50
LABELS = {"en": ("Intent: ", "Plan: ", "Check: "), "zh": ("意图：", "计划：", "检查：")}


@dataclass(frozen=True)
class Rule:
    """What an answer must say (every pattern) and must not say (no pattern); case is ignored."""

    must: tuple[str, ...]
    must_not: tuple[str, ...] = ()

    def accepts(self, text: str) -> bool:
        found = [bool(re.search(pattern, text, re.IGNORECASE)) for pattern in self.must]
        return all(found) and not any(re.search(pattern, text, re.IGNORECASE) for pattern in self.must_not)

    def to_row(self) -> dict[str, Json]:
        return {"must": list(self.must), "must_not": list(self.must_not)}


@dataclass(frozen=True)
class Result:
    """What USS says of one URI; `level` None is Not found. `extra` holds fields that do not decide."""

    level: int | None
    extra: dict[str, Json] = field(default_factory=dict)

    @property
    def unsafe(self) -> bool:
        return self.level is not None and self.level > LIMIT

    def shown(self, rng: random.Random) -> str:
        if self.level is None:
            return json.dumps({"result": "Not found"})
        items = [("level", self.level), *self.extra.items()]
        rng.shuffle(items)
        return json.dumps(dict(items))

    def check(self, lang: Lang) -> str:
        return "Not found" if self.level is None else compared(lang, self.level)


def think(lang: Lang, intent: str, plan: str, check: str) -> str:
    first, second, third = LABELS[lang]
    return f"{first}{intent}\n{second}{plan}\n{third}{check}"


def pick(lang: Lang, en: str, zh: str) -> str:
    return zh if lang == "zh" else en


def compared(lang: Lang, level: int) -> str:
    """The comparison with 50, written out: `73 > 50`, `12 < 50`, `50 = 50, not above`."""
    if level == LIMIT:
        return pick(lang, f"{level} = {LIMIT}, not above", f"{level} = {LIMIT}，不大于")
    return f"{level} {'>' if level > LIMIT else '<'} {LIMIT}"


def verdict(lang: Lang, unsafe: bool) -> str:
    return pick(lang, "unsafe" if unsafe else "safe", "不安全" if unsafe else "安全")


def schema_verdict(unsafe: bool) -> str:
    """The verdict as report_uss spells it. Reasoning compares these: one word each, in both languages."""
    return "unsafe" if unsafe else "safe"


def reason_of(report_unsafe: bool) -> str:
    """What report_uss calls a difference from USS, by what the report says."""
    return "false_negative" if report_unsafe else "false_positive"


def side_by_side(lang: Lang, report_unsafe: bool, uss_unsafe: bool) -> str:
    """Both verdicts next to each other, whether they differ, and what that is called: seen from there each is no more
    than a look back."""
    pair = f"{schema_verdict(report_unsafe)}-{schema_verdict(uss_unsafe)}"
    if report_unsafe == uss_unsafe:
        return f"{pair} {pick(lang, 'same', '一样')}"
    return f"{pair} {pick(lang, 'differs', '不同')} {reason_of(report_unsafe)}"


def because(lang: Lang, result: Result) -> str:
    if result.level is None:
        return pick(lang, "USS says Not found", "USS 说 Not found")
    if result.unsafe:
        return pick(lang, f"level {result.level} is above {LIMIT}", f"等级 {result.level} 大于 {LIMIT}")
    return pick(lang, f"level {result.level} is not above {LIMIT}", f"等级 {result.level} 不大于 {LIMIT}")


def reading(lang: Lang, names: Sequence[str], results: Sequence[Result]) -> str:
    """The verdict on each name; a single one comes with its reason."""
    said = [
        pick(lang, f"{n} is {verdict(lang, r.unsafe)}", f"{n} {verdict(lang, r.unsafe)}")
        for n, r in zip(names, results, strict=True)
    ]
    if len(said) == 1:
        return pick(lang, f"{said[0]}: {because(lang, results[0])}.", f"{said[0]}：{because(lang, results[0])}。")
    return pick(lang, "; ".join(said) + ".", "；".join(said) + "。")


def reading_think(lang: Lang, results: Sequence[Result]) -> str:
    if len(results) == 1:
        return think(
            lang,
            *pick_three(lang, "read the result", "compare level with 50", "看结果", "等级和 50 比"),
            _one(lang, results[0]),
        )
    checks = pick(lang, "; ", "；").join(short_check(r) for r in results)
    return think(lang, *pick_three(lang, "read the results", "compare each with 50", "看结果", "每个和 50 比"), checks)


def short_check(result: Result) -> str:
    if result.level is None:
        return "Not found"
    sign = "=" if result.level == LIMIT else ">" if result.unsafe else "<"
    return f"{result.level} {sign} {LIMIT}"


def _one(lang: Lang, result: Result) -> str:
    if result.level is None:
        return pick(lang, "Not found means safe", "Not found 就是安全")
    return compared(lang, result.level)


def pick_three(lang: Lang, intent_en: str, plan_en: str, intent_zh: str, plan_zh: str) -> tuple[str, str]:
    return (intent_zh, plan_zh) if lang == "zh" else (intent_en, plan_en)


SAFE = {"en": r"(?<!not )\bsafe\b", "zh": r"(?<!不)安全"}
UNSAFE = {"en": r"\bunsafe\b|\bnot safe\b", "zh": r"不安全"}


def verdict_rule(lang: Lang, unsafe: bool) -> Rule:
    """For an answer about one thing: its verdict, and never the other one."""
    return Rule((UNSAFE[lang],), (SAFE[lang],)) if unsafe else Rule((SAFE[lang],), (UNSAFE[lang],))


def said_of(lang: Lang, name: str, unsafe: bool) -> str:
    """A pattern: the verdict follows the name closely, with neither the other verdict nor a `;` between."""
    right, wrong = (UNSAFE[lang], SAFE[lang]) if unsafe else (SAFE[lang], UNSAFE[lang])
    return rf"(?<![A-Za-z0-9.-]){re.escape(name)}(?:(?![;；\n]|{wrong}).){{0,40}}?(?:{right})"


def reading_rule(lang: Lang, names: Sequence[str], results: Sequence[Result]) -> Rule:
    if len(names) == 1:
        return verdict_rule(lang, results[0].unsafe)
    return Rule(
        tuple(said_of(lang, n, r.unsafe) for n, r in zip(names, results, strict=True)),
        tuple(said_of(lang, n, not r.unsafe) for n, r in zip(names, results, strict=True)),
    )


def no_verdict(lang: Lang) -> tuple[str, ...]:
    """Patterns of a verdict that nothing supports."""
    return (
        (r"\bis (un)?safe\b", r"\blevel \d")
        if lang == "en"
        else (r"(等级|是) ?\d", r"(?<!是否)(?<!是不是)(?<!不)不?安全[：:。]")
    )


def draw_result(rng: random.Random, boundary: bool, *, extra: float) -> Result:
    """A level uniform in 0..100 with extra mass on the edge, sometimes Not found; `extra`: chance of further fields."""
    edge = (49, 50, 50, 51, 51, 0, 100, None)
    middle = rng.choice((49, 50, 51)) if rng.random() < 0.5 else rng.randint(40, 60)
    level = rng.choice(edge) if boundary else rng.choice((rng.randint(0, 100), rng.randint(0, 100), middle))
    if not boundary and rng.random() < 0.12:
        level = None
    return Result(level, draw_extra(rng) if rng.random() < extra else {})


def draw_extra(rng: random.Random) -> dict[str, Json]:
    fields = {
        "threat_level": rng.choice(("none", "low", "medium", "high")),
        "confidence": rng.randint(0, 100),
        "severity": rng.randint(1, 5),
    }
    return {key: fields[key] for key in rng.sample(sorted(fields), rng.randint(1, 2))}
