"""The one shape of a check on a text: faults of a gold answer, a judgment, spoiled answers, figures.

Knows texts and gold values; knows no model, no domain folder and no evaluation. What a checker needs of those comes in
by argument.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import ClassVar, Literal

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.stats.intervals import by_cluster, wilson_clustered

Word = Literal["passed", "failed", "unscored"]
Ask = Callable[[str], str]  # a question to a judging model, and the text of its reply


@dataclass(frozen=True)
class Judgment:
    """`code` is the first reason when it failed or could not be scored; `facts` is plain JSON that is kept."""

    word: Word
    code: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


def passed(**facts: Json) -> Judgment:
    return Judgment("passed", None, facts)


def failed(code: str, **facts: Json) -> Judgment:
    return Judgment("failed", code, facts)


def unscored(code: str, **facts: Json) -> Judgment:
    """Nothing can be said, which is neither right nor wrong."""
    return Judgment("unscored", code, facts)


@dataclass(frozen=True)
class Context:
    """Where an answer stands: its language, the last message of the user, the dialogue as (role, text) pairs up to it,
    and the gold answer's text. `ask` reaches a judging model; None: there is none."""

    lang: str = "en"
    question: str = ""
    reference: str = ""
    dialogue: tuple[tuple[str, str], ...] = ()
    ask: Ask | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Spoiled:
    """A gold answer made wrong; `mode` is the kind of error in a word or two ("other_label")."""

    text: str
    mode: str


@dataclass(frozen=True)
class Judged:
    """A judgment as it is kept: `facts` holds `word`, `code` and the judgment's own facts. Answers of one `cluster`
    are not independent."""

    cluster: str
    facts: Mapping[str, Json]

    @property
    def passed(self) -> bool | None:
        return {"passed": True, "failed": False}.get(self.facts["word"])


@dataclass(frozen=True)
class Figure:
    """`name` "" is the check's own rate, another stands behind a dot (`mood.macro_f1`). Bounds at 95 %; `k` of `n` when
    it is a rate; `detail` is what a page may show besides (a matrix)."""

    name: str
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    k: int | None = None
    clusters: int | None = None
    unscored: int = 0
    note: str = ""
    detail: Json = None


def rate_of(name: str, outcomes: Iterable[tuple[str, bool | None]], note: str = "") -> Figure:
    """The Wilson rate of (cluster, outcome); None counts as unscored.

    >>> rate_of("", [("a", True), ("b", False), ("c", None)]).k
    1
    """
    given = list(outcomes)
    scored = [(cluster, outcome) for cluster, outcome in given if outcome is not None]
    unscored_count = len(given) - len(scored)
    if not scored:
        return Figure(name, None, 0, unscored=unscored_count, note=note)
    clusters = by_cluster(scored)
    interval = wilson_clustered(list(clusters.values()))
    k = sum(outcome for _, outcome in scored)
    return Figure(
        name, interval.value, len(scored), interval.low, interval.high, k, len(clusters), unscored_count, note
    )


class Checker(ABC):
    """A kind of check with its options. `options` are the keys of its entry in checks.yaml besides `kind`, `root` the
    domain's folder. Raises UsageError for options that it does not know or cannot use."""

    kind: ClassVar[str]
    known: ClassVar[tuple[str, ...]] = ()  # options
    guards: ClassVar[bool] = False  # whether it can judge an answer to a question that has no gold one

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        self.name, self.options, self.root = name, dict(options), root
        refuse_unknown(options, self.known, f"check {name!r}")

    def __reduce__(self) -> tuple[type[Checker], tuple[str, dict[str, Json], Path]]:
        """Another process makes it anew: connections and compiled patterns do not travel."""
        return type(self), (self.name, self.options, self.root)

    @abstractmethod
    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        """Judges the text of an answer, its thinking removed. `gold` is what the scenario says: true (its own answer
        is the gold one) or a value of the kind's own."""

    def guard(self, text: str, context: Context) -> Judgment:
        """Judges the text of an answer that is about to be served: there is no gold one, so as much of `judge` as needs
        none. Asked of kinds with `guards` only."""
        return self.judge(text, True, context)

    def is_whole(self, text: str) -> bool:
        """Whether `text`, however short, is all that this check asks for, right or wrong; a label is."""
        return False

    def faults(self, gold: Json, context: Context) -> list[str]:
        """What is wrong with a gold answer, in sentences; it must pass its own check at least."""
        judgment = self.judge(context.reference, gold, context)
        if judgment.word != "failed":
            return []
        details = ", ".join(
            f"{key} {value!r}" for key, value in judgment.facts.items() if value not in (None, "", [], {})
        )
        return [f"the answer itself does not pass: {judgment.code}" + (f" ({details})" if details else "")]

    def spoil(self, gold: Json, context: Context, rng: Random, others: Sequence[str] = ()) -> Iterator[Spoiled]:
        """Wrong answers out of the gold one, in an order drawn by `rng`, each shown to fail; `others` are gold answers
        to other questions."""
        seen = {context.reference}
        for made in self.candidates(gold, context, rng, others):
            if made.text not in seen and self.judge(made.text, gold, context).word == "failed":
                seen.add(made.text)
                yield made

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        """What `spoil` tries; nothing by default."""
        return ()

    @classmethod
    def figures(cls, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
        """Figures over all answers that the check was asked about, the rate first (named "")."""
        return [rate_of("", [(judgment.cluster, judgment.passed) for judgment in judged])]

    def identity(self) -> Json:
        """What a judgment depends on, as plain data: two checkers with equal identities judge alike."""
        return {"kind": self.kind, "options": self.options}


def refuse_unknown(options: Mapping[str, Json], known: Sequence[str], where: str) -> None:
    """Raises UsageError for an option that is not known, with the nearest one."""
    for key in options:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"use {', '.join(known) or 'none'}"
            raise UsageError(f"{where} has no option {key!r}", next=hint)
