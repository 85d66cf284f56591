"""Writing once against the real USS: approval, caps, lost answers, kill -9 at every step, undo."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steadyhand.agent.audit import Log, verify
from steadyhand.agent.policy import Code, Policy, Proposal
from steadyhand.agent.writer import State, Writer, approve
from steadyhand.errors import GateFailed, UsageError
from steadyhand.ledger.keys import canonical_json
from tests.agent_world import OPEN, close_services, proposal, report_tool, writer
from tests.uss import REVIEW_TOKEN, TOKEN, Uss, running

ROOT = Path(__file__).resolve().parents[2]
ONCE = [("evil.com", "unsafe", "pending")]


@pytest.fixture
def uss(tmp_path: Path) -> Iterator[Uss]:
    with running(tmp_path) as service:
        yield service
        close_services()


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_a_write_is_done_once_however_often_it_is_settled(uss: Uss, audit: Path) -> None:
    for _ in range(2):
        agent = writer(uss.url, TOKEN, audit)
        outcomes = [agent.settle(proposal(), send=True) for _ in range(2)]
        assert [(one.state, one.answer["ticket"]) for one in outcomes] == [(State.DONE, "T101")] * 2
    assert uss.filed() == ONCE
    assert [record.event for record in agent.log.records] == ["intent", "result"]


def test_a_dry_run_sends_nothing(uss: Uss, audit: Path) -> None:
    outcome = writer(uss.url, TOKEN, audit).settle(proposal(), send=False)
    assert (outcome.state, outcome.code) == (State.NONE, Code.DRY_RUN)
    assert uss.filed() == []


def test_sixteen_threads_of_two_writers_write_once(uss: Uss, audit: Path) -> None:
    agents = [writer(uss.url, TOKEN, audit) for _ in range(2)]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: agents[n % 2].settle(proposal(), send=True), range(16)))
    assert {one.state for one in found} == {State.DONE}
    assert uss.filed() == ONCE
    assert [record.event for record in Log(audit).records] == ["intent", "result"]


@pytest.mark.parametrize("kind", ["fail_after", "garbage", "drop_after"])
def test_a_lost_answer_is_found_by_reading(uss: Uss, audit: Path, kind: str) -> None:
    uss.fault({"kind": kind, "method": "POST"})
    agent = writer(uss.url, TOKEN, audit)
    assert agent.settle(proposal(), send=True).state is State.DONE
    assert [record.event for record in agent.log.records] == ["intent", "result", "reconciled"]
    assert uss.filed() == ONCE


@pytest.mark.parametrize("kind", ["fail", "drop"])
def test_what_was_not_done_is_done_by_the_next_run(uss: Uss, audit: Path, kind: str) -> None:
    uss.fault({"kind": kind, "method": "POST"})
    assert writer(uss.url, TOKEN, audit).settle(proposal(), send=True).state is State.NONE
    assert uss.filed() == []
    assert writer(uss.url, TOKEN, audit).settle(proposal(), send=True).state is State.DONE
    assert uss.filed() == ONCE


def test_a_write_in_doubt_waits_until_it_can_be_read(uss: Uss, audit: Path) -> None:
    uss.fault({"kind": "drop_after", "method": "POST"}, {"kind": "fail", "method": "GET", "times": 2})
    agent = writer(uss.url, TOKEN, audit)
    assert agent.settle(proposal(), send=True).state is State.OPEN
    assert agent.settle(proposal(), send=True).state is State.OPEN  # and nothing was sent again
    assert len(agent.pending()) == 1
    assert agent.recover() == [(proposal().key(""), State.DONE)]
    assert uss.filed() == ONCE


def test_without_keys_absence_is_no_proof(uss: Uss, audit: Path) -> None:
    uss.fault({"kind": "drop", "method": "POST"})
    agent = writer(uss.url, TOKEN, audit, keyed=False)
    assert agent.settle(proposal(), send=True).state is State.UNRESOLVED
    assert agent.settle(proposal(), send=True).state is State.UNRESOLVED
    assert uss.filed() == []


def test_a_refusal_is_final_and_a_full_service_is_not(uss: Uss, audit: Path) -> None:
    uss.ask("POST", "/v1/feedback", key="somebody-else", json=proposal().arguments)
    agent = writer(uss.url, TOKEN, audit)
    outcome = agent.settle(proposal(), send=True)
    assert (outcome.state, outcome.answer) == (State.REFUSED, {"error": "already reported", "ticket": "T101"})
    wrong = Writer({"report_uss": report_tool(uss.url, "wrong-token")}, OPEN, agent.log)
    assert wrong.settle(proposal("b.com"), send=True).state is State.NONE  # 401 says nothing about the write
    assert agent.settle(proposal("b.com"), send=True).state is State.DONE


def test_without_approval_nothing_is_sent(uss: Uss, audit: Path) -> None:
    policy = Policy()
    agent, one = writer(uss.url, TOKEN, audit, policy), proposal(under=policy)
    agent.propose(one)
    agent.propose(one)
    assert agent.settle(one, send=True).code is Code.APPROVAL
    approve(agent.log, one.digest[:12], "someone")
    assert agent.settle(proposal(under=policy, evidence={"other": 1}), send=True).code is Code.APPROVAL
    assert agent.settle(one, send=True).state is State.DONE
    assert [record.event for record in agent.log.records] == ["proposal", "approval", "intent", "result"]


@pytest.mark.parametrize("hours", [25, -1])
def test_an_approval_expires_and_one_from_the_future_is_none(uss: Uss, audit: Path, hours: int) -> None:
    now = [datetime(2026, 1, 31, 8, tzinfo=UTC)]
    log = Log(audit, lambda: now[0])
    policy = Policy()
    agent, one = Writer({"report_uss": report_tool(uss.url, TOKEN)}, policy, log), proposal(under=policy)
    agent.propose(one)
    approve(log, one.digest, "someone")
    now[0] += timedelta(hours=hours)
    assert agent.settle(one, send=True).code is Code.APPROVAL


def test_a_later_refusal_takes_an_approval_back(uss: Uss, audit: Path) -> None:
    policy = Policy()
    agent, one = writer(uss.url, TOKEN, audit, policy), proposal(under=policy)
    agent.propose(one)
    approve(agent.log, one.digest, "someone")
    approve(agent.log, one.digest, "someone", granted=False)
    assert agent.settle(one, send=True).code is Code.APPROVAL


def test_what_was_never_proposed_cannot_be_approved(audit: Path) -> None:
    log = Log(audit)
    for digest, by in (("f" * 64, "someone"), ("", "someone"), ("f" * 64, " ")):
        with pytest.raises(UsageError):
            approve(log, digest, by)


def test_caps_count_this_run_and_this_day(uss: Uss, audit: Path) -> None:
    policy = Policy(approval=False, per_run=1, per_day=2)
    codes = []
    for _ in range(3):
        agent = writer(uss.url, TOKEN, audit, policy)
        codes.append([agent.settle(proposal(f"{n}.com", policy), send=True).code for n in range(3)])
    allowed, run, day = Code.ALLOWED, Code.RUN_CAP, Code.DAY_CAP
    assert codes == [[allowed, run, run], [allowed, allowed, run], [allowed, allowed, day]]
    assert len(uss.filed()) == 2


CHILD = """
import http.client, os, signal, sys
from pathlib import Path
from urllib.parse import urlsplit
from steadyhand.agent.audit import Log
from tests.agent_world import proposal, writer
from tests.uss_token import TOKEN
url, path, moment = sys.argv[1:]
agent = writer(url, TOKEN, Path(path))
tool = agent.tools["report_uss"]
def die():
    os.kill(os.getpid(), signal.SIGKILL)
