"""Which bottleneck does a task have? From paired answers to the same questions under more and more help.

Knows outcomes by condition; knows nothing of prompts. The conditions:
- closed: as it stands;  - defined: the definitions and rules that it needs stand in the prompt;
- decomposed: only the last step is left (of a question: the reasoning is given too; of a call: the tool is named and
  alone on offer);       - given: the answer or the call is spelled out. This is the control: a model that does not even
  use that reads no help in its prompt, so nothing can be told about what it lacks (UNTESTABLE; train it and see).
Help *lifts* when more units are gained than lost by it (exact McNemar, Holm over all subjects, p <= .05). It is shown
*not* to lift when the upper end of the gain (Tango's score bound, one-sided 95 %) is below `WORTH`. Else it is open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from steadyhand.evaluate.metrics import Observation, rate_metric
from steadyhand.ledger.result import Metric
from steadyhand.stats.bars import judge_bounds
from steadyhand.stats.power import further_cases
from steadyhand.stats.tests import Paired, collapse, holm, mcnemar_exact, paired_bounds

Condition = Literal["closed", "defined", "decomposed", "given"]
Kind = Literal["point", "tool", "no_call", "reading"]
Word = Literal["FINE", "SEMANTICS", "BEHAVIOR", "REASONING", "UNTESTABLE", "INSUFFICIENT"]
State = Literal["lifts", "no", "open"]
ALPHA = 0.05
BAR, TOLERANCE = 0.8, 0.15  # "fine": at least this share right, and the lower end of its interval no further below
CASES_AT_MOST = 2000  # more are not proposed
WORTH = 0.2  # a smaller gain by help changes no plan

REMEDY = {  # a sentence per verdict and what it rests on
    "fine": "nothing: it is right as it stands",
    "semantics": "SFT: knowledge cards for the points that it needs; `steady dose` finds how many",
    "behavior": "DPO: preference groups for this interface, the tool's name first, arguments second",
    "arguments": "a deterministic tool that works the arguments out, or finer steps: naming the tool is not enough",
    "steps": "finer decomposition: with the steps given it is right",
    "short": "a bigger base, or a deterministic tool: it repeats what it is told, and can do nothing with less",
    "deaf": "not to be told by prompts: even the spelled-out answer changes nothing; train a little (`steady dose`)",
    "cases": "more cases before anything is decided",
}


@dataclass(frozen=True)
class DiagnosticCase:
    """One question about one subject, right or wrong under each condition that it was asked under."""

    id: str
    cluster: str
    passed: Mapping[Condition, bool]


@dataclass(frozen=True)
class Lift:
    """What a condition's help changes against closed, over `n` units; `p_holm` is adjusted for all subjects."""

    gained: int
    lost: int
    n: int
    p: float
    p_holm: float
    high: float
    state: State


@dataclass(frozen=True)
class Diagnosis:
    """`subject` is a point, a tool, "no call" or "reading"; `needed` further units would decide (None: no number, or
    nothing is open)."""

    subject: str
    kind: Kind
    rates: dict[str, Metric]
    lifts: dict[str, Lift]
    word: Word
    remedy: str
    needed: int | None = None


def diagnose(subjects: Mapping[tuple[Kind, str], Sequence[DiagnosticCase]]) -> list[Diagnosis]:
    """A verdict for every subject with a case."""
    rates = {key: _rates(cases) for key, cases in subjects.items() if cases}
    paired = {(key, name): _paired(subjects[key], name) for key, own in rates.items() for name in own}
    helped = {f"{key}/{name}": units for (key, name), units in paired.items() if name != "closed"}
    raw = {name: mcnemar_exact(units.gains, units.losses) for name, units in helped.items()}
    adjusted = holm(raw)
    lifts: dict[tuple[Kind, str], dict[str, Lift]] = {key: {} for key in rates}
    for (key, name), units in paired.items():
        if name != "closed":
            place = f"{key}/{name}"
            lifts[key][name] = _lift(units, raw[place], adjusted[place])
    family = max(1, len(raw))
    return [_diagnosis(key, rates[key], lifts[key], family) for key in rates]


