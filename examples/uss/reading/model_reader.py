"""The tuned model reads too: for each name one closed question on the words that speak of it, and its answer's proof.

The model sees no name: in the quoted words the name that is asked about is X and every other one Y, so a host cannot
speak by what it is called, and what it answers counts only with words that stand in the quotation. With `reader: both`
rule and model must say the same, so that either may veto; with `reader: model` the rule only says which places hold a
name at all. Places that speak to a machine are never asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.agent.extractors import Occurrence
from steadyhand.agent.said import Questions, Said
from steadyhand.models.backend import Completion

from .basis import Basis
from .claims import said_on, statements, together
from .report import Statement

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
    """`ask` puts the question to a model, one quotation a time; `alone`: the rule has no say."""

    def __init__(self, ask: Questions, *, alone: bool) -> None:
        self._questions, self._is_alone = ask, alone

    def read(self, text: str, places: Sequence[Sequence[Occurrence]], said: Sequence[Said]) -> list[Said]:
        """What each name's places say, read again; `said` is what the rule made of them."""
        return self._alone(text, places) if self._is_alone else self._both(text, places, said)

    def _both(self, text: str, places: Sequence[Sequence[Occurrence]], said: Sequence[Said]) -> list[Said]:
        """The rule's claim where the model makes the same of the words that decided; unclear where it does not."""
        asked = {n: _deciding(statements(text, places[n]), one) for n, one in enumerate(said) if one.claim != "unclear"}
        answers = dict(zip(asked, self._ask([one.quotation for one in asked.values()]), strict=True))
        read = list(said)
        for n, answer in answers.items():
            agrees = _CLAIMS.get(answer.word) == said[n].claim
            read[n] = said[n] if agrees else said_on("unclear", Basis.MODEL, said[n].window)
        return read

    def _alone(self, text: str, places: Sequence[Sequence[Occurrence]]) -> list[Said]:
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
        completions = self._questions(quotations) if quotations else []
        return [answer_of(completion, one) for one, completion in zip(quotations, completions, strict=True)]


def _deciding(all_of_it: Sequence[Statement], said: Said) -> Statement:
    return next(one for one in all_of_it if one.claim == said.claim)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
