"""What a terminal would obey is spelled out, all else stays, and JSON means the same."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text.terminal import EscapedStream, one_line, printable, unescaped

OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("\x1b[2J\x1b[H", "\\u001b[2J\\u001b[H"),
        ("\x9b31m", "\\u009b31m"),
        ("safe\rEVIL", "safe\\rEVIL"),
        ("exe.\u202egnp", "exe.\\u202egnp"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("evil\u200b.example", "evil\\u200b.example"),
        ("tag\U000e0041", "tag\\udb40\\udc41"),
        ("lone\ud800", "lone\\ud800"),
        ("blank\u3164", "blank\\u3164"),
        ("\x7f\x08\x0b", "\\u007f\\b\\u000b"),
        ("a\tb\nc", "a\tb\nc"),
        ("攻击者 é 🫨 \ue000 a\u0301 [red]x[/red]", "攻击者 é 🫨 \ue000 a\u0301 [red]x[/red]"),
    ],
)
def test_what_a_terminal_obeys_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_line_stays_one_line() -> None:
    assert one_line("a\nerror: none\r\n\u2028\tb") == "a\\nerror: none\\r\\n\\u2028\\tb"


@given(st.text(st.characters(codec=None), max_size=60))
def test_nothing_that_is_obeyed_is_left_and_nothing_else_changes(text: str) -> None:
    shown = printable(text)
    assert not [char for char in shown if unicodedata.category(char) in OBEYED and char not in "\n\t"]
    assert printable(shown) == shown
    plain = "".join(char for char in text if unicodedata.category(char) not in OBEYED)
    if text == plain and not set(text) & set("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5"):
        assert shown == text


@given(st.text(st.characters(codec=None), max_size=60))
def test_json_means_the_same(text: str) -> None:
    assert json.loads(printable(json.dumps({text: text}, ensure_ascii=False, indent=1))) == {text: text}


def test_an_escaped_stream_is_the_stream_but_for_what_it_writes() -> None:
    inner = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    stream = EscapedStream(inner)
    assert stream.write("a\x1b") == 2
    stream.writelines(["b\x07\n", "c"])
    stream.flush()
    assert inner.buffer.getvalue() == b"a\\u001bb\\u0007\nc"
    assert (stream.encoding, stream.isatty()) == ("utf-8", False)
    assert not hasattr(stream, "buffer")
    assert unescaped(stream) is inner is unescaped(inner)  # type: ignore[arg-type]