def _diagnosis(key: tuple[Kind, str], rates: dict[str, Metric], lifts: dict[str, Lift], family: int) -> Diagnosis:
    kind, subject = key
    closed = rates["closed"]
    assert closed.value is not None
    assert closed.low is not None
    assert closed.high is not None
    diagnosis = Diagnosis(subject, kind, rates, lifts, "INSUFFICIENT", REMEDY["cases"])
    if judge_bounds(closed.value, closed.low, closed.high, BAR, "point", TOLERANCE) == "PASS":
        return replace(diagnosis, word="FINE", remedy=REMEDY["fine"])
    word, why = _word(kind, {name: lift.state for name, lift in lifts.items()})
    needed = _needed(kind, lifts, family) if word == "INSUFFICIENT" else None
    return replace(diagnosis, word=word, remedy=REMEDY[why], needed=needed)


def _word(kind: Kind, states: Mapping[str, State]) -> tuple[Word, str]:
    """The first help that lifts names the bottleneck: knowledge before behavior, as SFT comes before DPO."""
    if states.get("defined") == "lifts":
        return "SEMANTICS", "semantics"
    called = kind in ("tool", "no_call")
    if states.get("decomposed") == "lifts":
        return ("BEHAVIOR", "behavior") if called else ("REASONING", "steps")
    if kind == "no_call" and states.get("given") == "lifts":
        return "BEHAVIOR", "behavior"
    if any(states.get(name) == "open" for name in ("defined", "decomposed", "given")):
        return "INSUFFICIENT", "cases"
    if states.get("given") == "lifts":
        return "REASONING", "arguments" if kind == "tool" else "short"
    return ("UNTESTABLE", "deaf") if states else ("INSUFFICIENT", "cases")


def _rates(cases: Sequence[DiagnosticCase]) -> dict[str, Metric]:
    names = dict.fromkeys(name for case in cases for name in case.passed)
    return {
        name: rate_metric(name, [Observation(c.id, c.cluster, c.passed[name]) for c in cases if name in c.passed])
        for name in names
    }


def _paired(cases: Sequence[DiagnosticCase], name: str) -> Paired:
    return collapse((c.cluster, c.passed["closed"], now) for c in cases for n, now in c.passed.items() if n == name)


def _lift(units: Paired, p: float, adjusted: float) -> Lift:
    high = paired_bounds(units)[1]
    state: State = "open"
    if units.gains > units.losses and adjusted <= ALPHA:
        state = "lifts"
    elif high < WORTH:
        state = "no"
    return Lift(units.gains, units.losses, units.n, p, adjusted, high, state)


def _needed(kind: Kind, lifts: Mapping[str, Lift], family: int) -> int | None:
    """The fewest further units that would bring a verdict, if gains and losses go on as so far; each lift is held to
    alpha / (number of comparisons), which Holm is never stricter than."""

    def decided(total: int) -> bool:
        states = {name: _state_at(lift, total / most, ALPHA / family) for name, lift in lifts.items()}
        return _word(kind, states)[0] != "INSUFFICIENT"

    most = max((lift.n for lift in lifts.values()), default=0)
    return further_cases(most, decided, CASES_AT_MOST) if most else None


def _state_at(lift: Lift, share: float, alpha: float) -> State:
    """The state with `share` times the units; losses round up and gains down, so the plan is not too optimistic."""
    units = Paired(math.floor(lift.gained * share), math.ceil(lift.lost * share), max(1, math.ceil(lift.n * share)))
    lifted = units.gains > units.losses and mcnemar_exact(units.gains, units.losses) <= alpha
    return "lifts" if lifted else "no" if paired_bounds(units)[1] < WORTH else "open"
