"""What may never be written, whoever proposes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from steadyhand.agent.config import writing_agent
from steadyhand.agent.extractors import HostCode
from steadyhand.agent.hosts import bare_suffix, host_of, listed, reserved
from steadyhand.agent.policy import Code, Grounds, Policy, Proposal, screened
from tests.agent_world import OPEN, proposal

AGENT = writing_agent(Path(__file__).resolve().parents[2] / "examples" / "uss")
FOUND = {"evil.com", "http://evil.com/a", "https://docs.google.com/x", "co.uk", "github.io", "10.0.0.1", "45.83.64.99"}


def judge(one: Proposal, policy: Policy = OPEN) -> str:
    barred = AGENT.extractor().barred(one.entity, policy.never_touch)
    due = AGENT.plan.due(one.arguments, one.entity, one.verdict)
    return screened(policy, one, Grounds(one.entity in FOUND, due, barred))


@pytest.mark.parametrize(
    ("entity", "code"),
    [
        ("evil.com", Code.ALLOWED), ("http://evil.com/a", Code.ALLOWED), ("45.83.64.99", Code.ALLOWED),
        ("other.com", Code.PROVENANCE), ("vil.com", Code.PROVENANCE), ("*.evil.com", Code.PROVENANCE),
        ("https://docs.google.com/x", Code.NEVER_TOUCH), ("co.uk", HostCode.BARE_SUFFIX),
        ("github.io", HostCode.BARE_SUFFIX), ("10.0.0.1", HostCode.RESERVED),
    ],
)  # fmt: skip
def test_entities(entity: str, code: Code | HostCode) -> None:
    assert judge(proposal(entity)) == code


def test_arguments_must_be_those_of_entity_and_verdict() -> None:
    smuggled = {"uri": "bank.com", "verdict": "unsafe", "reason": "false_negative"}
    assert judge(proposal(arguments=smuggled)) == Code.ARGUMENTS
    assert judge(proposal(arguments={**proposal().arguments, "force": True})) == Code.ARGUMENTS


@pytest.mark.parametrize(("standing", "verdict"), [("unsafe", "safe"), ("unsafe", "unsafe"), ("safe", "safe")])
def test_transitions_are_an_allow_list(standing: str, verdict: str) -> None:
    arguments = AGENT.plan.writing("evil.com", verdict)
    one = proposal(standing=standing, verdict=verdict, arguments=arguments)
    assert judge(one) == Code.TRANSITION
    assert (judge(one, Policy(transitions=("unsafe->safe",))) == Code.ALLOWED) == (standing != verdict)


def test_own_names_and_networks_are_never_touched() -> None:
    policy = Policy(never_touch=("evil.com", "45.83.0.0/16"), transitions=OPEN.transitions)
    assert {judge(proposal(entity), policy) for entity in ("evil.com", "http://evil.com/a", "45.83.64.99")} == {
        Code.NEVER_TOUCH
    }


@pytest.mark.parametrize("name", ["*.evil.com", "Evil.com", "http://evil.com", "", " evil.com"])
def test_a_never_touch_entry_that_would_match_nothing_is_refused(name: str) -> None:
    if name == name.strip() != "":
        assert AGENT.extractor().unfit(name)
    else:
        with pytest.raises(ValidationError):
            Policy(never_touch=(name,))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "169.254.0.1", "224.0.0.1", "::1", "fe80::1", "::ffff:10.0.0.1", "192.0.2.7",
             "255.255.255.255", "localhost", "printer.local", "x.internal"]
)  # fmt: skip
def test_reserved(host: str) -> None:
    assert reserved(host)


def test_public_hosts_are_free() -> None:
    for host in ("8.8.8.8", "2606:4700::1111", "evil.com", "evil.co.uk", "evil.github.io", "notgoogle.com"):
        assert not reserved(host)
        assert not bare_suffix(host)
        assert not listed(host, ["google.com", "10.0.0.0/8"])


@pytest.mark.parametrize(
    ("entity", "host"),
    [
        ("http://a:b@Evil.com.:8080/x?y", "evil.com"), ("http://[::1]:80/", "::1"), ("EVIL.com", "evil.com"),
        ("http://[broken/", ""), ("http:///x", ""), ("http://google.com@evil.com/", "evil.com"),
    ],
)  # fmt: skip
def test_hosts_of_entities(entity: str, host: str) -> None:
    assert host_of(entity) == host


def test_the_key_is_the_wish_and_the_digest_is_all_that_was_shown() -> None:
    one = proposal()
    other: list[dict[str, Any]] = [
        {"standing": "not_found"}, {"evidence": {}}, {"policy": "2" * 64}, {"tool": "other"},
        {"arguments": {**one.arguments, "uri": "x.com"}},
    ]  # fmt: skip
    wishes: list[dict[str, Any]] = [{"report": "1" * 64}, {"entity": "other.com"}, {"verdict": "safe"}]
    assert {proposal(**change).key("uss") for change in other} == {one.key("uss")}
    assert len({one.key("uss"), one.key("staging"), *(proposal(**change).key("uss") for change in wishes)}) == 5
    changes = [*other, *wishes]
    assert len({one.digest} | {proposal(**change).digest for change in changes}) == 1 + len(changes)


def test_another_policy_is_another_digest() -> None:
    assert Policy(per_run=3).digest != Policy().digest == Policy(per_run=20).digest


@given(st.text(max_size=30))
def test_nothing_outside_the_report_is_ever_allowed(entity: str) -> None:
    assert (judge(proposal(entity)) == Code.ALLOWED) <= (entity in FOUND)
