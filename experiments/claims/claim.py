"""A claim as data: what is asked, which models answer, and what would count as shown. Knows no training and no file.

Fixed before anything runs: a claim's module is committed with its rules, and the engine only fills them in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Split = Literal["held", "eval"]
Settings = tuple[tuple[str, object], ...]  # keys of a training's section with their values
Texts = Mapping[str, str]  # language -> text


@dataclass(frozen=True)
class Sft:
    """A fine-tuning on the `cards` with rehearsal, on `chosen` decisions of training scenarios (0: none, -1: all), or
    on both. `set` are settings of [sft] that differ from the domain's; about a share `wrong` of the chosen answers is
    replaced by wrong ones. `rows` names rows of another kind instead (`rows.made`)."""

    cards: bool = True
    chosen: int = 0
    set: Settings = ()
    wrong: float = field(default=0.0, metadata={"sparse": True})
    rows: str = field(default="", metadata={"sparse": True})


@dataclass(frozen=True)
class Dpo:
    """Preference training on the groups of `take` decisions of training scenarios (-1: all). `errors` names the model
    whose own errors they hold: the one that is trained (True), or none (False)."""

    take: int
    set: Settings = ()
    errors: bool = True
    cards: bool = False  # every step takes rows of cards and rehearsal along


@dataclass(frozen=True)
class Rounded:
    """The weights of every matrix rounded to `bits`, in blocks of 32 with a scale each (round to nearest)."""

    bits: int


@dataclass(frozen=True)
class Online:
    """Learning from own answers by a `method` of `experiments.online` for so many `seconds` of the processor."""

    method: str
    seconds: float


Step = Sft | Dpo | Rounded | Online


@dataclass(frozen=True)
class Question:
    """What a model is asked: `decisions` and public facts of a split (`rules`: after a page of all rules); or something
    else, named by `kind`, whose first word says who asks (`asking.ASKERS`)."""

    kind: str = "decisions"
    split: Split = "eval"
    public: bool = True
    rules: bool = field(default=False, metadata={"sparse": True})


@dataclass(frozen=True)
class Arm:
    """A model by the steps that make it from the base (none: the base itself), and what it is asked. `x` is its place
    on the claim's axis of the `line` that it belongs to. `stage`: arms of a lower one are done first."""

    name: str
    steps: tuple[Step, ...] = ()
    asked: Question = Question()
    label: Texts = field(default_factory=dict)
    line: str = ""
    x: float | None = None
    stage: int = 0

    @property
    def random(self) -> bool:
        """Whether another seed gives another answer."""
        return bool(self.steps) or self.asked.kind.startswith(("repeated", "watched"))


@dataclass(frozen=True)
class Gain:
    """`better` exceeds `than` in `fact` by more than `margin`."""

    fact: str
    better: str
    than: str
    margin: float = 0.0
    where: str = ""  # one class of questions; "": all


@dataclass(frozen=True)
class Level:
    """`arm` reaches `least` in `fact`."""

    fact: str
    arm: str
    least: float
    where: str = ""


@dataclass(frozen=True)
class Same:
    """`one` differs from `other` in `fact` by less than `margin`."""

    fact: str
    one: str
    other: str
    margin: float
    where: str = ""


@dataclass(frozen=True)
class Kept:
    """`arm` is worse than `than` in `fact` by less than `margin` (non-inferiority)."""

    fact: str
    arm: str
    than: str
    margin: float
    where: str = ""


Demand = Gain | Level | Same | Kept


@dataclass(frozen=True)
class Part:
    """One sentence of a claim that can be true or false, and the figures that decide it."""

    text: Texts
    demand: Demand


@dataclass(frozen=True)
class Base:
    """A base model, with `settings` that suit it, as flags by dotted name, and the rates that are tried of what goes on
    from a first fine-tuning."""

    name: str
    settings: Mapping[str, object]
    rates: tuple[float, ...]


@dataclass(frozen=True)
class Claim:
    """`choices` are settings to be chosen: name -> candidates, of which the one with the most right calls on held-back
    training wordings (seed 0) is taken, the first of equals. `arms` are made with what was chosen."""

    id: str
    say: Texts  # what practitioners report
    did: Texts  # what we do
    parts: Sequence[Part]
    arms: Callable[[Base, Mapping[str, Arm]], Sequence[Arm]]
    choices: Callable[[Base], Mapping[str, Sequence[Arm]]] = lambda base: {}
    seeds: int = 3
    facts: tuple[str, ...] = ("calls",)  # that are tabled
    drawn: tuple[str, ...] = ()  # of these; none: the first one
    counts: tuple[str, ...] = ()  # facts that are tabled too, but are no shares
    by_class: bool = False  # the classes of questions are numbers: places on the axis
    cut: Texts = field(default_factory=dict)  # what was left out, and why
    axis: Texts = field(default_factory=dict)  # of `x`
