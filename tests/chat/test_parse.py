import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import ToolCall
from steadyhand.chat.parse import Repair, parse_lenient, parse_strict

GOOD = '{"name": "query", "arguments": {"uri": "http://a.b/"}}'
CALL = ToolCall("query", {"uri": "http://a.b/"})


def wrap(body: str) -> str:
    return f"<tool_call>\n{body}\n</tool_call>"


def test_call_with_thinking_and_text() -> None:
    parsed = parse_strict(f"<think>\nlook it up\n</think>\n\nOne moment.\n{wrap(GOOD)}\n{wrap(GOOD)}")
    assert parsed.calls == (CALL, CALL)
    assert (parsed.think, parsed.content, parsed.attempts, parsed.error) == ("look it up", "One moment.", 2, None)


def test_no_call() -> None:
    parsed = parse_strict("It is safe.")
    assert (parsed.calls, parsed.content, parsed.think, parsed.attempts) == ((), "It is safe.", None, 0)
    assert parsed.error is None


@pytest.mark.parametrize("raw", [f"<tool_call>{GOOD}</tool_call>", f" <tool_call>\t{GOOD}\r\n</tool_call> "])
def test_white_space_does_not_matter(raw: str) -> None:
    assert parse_strict(raw).calls == (CALL,)


@pytest.mark.parametrize(
    ("raw", "code", "attempts"),
    [
        (f"<tool_call>{GOOD}", "parse_unclosed", 1),
        (f"<tool_call>{GOOD}<tool_call>{GOOD}</tool_call>", "parse_unclosed", 2),
        (wrap(GOOD) + wrap('{"name": "query"'), "parse_json", 2),
        (wrap(GOOD.replace('"', "'")), "parse_json", 1),
        (wrap('{"name": "query", "arguments": {"a": 1, "a": 2}}'), "parse_json", 1),
        (wrap('{"name": "query", "arguments": {"a": NaN}}'), "parse_json", 1),
        (wrap('{"name": "query", "arguments": {"a": 1,}}'), "parse_json", 1),
        (wrap(""), "parse_json", 1),
        (wrap('{"name": "query", "parameters": {}}'), "parse_shape", 1),
        (wrap('{"name": "query"}'), "parse_shape", 1),
        (wrap('{"name": "query", "arguments": "{}"}'), "parse_shape", 1),
        (wrap('{"name": "query", "arguments": {}, "id": 1}'), "parse_shape", 1),
        (wrap('{"name": 1, "arguments": {}}'), "parse_shape", 1),
        (wrap(f"[{GOOD}, {GOOD}]"), "parse_shape", 1),
        (wrap("null"), "parse_shape", 1),
        (f"{GOOD}</tool_call>", "parse_shape", 1),
    ],
)
def test_malformed_is_an_attempt_and_never_a_call(raw: str, code: str, attempts: int) -> None:
    parsed = parse_strict(raw)
    assert parsed.error is not None
    assert (parsed.error.code, parsed.attempts, parsed.calls) == (code, attempts, ())


def test_the_first_reason_in_order_wins() -> None:
    parsed = parse_strict(wrap("[]") + wrap("{") + "<tool_call>{")
    assert parsed.error is not None
    assert (parsed.error.code, parsed.attempts) == ("parse_unclosed", 3)


def test_the_detail_says_that_the_limit_cut_it() -> None:
    error = parse_strict(f"<tool_call>{GOOD}", "length").error
    assert error is not None
    assert "limit" in error.detail


def test_calls_inside_thinking_do_not_count() -> None:
    assert parse_strict(f"<think>{wrap(GOOD)}</think>no").attempts == 0
    assert parse_strict(f"<think>{wrap(GOOD)}").attempts == 0
    assert parse_strict(f"<think>a</think>{wrap(GOOD)}").calls == (CALL,)


def test_an_opening_tag_inside_a_json_string_is_text() -> None:
    parsed = parse_strict(wrap('{"name": "note", "arguments": {"t": "see <tool_call> there"}}'))
    assert parsed.calls == (ToolCall("note", {"t": "see <tool_call> there"}),)
    assert parsed.attempts == 1


def test_numbers_are_plain_in_calls_and_exact_beside_them() -> None:
    parsed = parse_strict(wrap('{"name": "f", "arguments": {"i": 3, "x": 0.1000000000000000055}}'))
    assert parsed.calls[0].arguments == {"i": 3, "x": 0.1}
    assert isinstance(parsed.calls[0].arguments["i"], int)
    assert str(parsed.exact[0]["x"]) == "0.1000000000000000055"


@pytest.mark.parametrize(
    ("raw", "repair"),
    [
        (f"<tool_call>{GOOD}", Repair.UNCLOSED_TAG),
        (wrap(GOOD.replace("arguments", "parameters")), Repair.PARAMETERS_KEY),
        (wrap(json.dumps({"name": "query", "arguments": json.dumps(CALL.arguments)})), Repair.STRING_ARGUMENTS),
        (wrap(GOOD.replace('"', "'")), Repair.SINGLE_QUOTES),
    ],
)
def test_lenient_repairs_and_says_so(raw: str, repair: Repair) -> None:
    parsed = parse_lenient(raw)
    assert (parsed.calls, parsed.repairs, parsed.error) == ((CALL,), (repair,), None)
    assert parse_strict(raw).error is not None


def test_several_repairs_in_one_call() -> None:
    parsed = parse_lenient("<tool_call>{'name': 'f', 'parameters': {'a': [true, None, -1.5]}}")
    assert parsed.calls == (ToolCall("f", {"a": [True, None, -1.5]}),)
    assert set(parsed.repairs) == {Repair.UNCLOSED_TAG, Repair.SINGLE_QUOTES, Repair.PARAMETERS_KEY}


@pytest.mark.parametrize(
    "raw",
    [
        wrap("{'name': 'f', 'arguments': {'a': __import__('os')}}"),
        wrap("{'name': 'f', 'arguments': {'a': 1, 'a': 2}}"),
        wrap("{'name': 'f', 'arguments': {1: 2}}"),
        wrap('{"name": "f", "arguments": {"a": 1,}}'),
        wrap('{"name": "f"}'),
        f"<tool_call>{GOOD}<tool_call>{GOOD}</tool_call>",
        wrap("{'name': " + "[" * 5000),
    ],
)
def test_lenient_does_not_guess(raw: str) -> None:
    assert parse_lenient(raw).error is not None


@given(
    st.lists(st.sampled_from(["<tool_call>", "</tool_call>", "<think>", "</think>", GOOD, "{", "'", "x"]), max_size=9)
)
def test_total_and_consistent(pieces: list[str]) -> None:
    raw = "".join(pieces)
    strict, lenient = parse_strict(raw), parse_lenient(raw)
    assert strict.attempts == lenient.attempts >= len(strict.calls)
    if strict.error is None:
        assert (lenient.calls, lenient.repairs) == (strict.calls, ())
    else:
        assert strict.calls == ()


ARGUMENTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
)


@given(st.lists(ARGUMENTS, max_size=3))
def test_what_a_template_writes_is_read_back(arguments: list[dict[str, object]]) -> None:
    raw = "\n".join(wrap(json.dumps({"name": "f", "arguments": a}, ensure_ascii=False)) for a in arguments)
    if all(tag not in json.dumps(arguments, ensure_ascii=False) for tag in ("tool_call>", "think>")):
        assert [call.arguments for call in parse_strict(raw).calls] == arguments
