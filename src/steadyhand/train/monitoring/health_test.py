"""Is a model damaged? Signs of damage in its answers, tested one answer at a time against how often the base fails.

Each sign has a rate at which the model before training fails (`reference`); Wald's sequential test then asks, answer by
answer, whether the model at hand fails at that rate or at a clearly higher one, and stops asking as soon as it knows.
Knows texts and counts; generates nothing and trains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from steadyhand.chat.formats.registry import format_named
from steadyhand.domain.decisions import Decision
from steadyhand.domain.model import AnswerRule
from steadyhand.models.backend import Completion, Prompt
from steadyhand.settings.model import WatchSettings
from steadyhand.stats.eprocess import sprt
from steadyhand.stats.intervals import wilson
from steadyhand.text.degeneration import degenerate, garbage, too_short

SIGNS = {
    "think": "the thinking block is missing, broken or never closed",
    "loop": "the answer ends in a loop",
    "garbage": "the answer holds garbage",
    "empty": "the answer says nothing",
    "endless": "the answer does not end",
    "dialogue": "an answer within a dialogue says nothing, loops or holds garbage",
    "knowledge": "a public fact is answered wrongly",
}
MOST = 0.95  # a sign that the base shows in more of its answers than this cannot show damage

Counts = dict[str, tuple[int, int]]  # sign -> (failures, answers judged)
Word = Literal["damaged", "healthy", "undecided"]
Ask = Callable[[Sequence["HealthQuestion"]], Sequence[Completion]]


@dataclass(frozen=True)
class HealthQuestion:
    """A probe: a prompt, for public knowledge what a right answer says, and the decision that it is, which knows
    whether an answer of one word is whole."""

    prompt: Prompt
    rule: AnswerRule | None = None
    decision: Decision | None = None

    def is_empty(self, text: str, called: bool) -> bool:
        whole = self.decision is not None and self.decision.is_whole(text)
        return too_short(text, called) and not whole


@dataclass(frozen=True)
class Checkup:
    """What a check found: a word, the counts by sign, and one sentence per sign of damage with an answer that shows
    it. `asked` counts the answers that were needed."""

    word: Word
    counts: Counts
    asked: int
    evidence: tuple[str, ...] = ()


@dataclass
class _Tally:
    counts: Counts = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # sign -> the first answer that shows it

    def add(self, question: HealthQuestion, completion: Completion) -> None:
        for sign, failed in judge(question, completion).items():
            failures, n = self.counts.get(sign, (0, 0))
            self.counts[sign] = (failures + failed, n + 1)
            if failed:
                self.shown.setdefault(sign, completion.text)


def judge(question: HealthQuestion, completion: Completion) -> dict[str, bool]:
    """Sign -> whether this answer fails by it; signs that it says nothing about are absent."""
    raw, finish = completion.text, completion.finish_reason
    parsed = completion.parsed(question.prompt.tools)
    form = format_named(completion.format)
    loop = degenerate(raw, finish, form.blocks)
    shown = "\n".join([*(message.content for message in question.prompt.messages), *form.control])
    broken = bool(garbage(raw, shown))
    empty = question.is_empty(parsed.content, parsed.attempts > 0) and finish == "stop"
    failed = {"loop": loop, "garbage": broken, "empty": empty}
    if not question.prompt.tools:  # with tools on offer a model that learns its domain may rightly think for longer
        failed["endless"] = finish == "length"
    if finish == "stop":  # thinking that was cut off is "endless", not broken
        failed["think"] = not completion.thinking().code.whole
    if any(message.role == "assistant" for message in question.prompt.messages):
        failed["dialogue"] = loop or broken or empty
    if question.rule is not None:
        failed["knowledge"] = not question.rule.accepts(parsed.content)
    return failed


def count(questions: Sequence[HealthQuestion], ask: Ask) -> Counts:
    """How often a model fails by each sign, over all questions."""
    tally = _Tally()
    for question, completion in zip(questions, ask(questions), strict=True):
        tally.add(question, completion)
    return tally.counts


def rates(reference: Mapping[str, tuple[int, int]], margin: float) -> dict[str, tuple[float, float]]:
    """Sign -> (rate taken as healthy, rate taken as damage). Healthy is the upper end of the reference's 95 % Wilson
    interval: a base that failed in none of 24 answers may still fail in some. Signs that the base shows in nearly all
    its answers, or in none because it was never judged by them, are left out."""
    by_sign: dict[str, tuple[float, float]] = {}
    for sign, (failures, n) in reference.items():
        healthy = wilson(failures, n).high if n else 1.0
        if healthy <= MOST:
            by_sign[sign] = (healthy, min(healthy + margin, (1 + healthy) / 2 if healthy + margin >= 1 else 1.0))
    return by_sign


def check(
    questions: Sequence[HealthQuestion],
    ask: Ask,
    reference: Mapping[str, tuple[int, int]],
    config: WatchSettings,
    tests: int,
) -> Checkup:
    """Asks in batches until damage is shown, nothing speaks for it any more, or the questions end. `tests` is how many
    checks the training has, among which and the signs alpha is shared (Bonferroni), as each is tested in each."""
    limits = rates(reference, config.margin)
    alpha = config.alpha / max(1, tests * len(limits))
    tally = _Tally()
    words: dict[str, str] = {}
    asked, settled = 0, False
    while asked < len(questions) and not settled and "damaged" not in words.values():
        batch = questions[asked : asked + config.batch]
        for question, completion in zip(batch, ask(batch), strict=True):
            tally.add(question, completion)
            _update(words, tally.counts, limits, alpha, config.beta)
        asked += len(batch)
        settled = _settled(words, tally.counts, limits)
    damaged = [sign for sign in limits if words.get(sign) == "damaged"]
    if damaged:
        return Checkup("damaged", tally.counts, asked, tuple(_sentence(s, tally, reference) for s in damaged))
    return Checkup("healthy" if settled else "undecided", tally.counts, asked)


def _settled(words: Mapping[str, str], counts: Counts, limits: Mapping[str, tuple[float, float]]) -> bool:
    """Whether nothing speaks for damage: some sign is decided as healthy, and every other one is too or is seen no
    more often than in a healthy model (few answers speak about dialogue or facts)."""
    seen = {sign: counts[sign][0] / counts[sign][1] for sign in limits if sign in counts}
    calm = all(words[sign] == "healthy" or rate <= limits[sign][0] for sign, rate in seen.items())
    return calm and "healthy" in words.values()


def _update(
    words: dict[str, str], counts: Counts, limits: Mapping[str, tuple[float, float]], alpha: float, beta: float
) -> None:
    """Wald's word on every sign after one more answer; the first decision stands."""
    for sign, (healthy, damage) in limits.items():
        if words.get(sign) not in ("damaged", "healthy"):
            words[sign] = sprt(*counts.get(sign, (0, 0)), healthy, damage, alpha, beta)


def _sentence(sign: str, tally: _Tally, reference: Mapping[str, tuple[int, int]]) -> str:
    (failures, n), (before, of) = tally.counts[sign], reference[sign]
    shown = " ".join(tally.shown[sign].split())[:80]
    return f"{SIGNS[sign]} in {failures} of {n} ({before} of {of} before), for instance {shown!r}"


def spread_evenly(questions: Iterable[HealthQuestion], most: int) -> list[HealthQuestion]:
    """At most `most` questions, taken evenly and with the kinds of question alternating, so that a check that stops
    early has seen every kind."""
    kinds: dict[tuple[bool, bool, bool], list[HealthQuestion]] = {}
    for question in questions:
        dialogue = len(question.prompt.messages) > 1
        kinds.setdefault((question.rule is not None, dialogue, bool(question.prompt.tools)), []).append(question)
    each = [kind[:: max(1, len(kind) // -(-most // len(kinds)))] for kind in kinds.values()]
    rounds = max(map(len, each), default=0)
    mixed = [kind[i] for i in range(rounds) for kind in each if i < len(kind)]
    return mixed[:most]
