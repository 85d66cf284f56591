"""What holds for every format: what it can write it reads back, nothing makes it raise, and its time is linear."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from steadyhand.chat import exact
from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.parsed import CannotWriteError
from steadyhand.chat.formats.registry import FORMATS, format_named
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.errors import UsageError

PIECES = sorted({
    *(mark for form in FORMATS.values() for mark in (*form.held, *form.control)),
    "<function=f>", "<parameter=a>", "</parameter>", "</function>", "f[ARGS]", "call:f{", "a:", '<|"|>', "<escape>",
    "[f(", "a=", "(", ")", "```json", "functools", 'f">', '<param name="a">', "</param>", "<![CDATA[", "]]>",
    "<|start|>assistant", '{"name": "f", "arguments": {"a": "', '{"name": "f", "parameters": {}}', "{", "}", "[", "]",
    '"', "'", "\\", " ", "\n", "x", "5", "-", "null", "True", ",", ":", ";", "=",
})  # fmt: skip
TOOLS = [Tool("f", "", {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}}})]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(PIECES)
NUMBER = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NAME = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
CALL = st.builds(ToolCall, NAME, st.dictionaries(NAME | TEXT, VALUE, max_size=3))
CALLS = st.lists(CALL, min_size=1, max_size=3, unique_by=lambda call: call.name)

every = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)


def tool_of(call: ToolCall) -> Tool:
    """The tool whose schema says the type of each argument."""
    properties = {key: {"type": exact.kind(value)} for key, value in call.arguments.items()}
    return Tool(call.name, "", {"type": "object", "properties": properties})


@every
@settings(max_examples=120, deadline=None)
@given(calls=CALLS)
def test_any_call_that_can_be_written_is_read_back(form: ChatFormat, calls: list[ToolCall]) -> None:
    try:
        raw = form.write(Message("assistant", calls=tuple(calls)))
    except CannotWriteError:
        assume(False)
    tools = [tool_of(call) for call in calls]
    for lenient in (False, True):
        read = form.parse(raw, tools, lenient=lenient)
        assert (read.calls, read.attempts, read.error) == (tuple(calls), len(calls), None)
        assert (read.repairs, read.content, read.think, read.untyped) == ((), "", None, ())
    assert form.visible(raw) == ("", "")


@every
def test_most_calls_can_be_written(form: ChatFormat) -> None:
    call = ToolCall("f.g-h", {"a": 'it\'s "so"\n\\d 安全', "n": -1.5e-07, "l": [True, None, {"k": []}], "e": ""})
    assert form.parse(form.write_calls([call]), [tool_of(call)]).calls == (call,)


@every
@settings(max_examples=80, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_text_raises_and_strict_and_lenient_agree(form: ChatFormat, pieces: list[str]) -> None:
    raw = "".join(pieces)
    strict, lenient = form.parse(raw, TOOLS), form.parse(raw, TOOLS, lenient=True)
    assert (strict.error is None) or (strict.calls == () and strict.attempts > 0)
    assert strict.content == lenient.content
    if strict.error is None:
        assert (lenient.calls, lenient.repairs) == (strict.calls, ())
    form.visible(raw)
    form.last_call(raw)


@every
def test_a_growing_text_never_takes_back_what_was_shown(form: ChatFormat) -> None:
    call = ToolCall("f", {"a": f"see {form.think.close} and {form.call_marks[0] if form.call_marks else '{'}"})
    for message in (Message("assistant", "Sunny, 7 h.", "It was 7 h."), Message("assistant", "", "So.", (call,))):
        raw = form.write(message)
        shown = ("", "")
        for end in range(len(raw) + 1):
            settled = raw[:end]
            if any(settled.endswith(mark[:n]) for mark in form.held for n in range(1, len(mark))):
                continue
            now = form.visible(settled)
            assert now[0].startswith(shown[0])
            assert now[1].startswith(shown[1])
            shown = now
        assert shown == (message.think, message.content)


SAMPLES = (ToolCall("f", {"a": "x y", "n": 3}), ToolCall("f", {"a": "it's"}), ToolCall("f", {"a": '"', "n": 0}))


@every
@pytest.mark.parametrize("call", SAMPLES, ids=["two", "quote", "double"])
def test_a_breaker_makes_a_broken_attempt(form: ChatFormat, call: ToolCall) -> None:
    assert len(form.breakers) >= 3
    for number, breaker in enumerate(form.breakers):
        raw = form.write(Message("assistant", "", "Why.", (call,)))
        start = form.last_call(raw)
        assert start > 0
        broken = raw[:start] + breaker(raw[start:])
        read = form.parse(broken, TOOLS)
        assert read.calls != (call,), (number, broken)
        assert read.attempts, (number, broken)


@every
def test_time_is_linear(form: ChatFormat) -> None:
    """Patterns of marks, repeated; twice the text may take three times as long, and short times are not judged."""
    draw = Random(form.name)
    patterns = [[piece] for piece in PIECES] + [draw.choices(PIECES, k=draw.randint(2, 7)) for _ in range(150)]
    for pattern in patterns:
        unit = "".join(pattern)
        short, long = (draw.choice(PIECES) + unit * (size // len(unit)) for size in (8000, 16000))
        took: list[tuple[float, float]] = []
        while not took or (took[-1][1] >= 0.4 and took[-1][1] >= 3 * took[-1][0]):
            assert len(took) < 3, (unit, took)  # once may be the machine's doing
            took.append((seconds_of(form, short), seconds_of(form, long)))


def seconds_of(form: ChatFormat, raw: str) -> float:
    began = time.thread_time()
    form.parse(raw, TOOLS)
    form.parse(raw, TOOLS, lenient=True)
    form.visible(raw)
    return time.thread_time() - began


def test_a_format_by_its_name() -> None:
    assert format_named("qwen_xml") is FORMATS["qwen_xml"]
    assert all(form.name == name for name, form in FORMATS.items())
    with pytest.raises(UsageError, match="no call format is called 'xml'") as error:
        format_named("xml")
    assert "harmony" in str(error.value.next)
