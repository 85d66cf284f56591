"""Gates, verdicts and the agent's log as cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from steadyhand.agent.audit import Log, read
from steadyhand.agent.policy import Code
from steadyhand.agent.writer import Writer, approve
from steadyhand.badcases.categories import categories
from steadyhand.badcases.collect import of_log, of_verdict
from steadyhand.ledger.result import Check, Verdict
from tests.agent_world import OPEN, proposal

KNOWN = categories()


def test_a_check_that_failed_is_a_case_and_one_without_evidence_is_none() -> None:
    failed = Check("no_repetition", ">= 0.98", "FAIL", 0.5, 0.3, 0.7, 20, reason="10 of 20 healthy")
    checks = (failed, replace(failed, metric="x", verdict="INSUFFICIENT"), replace(failed, metric="y", verdict="PASS"))
    (gate,) = of_verdict(Verdict("FAIL", checks), "gate", KNOWN)
    (bar,) = of_verdict(Verdict("FAIL", checks), "verdict", KNOWN)
    assert (gate.category, gate.subject, gate.expected, gate.detail) == (
        "damaged", "no_repetition", ">= 0.98", "10 of 20 healthy",
    )  # fmt: skip
    assert bar.category == "missed_bar"
    assert gate.id != bar.id
    assert of_verdict(None, "gate", KNOWN) == []


def test_blocked_and_refused_writes_of_a_real_log(tmp_path: Path) -> None:
    log = Log(tmp_path / "audit.jsonl")
    writer = Writer({}, OPEN, log)
    wanted = {name: proposal(f"{name}.com") for name in ("blocked", "refused", "waits", "twice")}
    writer.block(wanted["blocked"], Code.NEVER_TOUCH)
    for name in ("refused", "waits", "twice"):
        writer.propose(wanted[name])
    approve(log, wanted["refused"].digest, "mei", granted=False)
    approve(log, wanted["twice"].digest, "mei", granted=False)
    approve(log, wanted["twice"].digest, "li")
    log.close()
    blocked, refused = of_log(read(tmp_path / "audit.jsonl"), KNOWN)
    assert (blocked.category, blocked.code, blocked.detail) == (
        "blocked_write", "never_touch", "It stands on the never-touch list.",
    )  # fmt: skip
    assert (refused.category, refused.detail, refused.tool) == ("refused_write", "refused by mei", "report_uss")
    assert "refused.com" in refused.got
    assert refused.question == "evil[.]com is bad"
