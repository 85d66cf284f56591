"""Preference groups in every format: chosen answers are read as right, rejected ones as wrong, some are malformed."""

from __future__ import annotations

import json

import pytest

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import Message, Tool
from steadyhand.pairs.build import build_groups
from steadyhand.pairs.case import cases, wrong
from steadyhand.pairs.judge import passes
from tests.pairs.test_build import domain


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_groups_are_built_in_the_models_own_format(form: ChatFormat) -> None:
    def write(messages: tuple[Message, ...], tools: tuple[Tool, ...], target: Message) -> str:
        return form.write(Message("assistant", "" if target.calls else target.content, target.think, target.calls))

    known = {case.decision.id: case for case in cases(domain(), write, form)}
    assert all(passes(case, case.write(case.target)) for case in known.values())
    groups = build_groups(domain(), [], write, 4, 1, form)
    assert [group.id for group in groups] == list(known)
    rejected = [(known[group.id], one) for group in groups for one in group.rejected]
    assert all(wrong(case, one.text) for case, one in rejected)
    malformed = [(case, one.text) for case, one in rejected if one.mode == "malformed"]
    assert malformed
    for case, text in malformed:
        read = case.read(text)
        assert read.error is not None or read.calls != case.target.calls


def test_a_tag_that_an_argument_quotes_is_not_where_a_call_is_broken() -> None:
    form = FORMATS["hermes"]
    raw = form.write(Message("assistant", "", "Why.", domain().scenarios[0].messages[1].calls))
    quoted = raw.replace("item-0", "see <tool_call> there")
    assert json.loads(quoted[form.last_call(quoted) + len(form.call_marks[0]) : -len(form.call_marks[1])])
