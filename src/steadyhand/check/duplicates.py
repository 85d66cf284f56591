"""Rules N: near-duplicates, judged by what they teach. A changed value with a changed answer is no duplicate: it is the
contrast pair that teaches the boundary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from steadyhand.check.dataset import Dataset
from steadyhand.check.decision_states import DecisionState, states
from steadyhand.check.finding import Finding, finding
from steadyhand.datasets.lazy import Mapped
from steadyhand.text.near import NearPair, near_pairs


def check_duplicates(dataset: Dataset) -> Iterator[Finding]:
    """N101-N103, each at most once per row and rule, at the later row of a pair."""
    decisions = states(dataset.records)
    said: set[tuple[str, int]] = set()
    for a, b, alike in _with_same_offer(decisions, near_pairs(Mapped(decisions, lambda state: state.prompt))):
        code = _judge(decisions[a], decisions[b]) if decisions[a].end else None
        if code and (code, b) not in said:
            said.add((code, b))
            yield _finding(code, decisions[a], decisions[b], alike)


def _with_same_offer(decisions: Sequence[DecisionState], near: Iterable[NearPair]) -> Iterator[NearPair]:
    """`near`, which pairs equal prompts with the first of them only, whatever that one was offered; and before each of
    them the pair with the first that has its prompt and its offer."""
    first: dict[tuple[int, frozenset[str]], int] = {}
    for pair in near:
        prompt, index, alike = pair
        if alike == 1 and decisions[prompt].form == decisions[index].form:
            first.setdefault((prompt, decisions[prompt].offer), prompt)
            same = first.setdefault((prompt, decisions[index].offer), index)
            if same != index:
                yield same, index, 1.0
        yield pair


def _judge(state: DecisionState, other: DecisionState) -> str | None:
    """The rule that a near pair falls under, if any."""
    if state.contradicts(other):
        same = state.form == other.form
        return "N102" if same else None if state.same_values(other) else "N103"
    redundant = state.same_outcome(other) and state.same_offer(other) and state.same_values(other)  # the quickest first
    return "N101" if redundant else None


def _finding(code: str, state: DecisionState, other: DecisionState, alike: float) -> Finding:
    names = f"{other.record.name} and {state.record.name}"
    changed = ", ".join(sorted({*(state.values - other.values), *(other.values - state.values)}))
    what = {
        "N101": f"{names}: prompts alike by {alike:.2f}, same values, same answer",
        "N102": f"{names}: one prompt, answered {_short(other)} here and {_short(state)} at {state.record.place}",
        "N103": f"{names}: alike by {alike:.2f}, but {_clip(changed) or 'the order'} changes the answer",
    }
    next = {
        "N101": f"keep one of the two (the other is at {state.record.place}), or reword one so that it teaches more",
        "N102": "decide which answer is right, and correct or remove the other",
        "N103": "nothing: keep both, on one side of any split",
    }
    return finding(code, other.record.at(other.prompt.rpartition("\n")[2]), what[code], next[code])


def _short(state: DecisionState) -> str:
    return repr(_clip(state.outcome or state.answer))


def _clip(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
