"""The matrix of preference groups: what is a hole, what cannot be, and what nobody foresaw."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.domain.coverage import Coverage, coverage
from steadyhand.domain.rows import Group, Rejected

FIND, TELL = Tool("find", "", {}), Tool("tell", "", {})
DUE = Group(
    "s#1", (Message("user", "?"),), (FIND, TELL), Message("assistant", calls=(ToolCall("find", {}),)),
    (Rejected("x", "no_call", "model"),), "common", "find",
)  # fmt: skip
READ = replace(DUE, messages=(Message("tool", "{}"),), chosen=Message("assistant", "73"), rejected=(), tool="none")


def cells(found: Coverage, tool: str, input_class: str = "common") -> dict[str, tuple[int, bool]]:
    return {cell.mode: (cell.count, cell.hole) for cell in found.rows[tool][input_class]}


def test_a_hole_is_what_could_be_in_the_states_of_the_groups() -> None:
    found = coverage([DUE, READ])
    assert cells(found, "find")["no_call"] == (1, False)
    assert cells(found, "find")["wrong_tool"] == (0, True)
    assert cells(found, "find")["misread_result"] == (0, False)  # no result was read
    assert cells(found, "find")["needless_call"] == (0, False)  # a call is due
    assert cells(found, "none")["misread_result"] == (0, True)
    missing = {cell.mode for cell in found.holes if cell.tool == "none"}
    assert missing == {"needless_call", "misread_result", "malformed"}
    assert not cells(coverage([replace(DUE, tools=(FIND,))]), "find")["wrong_tool"][1]  # there is no other tool
    assert (found.largest, found.possible) == (1, len(found.holes) + 1)


def test_a_tool_without_any_group_is_a_row_of_holes_before_that_of_no_tool() -> None:
    found = coverage([DUE, READ], ("find", "tell"))
    assert list(found.rows) == ["find", "tell", "none"]
    assert cells(found, "tell")["wrong_args"] == (0, True)
    assert coverage([], ("find",)).cells == ()


def test_a_mode_that_only_a_check_knows_is_counted_and_never_a_hole() -> None:
    found = coverage([replace(READ, rejected=(Rejected("x", "rude", "model"),)), DUE])
    assert found.modes[-1] == "rude"
    assert cells(found, "none")["rude"] == (1, False)
    assert cells(found, "find")["rude"] == (0, False)


def test_it_is_read_back_from_json() -> None:
    found = coverage([DUE, READ])
    assert Coverage.from_json(json.loads(json.dumps(asdict(found)))) == found
