"""A judge that reads two answers, says what is wrong with each, and then A, B or TIE. What it is taught, and how asked.

It is a language model that was tuned on a domain's own comparisons: reasons stand where their owner gave them. Both
orders of every comparison are taught, and an answer beside itself as a tie, so that no position is worth anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from steadyhand.chat.messages import Message
from steadyhand.domain.rows import Group, Rejected, Row
from steadyhand.models.backend import Backend, Prompt, Sampling
from steadyhand.pairs.case import Case
from steadyhand.pairs.judge import Choice, Pair, laid_out

TIES = 0.25  # share of the groups that teach a tie
MOST_WORSE = 2  # rejected answers of a group that are taught
_ASK = """\
Two answers of an assistant to the same situation. Say what is wrong with each, then which one is better.{criteria}

{situation}

End with one line: Verdict: A, Verdict: B or Verdict: TIE."""
_WORDS: dict[str, Choice] = {"A": "first", "B": "second", "TIE": "tie"}
_FINE = "does what is due."


def question(case: Case, first: str, second: str, criteria: str = "") -> str:
    return _ASK.format(criteria=criteria and f" The better one {criteria}.", situation=laid_out(case, first, second))


def verdict_of(text: str) -> Choice:
    """The word on the last line; an answer that ends in none of the three is a tie.

    >>> verdict_of("A promises safety. B does what is due.\\\\nVerdict: B")
    'second'
    """
    last = text.rstrip().rpartition("\n")[2].strip()
    return _WORDS.get(last.removeprefix("Verdict: "), "tie") if last.startswith("Verdict: ") else "tie"


class ReasoningJudge:
    """Asks a model that was tuned to reason, greedily. `criteria` completes "The better one ..."."""

    def __init__(self, backend: Backend, criteria: str = "", max_tokens: int = 256) -> None:
        self.backend, self.criteria, self.sampling = backend, criteria, Sampling(max_tokens=max_tokens)

    def __call__(self, pairs: Sequence[Pair]) -> list[Choice]:
        prompts = [Prompt((Message("user", question(*pair, self.criteria)),)) for pair in pairs]
        answers = self.backend.generate(prompts, self.sampling) if prompts else []
        return [verdict_of(answer.parsed().content) for answer in answers]


def reasoning_rows(groups: Sequence[Group], cases: Mapping[str, Case], criteria: str, seed: int) -> list[Row]:
    """What the judge is taught of each group whose decision is among `cases` (by id): its first rejected answers in
    both orders, and of some groups a tie."""
    rows = []
    for group in groups:
        if (case := cases.get(group.id)) is None:
            continue
        chosen = case.write(group.chosen)
        for worse in group.rejected[:MOST_WORSE]:
            fault = _fault(worse, case.decision.scenario.why)
            rows += [
                _row(group, question(case, chosen, worse.text, criteria), f"A {_FINE} B {fault}", "A"),
                _row(group, question(case, worse.text, chosen, criteria), f"A {fault} B {_FINE}", "B"),
            ]
        if Random(f"{seed}:{group.id}").random() < TIES:
            rows.append(_row(group, question(case, chosen, chosen, criteria), f"A {_FINE} B says the same.", "TIE"))
    return rows


def _row(group: Group, asked: str, reasons: str, word: str) -> Row:
    answer = f"{reasons}\nVerdict: {word}"
    return Row((Message("user", asked), Message("assistant", answer)), (), f"scenario:{group.id}")


def _fault(worse: Rejected, why: Mapping[str, str]) -> str:
    """What is wrong with an answer: in its owner's words where it was given, else the name of the error."""
    cause = why.get("cause", "").strip() if worse.origin == "given" else ""
    named = f"is wrong ({worse.mode.replace('_', ' ')})"
    return f"{named}: {cause.rstrip('.。')}." if cause else f"{named}."
