"""Which of two answers to one decision is better, judged in both orders; a word that depends on the order is a tie.

A judge that favors a position would otherwise teach the position (Zheng et al. 2023, section 4.1). Ties teach nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from steadyhand.chat.messages import Message
from steadyhand.models.backend import Backend, Prompt, Sampling
from steadyhand.pairs.case import Case, wrong

Choice = Literal["first", "second", "tie"]
Pair = tuple[Case, str, str]
Score = Callable[[Case, Sequence[str]], Sequence[float]]  # of each answer to a decision

_ASK = """\
Two answers of an assistant to the same situation. Decide which one is better: it calls the right tool with the right \
arguments, or rightly calls none, and says what is true.

{situation}

Reply with one word: A, B or TIE."""


_SITUATION = """\
Tools: {tools}

Dialogue:
{dialogue}

Answer A:
{first}

Answer B:
{second}"""


class Judge(Protocol):
    """Judges pairs as they stand, each in one order."""

    def __call__(self, pairs: Sequence[Pair]) -> list[Choice]: ...


def in_both_orders(judge: Judge, pairs: Sequence[Pair]) -> list[Choice]:
    """The judge's word on each pair where it is the same in both orders, a tie elsewhere."""
    forward = judge(pairs)
    backward = judge([(case, second, first) for case, first, second in pairs])
    turned: dict[Choice, Choice] = {"first": "second", "second": "first", "tie": "tie"}
    return [word if word == turned[other] else "tie" for word, other in zip(forward, backward, strict=True)]


def by_rules(pairs: Sequence[Pair]) -> list[Choice]:
    """What strictly passes is better than what is verifiably wrong; everything else is a tie."""
    return [_ruled(*pair) for pair in pairs]


def _ruled(case: Case, first: str, second: str) -> Choice:
    if passes(case, first) and wrong(case, second):
        return "first"
    return "second" if passes(case, second) and wrong(case, first) else "tie"


def passes(case: Case, raw: str) -> bool:
    """Whether `raw` is what is due: strictly parsed and matched, and its text passes all that judges it."""
    assessed = case.decision.assess(case.read(raw), case.tools)
    return bool(assessed.passed if assessed.judged else assessed.calls.passed)


class ModelJudge:
    """Asks a model, greedily. An answer that is not one of the three words is a tie."""

    def __init__(self, backend: Backend, max_tokens: int = 1024) -> None:
        self.backend, self.sampling = backend, Sampling(max_tokens=max_tokens)

    def __call__(self, pairs: Sequence[Pair]) -> list[Choice]:
        prompts = [Prompt((Message("user", _ASK.format(situation=laid_out(*pair))),)) for pair in pairs]
        answers = self.backend.generate(prompts, self.sampling) if prompts else []
        return [_word(answer.parsed().content) for answer in answers]


class ScoreJudge:
    """Prefers the answer that scores higher, when it is preferred with a probability of at least `certain` (at least
    .5; Bradley & Terry 1952). Every answer is scored once."""

    def __init__(self, score: Score, certain: float) -> None:
        self.score, self.lead = score, math.log(certain / (1 - certain))

    def __call__(self, pairs: Sequence[Pair]) -> list[Choice]:
        answers: dict[str, tuple[Case, dict[str, None]]] = {}
        for case, *two in pairs:
            answers.setdefault(case.decision.id, (case, {}))[1].update(dict.fromkeys(two))
        scores = {
            name: dict(zip(texts, self.score(case, list(texts)), strict=True))
            for name, (case, texts) in answers.items()
        }
        return [self._word(scores[case.decision.id], first, second) for case, first, second in pairs]

    def _word(self, scores: dict[str, float], first: str, second: str) -> Choice:
        ahead = scores[first] - scores[second]
        return "tie" if not ahead or abs(ahead) < self.lead else "first" if ahead > 0 else "second"


def laid_out(case: Case, first: str, second: str) -> str:
    """A decision's situation and two answers to it, as a judging model is shown them."""
    tools = "; ".join(f"{tool.name}: {tool.description}" for tool in case.tools) or "none"
    dialogue = "\n".join(f"{message.role}: {_said(message)}" for message in case.decision.messages)
    return _SITUATION.format(tools=tools, dialogue=dialogue, first=first, second=second)


def _said(message: Message) -> str:
    calls = [f"{call.name}({call.arguments})" for call in message.calls]
    return " ".join([message.content, *calls]).strip()


def _word(text: str) -> Choice:
    said = re.fullmatch(r"\W*(A|B|TIE)\W*", text.strip(), re.IGNORECASE)
    words: dict[str, Choice] = {"A": "first", "B": "second"}
    return words.get(said[1].upper(), "tie") if said else "tie"
