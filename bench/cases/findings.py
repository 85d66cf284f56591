"""Judges of what `steady check` and the strict parser must say, and must not say."""

from __future__ import annotations

import shutil

from bench.cases import Desk, expect, judge, shown
from steadyhand.chat.parse import parse_strict


@judge("null-arguments-1")
def null_arguments(desk: Desk) -> str:
    findings = [one for one in desk.check("null_arguments.jsonl").findings("S") if one["code"] != "S108"]
    expect(findings and "null" in " ".join(one["message"] for one in findings), shown(findings))
    return shown(findings)


@judge("nobody-asks-1")
def nobody_asks(desk: Desk) -> str:
    findings = desk.check("nobody_asks.jsonl").findings()
    expect(findings, "no finding")
    return shown(findings)


@judge("pattern-1")
def pattern(desk: Desk) -> str:
    ran = desk.check("pattern_named_group.jsonl")
    counts = ran.json["counts"]
    expect(counts["rows"] == 6 and counts["unusable"] <= 1, counts)
    expect(not ran.findings("R002"), shown(ran.findings()))
    wrong = [one for one in ran.findings("S101", "R001", "S1") if one["line"] != 6 and one["code"] != "S108"]
    expect(not wrong, shown(wrong))
    return f"{counts['rows']} rows, {counts['unusable']} unusable, {shown(ran.findings())}"


@judge("grounds-1")
def grounds(desk: Desk) -> str:
    findings = desk.check("grounds_difference.jsonl", "--select", "S111").findings()
    expect(not findings, f"{shown(findings)}: {findings[0]['message'] if findings else ''}")
    return "no finding"


@judge("fix-crlf-1")
def fix_crlf(desk: Desk) -> str:
    copy = desk.room / "fix_crlf.jsonl"
    shutil.copyfile(desk.input("fix_crlf.jsonl"), copy)
    before = copy.read_bytes()
    ran = desk.steady("check", copy, "--fix", "--write")
    after = copy.read_bytes()
    expect(after != before, f"nothing was repaired: exit {ran.rc}, {ran.err.strip()[-80:]}")
    expect(after.count(b"\r\n") == after.count(b"\n") == before.count(b"\n"), "line ends are mixed")
    expect(b"1.10}" in after, "1.10 is written anew")
    expect(after.splitlines()[1] == before.splitlines()[1], "an untouched line changed")
    return "CR LF and 1.10 stay"


@judge("parser-1")
def quoted_tag(desk: Desk) -> str:
    parsed = parse_strict(desk.input("completion_close_tag.txt").read_text("utf-8"))
    expect(len(parsed.calls) == 1, parsed)
    (call,) = parsed.calls
    expect(call.arguments == {"text": "end it with </tool_call> please"}, call)
    return "one call, the quoted tag inside"
