"""Only `chat/formats` knows the marks of calls and thoughts; everybody else asks a format."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadyhand.chat.formats.marks import MARKS, RESULT_CLOSE, RESULT_OPEN
from steadyhand.chat.formats.registry import FORMATS

PACKAGE = Path(__file__).resolve().parents[3] / "src" / "steadyhand"
KNOWN = sorted({
    *(mark for form in FORMATS.values() for mark in form.call_marks if mark.strip(" ")),
    *(mark for marks in MARKS for mark in (marks.open, marks.close)),
    RESULT_OPEN, RESULT_CLOSE, "<function=", "<parameter=",
} - {"functools"})  # fmt: skip


def told(source: str) -> Iterator[str]:
    """The marks in the texts of a program; what is only said of it (docstrings, comments) does not count."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield from (f"{node.lineno}: {mark}" for mark in KNOWN if mark in node.value)


def test_no_other_file_knows_a_mark() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(PACKAGE / "chat" / "formats")]
    assert len(files) > 200
    assert [f"{path.relative_to(PACKAGE)}:{mark}" for path in files for mark in told(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = "<tool_call>"', ["1: <tool_call>"]),
        ('"""About <tool_call>."""\nx = 1  # <think>', []),
        ('def f():\n    """Of <think>."""\n    return f"{x}</think>"', ["3: </think>"]),
    ],
)
def test_the_rule_itself_sees_a_mark(source: str, found: list[str]) -> None:
    assert list(told(source)) == found
