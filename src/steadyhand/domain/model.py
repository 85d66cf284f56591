"""What a domain folder holds, in DESIGN's words. Knows nothing of files; `load` reads, `convert` translates."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.checks import Bound, Checker
from steadyhand.errors import Place, UsageError
from steadyhand.text.patterns import PatternError, python_pattern
from steadyhand.text.shingles import Language

InputClass = Literal["common", "boundary", "noisy"]
Split = Literal["train", "eval"]
WHY = ("category", "cause", "remedy")  # what a comparison may say about its worse answer


@dataclass(frozen=True)
class Card:
    """One question-answer pair on a point: a dialogue whose last message is the assistant's answer. `also` are answers
    before it that are trained too, by index (`train: true`); the other ones are only context."""

    id: str
    point: str
    kind: str  # paraphrase | boundary | counter_example | noise | turn_1 | turn_8
    lang: Language
    messages: tuple[Message, ...]
    place: Place
    also: frozenset[int] = field(default=frozenset(), metadata={"sparse": True})

    @property
    def trained(self) -> tuple[int, ...]:
        """The indices of the messages that are trained, in order."""
        return (*sorted(self.also), len(self.messages) - 1)


@dataclass(frozen=True)
class Point:
    """The smallest unit of private knowledge; `depends_on` names the points that its definition uses."""

    id: str
    aliases: tuple[str, ...]
    definition: str
    depends_on: tuple[str, ...]
    rules: tuple[str, ...]
    cards: tuple[Card, ...]
    place: Place


@dataclass(frozen=True)
class AnswerRule:
    """What a right answer says: it matches a pattern of every `must` group and none of `must_not` (regular
    expressions, case ignored, searched in the text after `</think>`)."""

    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()

    @property
    def demands(self) -> bool:
        """Whether it asks for more than to say anything at all."""
        return bool(self.must or self.must_not)

    def accepts(self, text: str) -> bool:
        """Whether `text` says what is asked for; an empty text says nothing. Raises UsageError for a pattern that is
        not a regular expression, LimitError for one that takes too long on this text."""
        try:
            said = all(python_pattern(pattern, ignore_case=True).search(text) for pattern in self.must)
            banned = any(python_pattern(pattern, ignore_case=True).search(text) for pattern in self.must_not)
        except PatternError as error:
            raise UsageError(f"an answer rule: {error.what}", next=error.next) from error
        return bool(text.strip()) and said and not banned


@dataclass(frozen=True)
class Scenario:
    """A situation with expected behavior. Every assistant message in `messages` is a *decision*: the model is given
    all before it and must do the same (same calls, or no call). The last message is always an assistant's.

    `answers` maps the index of an assistant message to what its text must say (reading a result right), `checks` to
    the domain's checks on it. `rejected`: a comparison that the user owns (preferences/), where the last message was
    judged better than each of these.
    `group` keeps near-duplicates on one side of the split. `comparators`: tool -> argument -> lenient comparator.
    `accepts`: what a call may also be to be right, not only leniently: index of a message -> for each of its calls,
    argument -> comparator.
    """

    id: str
    group: str
    split: Split
    input_class: InputClass
    lang: Language
    tools: tuple[str, ...]  # offered, by name, in this order
    messages: tuple[Message, ...]
    place: Place
    answers: dict[int, AnswerRule] = field(default_factory=dict)
    comparators: dict[str, dict[str, Json]] = field(default_factory=dict)
    ordered: bool = False
    tags: tuple[str, ...] = ()  # e.g. no_call, reading, stop, multi_turn
    unscored: frozenset[int] = frozenset()  # assistant messages that are context only (`score: false`)
    checks: dict[int, tuple[Bound, ...]] = field(default_factory=dict, metadata={"sparse": True})
    rejected: tuple[Message, ...] = field(default=(), metadata={"sparse": True})  # worse than the last message
    why: dict[str, str] = field(default_factory=dict, metadata={"sparse": True})  # of `WHY`: why they are worse
    accepts: dict[int, tuple[dict[str, Json], ...]] = field(default_factory=dict, metadata={"sparse": True})

    @property
    def category(self) -> str:
        """What kind of worse answer a comparison is about; "" where nobody said."""
        return self.why.get("category", "")


@dataclass(frozen=True)
class Probe:
    """A question that measures. `public`: one turn. `anchoring`: a turn of a dialogue, in file order (`clarify` is the
    extra turn that the base model is given first). `reasoning`: the think block is judged."""

    id: str
    kind: Literal["public", "anchoring", "reasoning"]
    lang: Language
    question: str
    answer: AnswerRule
    place: Place
    cluster: str = ""  # probes of one fact or one dialogue are one cluster


@dataclass(frozen=True)
class CheckBar:
    """`metric` ("rows", "mood.macro_f1") >= `least`; `evidence` None: as the settings say."""

    metric: str
    least: float
    evidence: Literal["point", "lower"] | None = None


@dataclass(frozen=True)
class Domain:
    """A whole domain folder, read and resolved.

    `rehearsal` rows are general dialogues mixed into SFT so that the model keeps what it knew; `clarify` is the base
    model's extra first turn in an anchoring dialogue, by language. `system` stands before every prompt that has no
    system message of its own: scenarios and cards hold it already, probes get it when they are asked.
    """

    root: Path
    name: str
    points: tuple[Point, ...]
    tools: dict[str, Tool]
    scenarios: tuple[Scenario, ...]
    probes: tuple[Probe, ...]
    rehearsal: tuple[tuple[Message, ...], ...] = ()
    rehearsal_tools: tuple[tuple[Tool, ...], ...] = ()
    clarify: dict[str, str] = field(default_factory=dict)
    system: str = ""
    checks: dict[str, Checker] = field(default_factory=dict)
    bars: tuple[CheckBar, ...] = ()
    uncompared: tuple[Place, ...] = ()  # judged answers of preferences/ that stand beside no other one

    @property
    def comparisons(self) -> tuple[Scenario, ...]:
        """The scenarios that say what is worse (preferences/)."""
        return tuple(scenario for scenario in self.scenarios if scenario.rejected)

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(card for point in self.points for card in point.cards)

    def asked(self, question: str) -> tuple[Message, ...]:
        """A question of a user as the messages of its prompt."""
        opening = (Message("system", self.system),) if self.system else ()
        return (*opening, Message("user", question))
