"""One scenario in the making: a context that says how it shall be, and a builder that collects its messages.

Knows the shape of a scenario row and how noise is laid over a user's text; knows no family of scenarios.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from examples.uss.make.entities import Names, Split
from examples.uss.make.texts import Lang, Result, Rule, draw_result, pick, think

Json = Any
InputClass = Literal["common", "boundary", "noisy"]
Call = tuple[str, dict[str, Json]]
CLASSES: tuple[InputClass, ...] = ("common", "boundary", "noisy")
HERE = Path(__file__).parent
_CHOICE, _DIGIT = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]"), re.compile("#")
TOOLS = (
    "extract_resource",
    "query_uss",
    "report_uss",
    "query_whois",
    "run_sandbox",
    "search_reports",
    "notify_reviewer",
)


@cache
def wording(lang: Lang) -> dict[str, dict[str, list[Any]]]:
    """family -> split -> templates, as written by hand."""
    text = (HERE / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return cast(dict[str, dict[str, list[Any]]], yaml.safe_load(text))


def spun(rng: random.Random, text: str) -> str:
    """A training wording may leave choices open: `[a|b]` becomes one of its parts, `#` a digit. Of a few dozen fixed
    sentences a model learns the sentences; held-out wordings have no choices."""
    text = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), text)
    return _DIGIT.sub(lambda _: str(rng.randint(1, 9)), text)


@dataclass
class Context:
    """What a family is asked for: language, split, input class, and the one wording of its group."""

    rng: random.Random
    lang: Lang
    split: Split
    cls: InputClass
    template: Any
    names: Names

    @property
    def boundary(self) -> bool:
        return self.cls == "boundary"

    @property
    def noisy(self) -> bool:
        return self.cls == "noisy"

    def words(self, family: str) -> list[str]:
        return [str(text) for text in wording(self.lang)[family][self.split]]

    def word(self, family: str) -> str:
        """A further wording of this split, for turns beyond the group's own."""
        return self.spun(self.rng.choice(self.words(family)))

    def spun(self, text: str) -> str:
        return spun(self.rng, text)

    def result(self) -> Result:
        return draw_result(self.rng, self.boundary, extra=0.8 if self.noisy else 0.3)

    def pick(self, en: str, zh: str) -> str:
        return pick(self.lang, en, zh)

    def think(self, en: tuple[str, str, str], zh: tuple[str, str, str]) -> str:
        return think(self.lang, *(zh if self.lang == "zh" else en))

    def joined(self, names: list[str]) -> str:
        if len(names) == 1:
            return names[0]
        head = pick(self.lang, ", ", "、").join(names[:-1])
        return head + pick(self.lang, " and ", " 和 ") + names[-1]

    def loose(self, text: str) -> str:
        """The text as it is, or, for noisy scenarios, with something around it, lost spaces or lost marks."""
        if not self.noisy:
            return text
        gap = pick(self.lang, " ", "")
        edit = self.rng.randrange(5)
        if edit == 0:
            return f"{text}{gap}{self.word('after')}"
        if edit == 1:
            return f"{self.word('before')}{gap}{text}{gap}{self.word('after')}"
        text = f"{self.word('before')}{gap}{text}"
        if edit == 2:
            return text.rstrip(".?。？") + self.rng.choice(("??", "!!", " ...", ""))
        if edit == 3 and self.lang == "zh":
            return re.sub(r"(?<=[一-鿿]) | (?=[一-鿿])", "", text)
        return text


@dataclass
class Scene:
    """Collects messages; `offer` names tools that must be on offer, `withhold` those that must not."""

    ctx: Context
    messages: list[dict[str, Json]] = field(default_factory=list)
    offer: set[str] = field(default_factory=set)
    withhold: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    purpose: str = ""  # said in the reasoning of every lookup, so that the step after it still knows

    def user(self, text: str) -> Scene:
        self.messages.append({"role": "user", "content": text})
        return self

    def call(self, reasoning: str, *calls: Call) -> Scene:
        rows = [{"name": name, "arguments": arguments} for name, arguments in calls]
        self.messages.append({"role": "assistant", "think": reasoning, "calls": rows})
        self.offer.update(name for name, _ in calls)
        return self

    def result(self, content: Json) -> Scene:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        self.messages.append({"role": "tool", "content": text})
        return self

    def say(self, reasoning: str, text: str, rule: Rule | None = None) -> Scene:
        row: dict[str, Json] = {"role": "assistant", "think": reasoning, "content": text}
        if rule is not None:
            row["answer"] = rule.to_row()
        self.messages.append(row)
        return self

    def offered(self) -> list[str]:
        """The tools needed among others, one to five (more only when more are needed), in a drawn order."""
        rng = self.ctx.rng
        others = [name for name in TOOLS if name not in self.offer | self.withhold]
        total = max(len(self.offer), rng.choice((1, 2, 3, 3, 4, 5)))
        names = sorted(self.offer) + rng.sample(others, min(len(others), total - len(self.offer)))
        rng.shuffle(names)
        return names

    def row(self, id: str, group: str) -> dict[str, Json]:
        return {
            "id": id,
            "group": group,
            "split": self.ctx.split,
            "class": self.ctx.cls,
            "lang": self.ctx.lang,
            "tools": self.offered(),
            "tags": sorted(self.tags | self._found_tags()),
            "messages": self.messages,
        }

    def _found_tags(self) -> set[str]:
        callers = [m for m in self.messages if m.get("calls")]
        users = [m for m in self.messages if m["role"] == "user"]
        tags = {"multi_turn"} if len(users) > 1 else set()
        tags |= {"multi_step"} if len(callers) > 1 else set()
        return tags | ({"no_call"} if not callers else set())