write, event = os.write, ["before"]
def torn(descriptor, data):
    write(descriptor, data[: len(data) // 2])
    die()
append = Log.append
def appended(self, event, data):
    if moment == "before " + event: die()
    if moment == "torn " + event: os.write = torn
    record = append(self, event, data)
    if moment == "after " + event: die()
    return record
Log.append = appended
if moment == "request on its way":
    def carry(arguments, key, seconds):
        import json
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        headers = {"Authorization": "Bearer " + TOKEN, "Idempotency-Key": key, "Content-Type": "application/json"}
        connection.request("POST", "/v1/feedback", json.dumps(arguments), headers)
        die()
    from dataclasses import replace
    agent.tools["report_uss"] = replace(tool, carry=carry)
agent.settle(proposal(), send=True)
if moment.endswith(("undo_intent", "undo_result")):
    agent.undo(proposal().key(""), "someone")
"""
STEPS = [f"{when} {event}" for event in ("intent", "result") for when in ("before", "torn", "after")]
UNDO_STEPS = [f"{when} {event}" for event in ("undo_intent", "undo_result") for when in ("before", "torn", "after")]


def killed(uss: Uss, audit: Path, moment: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    ended = subprocess.run([sys.executable, "-c", CHILD, uss.url, str(audit), moment], env=environment, timeout=300)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", [*STEPS, "request on its way"])
def test_kill_9_at_every_step_neither_loses_nor_doubles_the_write(uss: Uss, audit: Path, moment: str) -> None:
    killed(uss, audit, moment)
    agent = writer(uss.url, TOKEN, audit)
    assert agent.settle(proposal(), send=True).state is State.DONE
    assert uss.filed() == ONCE
    verified = verify(audit)
    assert verified.torn == 0
    assert sum(record.event == "torn" for record in agent.log.records) == moment.startswith("torn")


@pytest.mark.parametrize("moment", UNDO_STEPS)
def test_kill_9_at_every_step_of_an_undo(uss: Uss, audit: Path, moment: str) -> None:
    killed(uss, audit, moment)
    agent = writer(uss.url, TOKEN, audit)
    assert agent.undo(proposal().key(""), "someone").state is State.UNDONE
    assert uss.filed() == [("evil.com", "unsafe", "withdrawn")]
    assert agent.settle(proposal(), send=True).state is State.UNDONE  # a person took it back: it stays back
    verify(audit)


def test_what_a_reviewer_decided_cannot_be_undone(uss: Uss, audit: Path) -> None:
    agent = writer(uss.url, TOKEN, audit)
    agent.settle(proposal(), send=True)
    uss.ask("POST", "/v1/feedback/T101/review", token=REVIEW_TOKEN, json={"state": "accepted"})
    with pytest.raises(GateFailed, match="already accepted"):
        agent.undo(proposal().key(""), "someone")
    assert agent.state(proposal().key(""))[0] is State.DONE


def test_only_what_was_written_can_be_undone(uss: Uss, audit: Path) -> None:
    with pytest.raises(UsageError, match="nothing to undo"):
        writer(uss.url, TOKEN, audit).undo("0" * 64, "someone")


def test_a_changed_policy_sends_nothing_again(uss: Uss, audit: Path) -> None:
    for policy in (OPEN, Policy(approval=False, per_day=7), Policy(approval=False, never_touch=("x.example",))):
        agent = writer(uss.url, TOKEN, audit, policy)
        assert agent.settle(proposal(under=policy), send=True).state is State.DONE
    assert uss.filed() == ONCE
    assert len({proposal(under=policy).digest for policy in (OPEN, Policy(per_run=1))}) == 2  # approvals do not hold


def of_0_1(one: Proposal) -> str:
    """The idempotency key as version 0.1 made it: of the tool and the policy too."""
    row = ["write", one.tool, one.entity, one.verdict, one.report, one.policy]
    return hashlib.sha256(canonical_json(row).encode()).hexdigest()


OLD = Policy(approval=False, per_day=3)
DONE = {"status": "ok", "code": 201, "answer": {"ticket": "T7", "state": "pending"}, "detail": ""}
FAILED = {"status": "not_sent", "code": 0, "answer": None, "detail": ""}
UNKNOWN = {"status": "unknown", "code": 0, "answer": None, "detail": ""}
REFUSED = {"status": "refused", "code": 409, "answer": {"error": "already reported"}, "detail": ""}
UNDONE = {"status": "ok", "code": 200, "answer": None, "detail": ""}


def old_log(audit: Path, *writes: tuple[Policy, list[tuple[str, dict[str, object]]]]) -> list[str]:
    """A log as version 0.1 wrote it; the keys of its writes."""
    log, keys = Log(audit), []
    for policy, events in writes:
        one = proposal(under=policy)
        key = of_0_1(one)
        names = ("tool", "arguments", "entity", "verdict", "standing", "report", "policy", "evidence")
        row = {"key": key, "digest": one.digest} | {name: getattr(one, name) for name in names}
        log.append("proposal", row)
        log.append("intent", row)
        for event, data in events:
            log.append(event, {"key": key, **data})
        keys.append(key)
    log.close()
    return keys


@pytest.mark.parametrize(
    ("writes", "state", "sends", "which"),
    [
        ([(OLD, [("result", DONE)])], State.DONE, 0, 0),
        ([(OLD, [("result", REFUSED)])], State.REFUSED, 0, 0),
        ([(OLD, [("result", DONE), ("undo_intent", {}), ("undo_result", UNDONE)])], State.UNDONE, 0, 0),
        ([(OLD, [("result", FAILED)]), (OPEN, [("result", DONE)])], State.DONE, 0, 1),
        ([(OLD, [("result", DONE)]), (OPEN, [("result", FAILED)])], State.DONE, 0, 0),
        ([(OLD, [("result", REFUSED)]), (OPEN, [("result", DONE)])], State.DONE, 0, 1),
        ([(OLD, [("result", FAILED)])], State.DONE, 1, 0),  # sent again, under the key that may still be under way
        ([(OLD, [("result", FAILED)]), (OPEN, [("result", FAILED)])], State.DONE, 1, 1),
        ([(OLD, [("result", UNKNOWN)])], State.NONE, 0, 0),  # read: nobody has it
    ],
)
def test_a_write_of_version_0_1_is_recognized(
    uss: Uss, audit: Path, writes: list[tuple[Policy, list[tuple[str, dict[str, object]]]]], state: State, sends: int,
    which: int,
) -> None:  # fmt: skip
    keys = old_log(audit, *writes)
    agent = writer(uss.url, TOKEN, audit, Policy(approval=False, per_day=99))
    now = proposal(under=agent.policy)
    outcome = agent.settle(now, send=state is not State.NONE)
    assert (outcome.state, outcome.key) == (state, keys[which])
    assert len(uss.filed()) == sends
    again = agent.settle(now, send=True)
    assert again.key == keys[which]
    assert len(uss.filed()) == sends + (state is State.NONE)
    assert verify(audit).records == len(agent.log.records)


def test_a_write_elsewhere_is_another_write(uss: Uss, audit: Path) -> None:
    agent = writer(uss.url, TOKEN, audit)
    staging = replace(agent.tools["report_uss"], service="staging")
    assert agent.settle(proposal(), send=True).state is State.DONE
    other = Writer({"report_uss": staging}, OPEN, agent.log)
    outcome = other.settle(proposal(), send=True)
    assert outcome.key == proposal().key("staging") != proposal().key("")
    assert len(agent.log.known.by_key) == 2
    renamed = Writer({"tell_uss": replace(staging, tool=replace(staging.tool, name="tell_uss"))}, OPEN, agent.log)
    assert renamed.settle(proposal(tool="tell_uss"), send=True).key == outcome.key  # the tool's name is ours


def test_an_intent_names_the_approval_that_it_was_sent_by(uss: Uss, audit: Path) -> None:
    policy = Policy()
    agent, one = writer(uss.url, TOKEN, audit, policy), proposal(under=policy)
    agent.propose(one)
    approve(agent.log, one.digest, "ada")
    agent.settle(one, send=True)
    records = {record.event: record for record in agent.log.records}
    assert records["intent"].data["approval"] == records["approval"].n
    assert (verify(audit).writes, verify(audit).unapproved) == (1, 0)
