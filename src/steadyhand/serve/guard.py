"""The domain's own checks before an answer is served: what fails one is withheld, or another text stands in for it.

Knows checks and answers; which checks there are is `domain.checks`'s. It fails closed: an answer that a check cannot
decide is withheld like one that failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from steadyhand.checks import Checker, Context
from steadyhand.errors import UsageError
from steadyhand.models.backend import Prompt
from steadyhand.serve.answer import Answer, Withheld
from steadyhand.text.shingles import language_of

FILTERED = "content_filter"


@dataclass(frozen=True)
class Guard:
    """`checkers` judge in this order; `instead` has the text that stands in for an answer, by check and language ("":
    any). A check without one has the answer refused. Raises UsageError for a kind that needs a gold answer.

    >>> Guard([checks["red"]]).over(prompt, answer).withheld
    Withheld(check='red', code='red_line')
    """

    checkers: tuple[Checker, ...]
    instead: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for checker in self.checkers:
            if not checker.guards:
                what = f"check {checker.name!r} ({checker.kind}) needs a gold answer, so it cannot guard"
                raise UsageError(what, next="guard with kinds that judge an answer by itself: rules, exec_sql, ...")

    def over(self, prompt: Prompt, answer: Answer) -> Answer:
        """The answer without its reasoning, which no check reads; without its text, too, where a check does not pass.
        Calls are no text: an answer that only calls is judged by schemas and by whoever runs the calls."""
        if answer.calls and not answer.content:
            return replace(answer, reasoning="")
        where = _context(prompt)
        for checker in self.checkers:
            judgment = checker.guard(answer.content, where)
            if judgment.word != "passed":
                return self._withheld(answer, Withheld(checker.name, judgment.code or judgment.word), where.lang)
        return replace(answer, reasoning="")

    def _withheld(self, answer: Answer, why: Withheld, lang: str) -> Answer:
        texts = self.instead.get(why.check, {})
        text = texts.get(lang, texts.get("", ""))
        refusal = "" if text else f"withheld: the check {why.check} does not pass ({why.code})"
        return replace(answer, content=text, reasoning="", calls=(), finish=FILTERED, withheld=why, refusal=refusal)


def _context(prompt: Prompt) -> Context:
    question = next((m.content for m in reversed(prompt.messages) if m.role == "user"), "")
    dialogue = tuple((message.role, message.content) for message in prompt.messages)
    return Context(lang=language_of(question), question=question, dialogue=dialogue)
