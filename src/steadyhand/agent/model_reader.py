"""The tuned model reads too: for each name one closed question on the words that speak of it, and its answer's proof.

The model sees no name: in the quoted words the name that is asked about is X and every other one Y, so a host cannot
speak by what it is called, and what it answers counts only with words that stand in the quotation. With `reader: both`
rule and model must say the same, so that either may veto; with `reader: model` the rule only says which places hold a
name at all. Places that speak to a machine are never asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from steadyhand.agent.claims import Said, statements, together
from steadyhand.agent.config import Plan
from steadyhand.agent.neutral import neutral
from steadyhand.agent.reading.basis import Basis
from steadyhand.agent.reading.report import Statement
from steadyhand.chat.messages import Message
from steadyhand.extract import Found
from steadyhand.models.backend import Backend, Completion, Prompt, Sampling, control_tokens

MOST_PLACES = 4  # of one name that a model is asked about
_ANSWER = re.compile(
    r"\s*(accuses|clears|mentions|unclear)(?:\s*[:：]\s*[\"“「](.{1,300}?)[\"”」])?\s*[.。]?\s*", re.DOTALL
)
_CLAIMS = {"accuses": "unsafe", "clears": "safe"}
_MACHINE = frozenset(
    (Basis.ORDER, Basis.NO_NAME, Basis.URL_PART, Basis.MAIL, Basis.HIDDEN, Basis.LINK_TEXT, Basis.NETWORK)
)


@dataclass(frozen=True)
class ModelAnswer:
    """`word`: accuses, clears, mentions, unclear; "" for an answer that is none of them or quotes what is not there."""

    word: str
    quote: str = ""


def answer_of(completion: Completion, quotation: str) -> ModelAnswer:
    """The model's answer, taken strictly; an accusation or a clearance needs a quote from the quotation.

    >>> answer_of(Completion('accuses: "calls home to X"', "stop", 0, 0, ""), "The loader calls home to X.").word
    'accuses'
    """
    parsed = completion.parsed()
    found = _ANSWER.fullmatch(parsed.content) if not parsed.error and not parsed.calls else None
    if found is None or completion.finish_reason != "stop":
        return ModelAnswer("")
    word, quote = found[1], found[2] or ""
    if word in _CLAIMS and not (quote and _plain(quote) in _plain(quotation)):
        return ModelAnswer("")
    return ModelAnswer(word, quote)


class ModelReader:
    """`note` puts what the model answered into the trace."""

    def __init__(self, plan: Plan, backend: Backend, language: str, note: Callable[..., None]) -> None:
        self._plan, self._backend, self._language, self._note = plan, backend, language, note

    def read(self, text: str, places: Sequence[Sequence[Found]], said: Sequence[Said]) -> list[Said]:
        """What each name's places say, read again; `said` is what the rule made of them."""
        return self._alone(text, places) if self._plan.reader == "model" else self._both(text, places, said)

    def _both(self, text: str, places: Sequence[Sequence[Found]], said: Sequence[Said]) -> list[Said]:
        """The rule's claim where the model makes the same of the words that decided; unclear where it does not."""
        asked = {n: _deciding(statements(text, places[n]), one) for n, one in enumerate(said) if one.claim != "unclear"}
        answers = dict(zip(asked, self._ask([one.quotation for one in asked.values()]), strict=True))
        read = list(said)
        for n, answer in answers.items():
            agrees = _CLAIMS.get(answer.word) == said[n].claim
            read[n] = said[n] if agrees else Said("unclear", Basis.MODEL, said[n].window)
        return read

    def _alone(self, text: str, places: Sequence[Sequence[Found]]) -> list[Said]:
        """What the model makes of the first places that hold a name."""
        each = [statements(text, one) for one in places]
        asked = [
            (n, k)
            for n, one in enumerate(each)
            for k in [k for k, s in enumerate(one) if s.basis not in _MACHINE][:MOST_PLACES]
        ]
        answers = dict(zip(asked, self._ask([each[n][k].quotation for n, k in asked]), strict=True))
        return [
            together([self._said(one, answers.get((n, k))) for k, one in enumerate(row)]) for n, row in enumerate(each)
        ]

    def _said(self, statement: Statement, answer: ModelAnswer | None) -> Statement:
        if answer is None:
            return Statement(None, statement.basis, statement.window, statement.quotation)
        claim = _CLAIMS.get(answer.word)
        basis = Basis.SENTENCE if claim else Basis.NONE if answer.word else Basis.MODEL
        return Statement(claim, basis, statement.window, statement.quotation)  # type: ignore[arg-type]

    def _ask(self, quotations: list[str]) -> list[ModelAnswer]:
        tokens = control_tokens(self._backend)
        prompts = [
            Prompt((Message("user", self._plan.reading_question(neutral(one, tokens), self._language)),), ())
            for one in quotations
        ]
        if not prompts:
            return []
        completions = self._backend.generate(prompts, Sampling(max_tokens=self._plan.tokens))
        for quotation, completion in zip(quotations, completions, strict=True):
            self._note("model", quotation=quotation, completion=asdict(completion))
        return [answer_of(completion, one) for one, completion in zip(quotations, completions, strict=True)]


def _deciding(all_of_it: Sequence[Statement], said: Said) -> Statement:
    return next(one for one in all_of_it if one.claim == said.claim)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
