"""When to go on, wait or go back. Pure: looks at the state and says the next row of the journal, or why it waits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from steadyhand.rollout.state import SIGNS, RolloutState
from steadyhand.stats.betting import log_e_worse, upper_bound

Kind = Literal["back", "step", "regress", "wait"]


@dataclass(frozen=True)
class RolloutDecision:
    """`because` is for a person; `to` the step that is gone to."""

    kind: Kind
    because: str
    to: int = 0


def decide(state: RolloutState) -> RolloutDecision:
    """What is to be done now. A candidate that is worse is taken back, also while a person holds the rollout."""
    if state.mode in ("new", "back", "done"):
        return RolloutDecision("wait", state.because)
    for sign in SIGNS:
        if told := _alarm(state, sign):
            return RolloutDecision("back", told)
    if state.mode == "held":
        return RolloutDecision("wait", f"held by a person: {state.because}")
    if waits := _waits(state):
        return RolloutDecision("wait", waits)
    return _onward(state, state.step + 1)


def _onward(state: RolloutState, following: int) -> RolloutDecision:
    """The traffic allows the step; the evaluation suite has to as well."""
    code = state.regressions.get(following) if state.config.regression.command else 0
    if code is None:
        return RolloutDecision("regress", "the evaluation suite is run", following)
    if code:
        return RolloutDecision("wait", f"the evaluation suite failed (exit {code})")
    return RolloutDecision("step", f"{_seen(state, 'flagged')}; {_excluded(state)}", following)


def level(state: RolloutState) -> float:
    """The evidence at which one sign alone takes the candidate back: alpha is shared by all of them."""
    return len(SIGNS) / state.config.guard.alpha


def _alarm(state: RolloutState, sign: str) -> str:
    seen = state.contrasts(sign)
    if not seen:
        return ""
    log_e = log_e_worse(seen, state.config.guard.ratio)
    if log_e < math.log(level(state)):
        return ""
    return f"{_seen(state, sign)}; evidence that the candidate is worse: e = {math.exp(min(log_e, 99)):.3g}, \
{level(state):.0f} is enough"


def _waits(state: RolloutState) -> str:
    if (missing := state.config.steps.conversations[state.step] - state.here) > 0:
        return f"{missing} more conversations at {share_text(state.share)}"
    if not state.excluded:
        return f"{_seen(state, 'flagged')}; {_excluded(state)}"
    return ""


def _excluded(state: RolloutState) -> str:
    margin = state.config.guard.margin
    if state.excluded:
        return f"an excess of {100 * margin:.3g} points is excluded"
    bound = upper_bound(state.contrasts("flagged"), state.config.guard.alpha)
    return f"an excess of up to {100 * bound:.3g} points is not excluded, {100 * margin:.3g} must be"


def _seen(state: RolloutState, sign: str) -> str:
    parts = []
    for kind, one in state.counts.get(sign, {}).items():
        where = "in pairs" if kind == "pair" else f"at {share_text(float(kind))}"
        parts.append(f"{one['candidate']} against {one['incumbent']} of {one['n']} {where}")
    return f"{sign}: {', '.join(parts) or 'nothing'}"


def share_text(share: float) -> str:
    return "shadow" if share == 0 else f"{100 * share:.3g} %"


def status(state: RolloutState) -> dict[str, object]:
    """Where it stands, as JSON."""
    decision = decide(state)
    signs = {}
    for sign in SIGNS:
        seen = state.contrasts(sign)
        signs[sign] = {
            "counts": {str(kind): dict(one) for kind, one in state.counts.get(sign, {}).items()},
            "e_worse": math.exp(min(log_e_worse(seen, state.config.guard.ratio), 99)) if seen else 1.0,
            "excess_at_most": upper_bound(seen, state.config.guard.alpha) if seen else 1.0,
        }
    return {
        "name": state.config.name, "mode": state.mode, "step": state.step, "share": state.share,
        "next": decision.kind, "because": decision.because, "conversations": state.finished, "here": state.here,
        "open": len(state.talks), "answers": dict(state.answers), "level": level(state), "signs": signs,
        "slow_after": state.slow_after, "lost": dict(state.lost), "history": state.history,
    }  # fmt: skip
