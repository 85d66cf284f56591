"""Answers that a model has given before, as completions: for other rules, or so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.errors import UsageError
from steadyhand.evaluate.anchoring import Ask, Asked
from steadyhand.evaluate.suites import Target
from steadyhand.ledger.result import Evaluation, Item
from steadyhand.models.backend import Completion, FinishReason, Sampling


@dataclass(frozen=True)
class KnownAnswers:
    """Items by suite and id, and the format in which their calls are written."""

    items: Mapping[tuple[str, str], Item]
    form: str = HERMES.name  # before there were several, it was this one

    def of(self, target: Target) -> Completion | None:
        """What was answered to exactly this question, or None."""
        item = self.items.get(target.key)
        if item is None or item.facts.asked != target.asked:
            return None
        reason: FinishReason = "length" if item.finish_reason == "length" else "stop"
        return Completion(item.raw, reason, 0, item.completion_tokens, item.prompt_hash, self.form)

    def required(self, key: tuple[str, str], target: Target | None) -> Completion:
        """The same. Raises UsageError when it was never asked, or something else was."""
        if target is not None and (found := self.of(target)):
            return found
        why = "was never asked" if key not in self.items else "has changed since" if target else "is no longer asked"
        raise UsageError(f"question {'/'.join(key)} {why}", next="evaluate the model again: old answers do not fit")


def known_answers(evaluation: Evaluation) -> KnownAnswers:
    items = {(item.suite, item.id): item for item in evaluation.items}
    return KnownAnswers(items, str(evaluation.manifest.get("format", HERMES.name)))


def answers_of(evaluation: Evaluation | None, fingerprint: str, sampling: Sampling) -> KnownAnswers:
    """What the model of that fingerprint has answered; nothing when another one did, or this one under other
    sampling."""
    if evaluation and evaluation.fingerprint == fingerprint and evaluation.manifest["sampling"] == asdict(sampling):
        return known_answers(evaluation)
    return KnownAnswers({})


def recalling(known: KnownAnswers, ask: Ask) -> Ask:
    """`ask`, for what was not answered before."""

    def both(questions: Sequence[Asked]) -> list[Completion]:
        given = [known.of(target) for target, _ in questions]
        new = [asked for asked, answer in zip(questions, given, strict=True) if answer is None]
        answers = iter(ask(new) if new else ())
        return [answer or next(answers) for answer in given]

    return both
