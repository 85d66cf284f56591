"""Rules C: do the checks on answers fit the answers? Gold answers that fail, answers that nothing judges, bars that no
number of cases could meet.

Knows a domain and its checks, without any model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from steadyhand.check.finding import Finding, finding
from steadyhand.datasets.templates import RowState, TemplateRow, template_states
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.domain.model import Domain, Scenario
from steadyhand.errors import Place


def check_answers(domain: Domain) -> Iterator[Finding]:
    """C101-C104 over all scenarios and bars, P207 over preferences/, P208 over rows of templates."""
    yield from _stale(domain)
    for scenario in domain.scenarios:
        for decision in decisions(scenario):
            for check in decision.checks:
                for fault in check.faults()[:2]:
                    message = f"{decision.id}: {check.name}: {fault}"
                    yield finding("C101", scenario.place, message, "correct the answer, or what `answer:` says")
        yield from _unseen(scenario)
    yield from _alone(domain)
    yield from _unjudged(domain)
    for bar in domain.bars:
        if bar.least == 1 and bar.evidence == "lower":
            place = Place(str(domain.root / "checks.yaml"))
            message = f"{bar.metric}: no lower bound of an interval reaches 1"
            yield finding("C103", place, message, "write least: .99, or leave `evidence` out")


def _unseen(scenario: Scenario) -> Iterator[Finding]:
    """C104: a comparison whose worse answer passes all that judges it."""
    for number, worse in enumerate(scenario.rejected, 1):
        decision = decisions(scenario)[-1]
        if not worse.calls and not decision.expected and decision.judge(worse.content).word == "passed":
            names = ", ".join(decision.judge(worse.content).judgments)
            message = f"{scenario.id}: rejected answer {number} passes all that judges it ({names})"
            yield finding("C104", scenario.place, message, "add a check that sees what is wrong, or swap the answers")


def _alone(domain: Domain) -> Iterator[Finding]:
    if domain.uncompared:
        count = len(domain.uncompared)
        message = f"{count} judged answer(s) follow a prompt that no other judged answer follows"
        yield finding("P207", domain.uncompared[0], message, "add an answer of the other kind to the same prompt")


def _stale(domain: Domain) -> Iterator[Finding]:
    """P208, a finding for each template."""
    by_template: dict[str, list[TemplateRow]] = {}
    for row in template_states(domain.root):
        if row.state not in (RowState.FRESH, RowState.EDITED):
            by_template.setdefault(row.template, []).append(row)
    for name, rows in by_template.items():
        counts = Counter(row.state.value for row in rows)
        message = f"{name}: {', '.join(f'{count} {word}' for word, count in counts.items())}, first {rows[0].id}"
        yield finding("P208", rows[0].place, message, f"steady templates {domain.root} --make")


def _unjudged(domain: Domain) -> Iterator[Finding]:
    held_out = [
        decision for scenario in domain.scenarios if scenario.split == "eval" for decision in decisions(scenario)
    ]
    bare = [decision for decision in held_out if not (decision.expected or decision.checks or _is_ruled(decision))]
    if bare:
        message = f"{len(bare)} of {len(held_out)} held-out answers are judged by nothing, first {bare[0].id}"
        yield finding("C102", bare[0].scenario.place, message, "say under `answer:` what is right, or `score: false`")


def _is_ruled(decision: Decision) -> bool:
    """An empty rule says that any text is right, which it can where tools are offered."""
    rule = decision.answer
    return rule is not None and bool(rule.must or rule.must_not or decision.scenario.tools)
