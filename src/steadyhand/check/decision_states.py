"""States: what is answered, its values and its outcome, so that two rows can be compared for what they teach."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from steadyhand.chat.messages import Json, Tool
from steadyhand.check.asks import NO_CALL, outcome_of
from steadyhand.check.dataset import Record
from steadyhand.check.features import tokens
from steadyhand.datasets.lazy import Mapped
from steadyhand.text.shingles import alike, normal
from steadyhand.text.values import values

SAME_ANSWER = 0.8  # Jaccard index of open answers: "a false positive" against "a false negative" is another answer
_RECENT = 2048  # states that were compared last keep what was worked out about them
_FREE_TEXT = 24  # characters: longer arguments are wording, not decisions


@dataclass(frozen=True)
class DecisionState:
    """One decision of a record: what is said at `end`, after all before it. What it teaches is worked out when it is
    compared with another; most states never are."""

    record: Record
    end: int

    @property
    def prompt(self) -> str:
        return "\n".join(m.content for m in self.record.messages[: self.end] if m.role != "system")

    @property
    def answer(self) -> str:
        return self.record.messages[self.end].content

    @cached_property
    def form(self) -> str:
        """The prompt in normal form."""
        return normal(self.prompt)

    @cached_property
    def values(self) -> Counter[str]:
        prompt = self.prompt
        stated = values(prompt)
        stated.update(f"choice {word}" for word in _choices(self.record.tools) if word in prompt)
        return stated

    @cached_property
    def offer(self) -> frozenset[str]:
        return frozenset(json.dumps(tool.to_openai(), sort_keys=True) for tool in self.record.tools)

    @cached_property
    def outcome(self) -> str | None:
        """None for an open answer; then answers are compared as texts."""
        answer = self.record.messages[self.end]
        if answer.calls:
            return "; ".join(sorted(f"{call.name}({_key(call.arguments)})" for call in answer.calls))
        return NO_CALL if self.record.tools else outcome_of(answer.content, whole=not self.record.point)

    def same_outcome(self, other: DecisionState) -> bool:
        if self.outcome is not None or other.outcome is not None:
            return self.outcome == other.outcome
        if self.answer == other.answer:
            return True
        # A query about 'Leo' is no query about 'Cleo', however alike the two are.
        return alike(self.answer, other.answer, SAME_ANSWER) and values(self.answer) == values(other.answer)

    def same_offer(self, other: DecisionState) -> bool:
        return self.record.tools == other.record.tools or self.offer == other.offer

    def same_values(self, other: DecisionState) -> bool:
        """Also in the same order: "A says yes, B no" is another prompt than "B says yes, A no"."""
        return self.values == other.values and self._same_order(other)

    def _same_order(self, other: DecisionState) -> bool:
        """Whether the prompts are more than the same words in another order."""
        one, two = _words(self.prompt), _words(other.prompt)
        return one == two or sorted(one) != sorted(two)

    def contradicts(self, other: DecisionState) -> bool:
        """Whether the two teach different decisions; different wording of open answers is no contradiction."""
        decided = self.outcome is not None and other.outcome is not None
        return decided and self.outcome != other.outcome and self.same_offer(other)


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(tokens(text))


def states(records: Sequence[Record]) -> Sequence[DecisionState]:
    """One per record: the first decision where it has tools, else its last answer. At `end` 0 nothing was asked."""
    return Mapped(records, lambda record: DecisionState(record, _end(record)), _RECENT)


def _end(record: Record) -> int:
    return next(iter(record.learned), 0) if record.tools else len(record.messages) - 1


def _key(value: Json) -> str:
    """Arguments as one text; long ones in free words all count as equal."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={_key(value[name])}" for name in sorted(value))
    if isinstance(value, list):
        return f"[{', '.join(map(_key, value))}]"
    text = value if isinstance(value, str) else json.dumps(value)
    return "..." if len(text) > _FREE_TEXT and " " in text else normal(text)


def _choices(tools: Sequence[Tool]) -> set[str]:
    """The texts that the tools' schemas list under `enum`."""
    words: set[str] = set()
    todo: list[Json] = [tool.parameters for tool in tools]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            words.update(word for word in value.get("enum") or () if isinstance(word, str) and word)
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return words
