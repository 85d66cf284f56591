"""A checker bound to one answer: the gold value and the context of that place. And the judgment of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Ask, Checker, Context, Judgment, Spoiled, Word


@dataclass(frozen=True)
class Bound:
    """What a scenario says under `answer:` about one check."""

    checker: Checker
    gold: Json
    context: Context

    @property
    def name(self) -> str:
        return self.checker.name

    def judge(self, text: str) -> Judgment:
        return self.checker.judge(text, self.gold, self.context)

    def faults(self) -> list[str]:
        return self.checker.faults(self.gold, self.context)

    def spoil(self, rng: Random, others: Sequence[str] = ()) -> Iterator[Spoiled]:
        return self.checker.spoil(self.gold, self.context, rng, others)

    def judged_by(self, ask: Ask | None) -> Bound:
        """The same with a judging model."""
        return replace(self, context=replace(self.context, ask=ask))


@dataclass(frozen=True)
class TextVerdict:
    """All judgments of one text by the names of their checks. It failed when one failed, with the first one's code;
    it is unscored when one is and none failed, or when there is none."""

    judgments: dict[str, Judgment]

    @property
    def word(self) -> Word:
        words = {judgment.word for judgment in self.judgments.values()}
        return "failed" if "failed" in words else "passed" if words == {"passed"} else "unscored"

    @property
    def passed(self) -> bool | None:
        """None: unscored."""
        return {"passed": True, "failed": False}.get(self.word)

    @property
    def code(self) -> str | None:
        return next((judgment.code for judgment in self.judgments.values() if judgment.word == "failed"), None)

    def to_json(self, kinds: Mapping[str, str]) -> dict[str, Json]:
        """Of each check in `kinds`: its kind, the word, the code and the facts."""
        return {
            name: {**self.judgments[name].facts, "kind": kind, "word": judgment.word, "code": judgment.code}
            for name, kind in kinds.items()
            if (judgment := self.judgments[name])
        }


def judge_all(bounds: Sequence[Bound], text: str) -> TextVerdict:
    return TextVerdict({bound.name: bound.judge(text) for bound in bounds})
