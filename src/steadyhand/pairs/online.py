"""Preference groups out of a model's own answers: a judge compares them, ties are dropped, what is left is a group.

Online DPO (Guo et al. 2024) with groups in place of pairs: the best answer to a decision against all that lose to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from steadyhand.chat.messages import Message
from steadyhand.domain.rows import Group, Rejected
from steadyhand.pairs.build import ModelError, mode_of
from steadyhand.pairs.case import Case
from steadyhand.pairs.judge import Choice, Judge, Pair, in_both_orders

Tally = Counter[str]  # what came of the decisions: "group", "tie", "alike" (one answer only), "unwritable"


def online_groups(
    cases: Sequence[Case], answers: Mapping[str, Sequence[str]], judge: Judge, k: int, *, reference: bool = True
) -> tuple[list[Group], Tally]:
    """At most one group for each of `cases`, with at most `k` rejected answers.

    `answers`: raw completions by decision. `reference` lets the scenario's own answer compete, so that a decision which
    the model always gets wrong teaches as well; among equals the model's own answer is chosen.
    """
    rivals = {case.decision.id: _rivals(case, answers[case.decision.id], reference) for case in cases}
    pairs = [(case, *two) for case in cases for two in combinations(rivals[case.decision.id], 2)]
    words = dict(zip(map(_key, pairs), in_both_orders(judge, pairs), strict=True))
    groups, tally = [], Tally()
    for case in cases:
        made = _group(case, rivals[case.decision.id], words, k)
        groups += [made] if isinstance(made, Group) else []
        tally["group" if isinstance(made, Group) else made] += 1
    return groups, tally


def _rivals(case: Case, answers: Sequence[str], reference: bool) -> list[str]:
    """Different answers, the most frequent first."""
    own = [text for text, _ in Counter(answers).most_common()]
    return list(dict.fromkeys([*own, case.write(case.target)] if reference else own))


def _key(pair: Pair) -> tuple[str, str, str]:
    case, first, second = pair
    return case.decision.id, first, second


def _group(case: Case, rivals: Sequence[str], words: Mapping[tuple[str, str, str], Choice], k: int) -> Group | str:
    if len(rivals) < 2:
        return "alike"
    beaten: dict[str, list[str]] = {text: [] for text in rivals}
    lost = set()
    for first, second in combinations(rivals, 2):
        word = words[case.decision.id, first, second]
        if word != "tie":
            winner, loser = (first, second) if word == "first" else (second, first)
            beaten[winner].append(loser)
            lost.add(loser)
    best = max((text for text in rivals if text not in lost), key=lambda text: len(beaten[text]), default=None)
    if best is None or not beaten[best]:
        return "tie"
    chosen = _message(case, best)
    if chosen is None:
        return "unwritable"
    rejected = tuple(
        Rejected(text, mode_of(case, ModelError(case.decision.id, text, None)), "model") for text in beaten[best][:k]
    )
    decision = case.decision
    kind = decision.scenario.input_class
    return Group(decision.id, decision.messages, case.tools, chosen, rejected, kind, case.tool)


def _message(case: Case, raw: str) -> Message | None:
    """The message that is written as `raw`; None when there is none, for training writes every answer anew."""
    if raw == case.write(case.target):
        return case.target
    parsed = case.read(raw)
    message = Message("assistant", parsed.content, parsed.think, tuple(parsed.calls))
    return message if parsed.error is None and case.write(message) == raw else None
