"""What reports say of a name, in two languages: only a listed accusation accuses, and an order is no way to a write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.claims import Reader
from bench.labeled import Row, written
from examples.uss.reading.basis import Basis
from examples.uss.reading.claims import read_claim
from steadyhand.agent.said import Said
from steadyhand.extract import find_entities

VENDORS = [row for row in written() if row.split == "development" and row.source.startswith(("vendor", "厂商"))]
PROPOSED = 0.9  # of the true findings of the rows that the rules were made with


def said(text: str, value: str = "evil-host7.com") -> Said:
    return read_claim(text, [found for found in find_entities(text) if found.value == value])


@pytest.mark.parametrize(
    ("text", "claim", "basis"),
    [
        ("The loader calls home to evil-host7[.]com.", "unsafe", Basis.SENTENCE),
        ("木马控制端：evil-host7.com", "unsafe", Basis.LABEL),
        ("| Host | Role |\n|---|---|\n| evil-host7.com | C2 server |\n", "unsafe", Basis.TABLE),
        ("| 主机 | 说明 |\n|---|---|\n| evil-host7.com | 木马控制端 |\n", "unsafe", Basis.TABLE),
        ("病毒作者申请的仿冒网站 evil-host7.com 用来收集数据。", "unsafe", Basis.SENTENCE),
    ],
)
def test_claims(text: str, claim: str, basis: Basis) -> None:
    found = said(text)
    assert (found.claim, found.basis) == (claim, basis)


@pytest.mark.parametrize("row", [row for row in VENDORS if row.kind != "finding"], ids=lambda row: row.text[:40])
def test_honest_mentions_and_hostile_reports_propose_nothing(row: Row) -> None:
    assert not Reader("rule").judge(row)[2]


def test_most_true_findings_are_proposed() -> None:
    findings = [Reader("rule").judge(row)[2] for row in VENDORS if row.kind == "finding"]
    assert sum(findings) >= PROPOSED * len(findings) > 0


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_surroundings_give_one_of_three_claims(before: str, after: str) -> None:
    text = f"{before}\n1.2.3.4\n{after}"
    found = [one for one in find_entities(text) if one.value == "1.2.3.4"]
    if found:
        assert read_claim(text, found).claim in ("safe", "unsafe", "unclear")


@pytest.mark.parametrize(
    "text",
    [
        "The phishing mails imitate evil-host7.com.",
        "evil-host7.com was attacked in March.",
        "There is no evidence that evil-host7.com hosts malware.",
        "Does evil-host7.com host malware?",
        "If evil-host7.com turns out to be malicious, tell us.",
        "Researchers at evil-host7.com found the malware.",
        "Mail soc@evil-host7.com about the phishing wave.",
        "攻击者冒充 evil-host7.com 发送钓鱼邮件。",
        "evil-host7.com 三月遭到攻击。",
        "没有证据表明 evil-host7.com 传播木马。",
    ],
)
def test_an_honest_mention_accuses_nobody(text: str) -> None:
    assert said(text).claim == "unclear"
