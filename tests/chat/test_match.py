import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.match import Match, Reason, match
from steadyhand.chat.messages import Json, Tool, ToolCall
from steadyhand.chat.parse import parse_lenient, parse_strict
from steadyhand.errors import UsageError

OPEN: dict[str, Json] = {"type": "object"}
TOOLS = [
    Tool("query", "", {"type": "object", "properties": {"uri": {"type": "string"}, "n": {"type": "number"}}}),
    Tool("report", "", OPEN),
]


def raw(*calls: ToolCall) -> str:
    return "\n".join(
        f"<tool_call>\n{json.dumps({'name': c.name, 'arguments': c.arguments})}\n</tool_call>" for c in calls
    )


def q(**arguments: Json) -> ToolCall:
    return ToolCall("query", arguments)


def r(**arguments: Json) -> ToolCall:
    return ToolCall("report", arguments)


def judge(expected: list[ToolCall], text: str, *, ordered: bool = False) -> Match:
    return match(expected, parse_strict(text), TOOLS, ordered=ordered)


@pytest.mark.parametrize(
    ("expected", "text", "code"),
    [
        ([q(uri="a")], "It is safe.", "missed_call"),
        ([], raw(q(uri="a")), "spurious_call"),
        ([], "<tool_call>", "spurious_call"),
        ([q(uri="a")], "<tool_call>" + raw(q(uri="a")).split(">")[1], "parse_unclosed"),
        ([q(uri="a")], "<tool_call>{</tool_call>", "parse_json"),
        ([q(uri="a")], "<tool_call>{}</tool_call>", "parse_shape"),
        ([q(uri="a")], raw(ToolCall("delete", {}), q(uri="a")), "unknown_tool"),
        ([q(uri="a")], raw(q(uri="a"), q(uri="a")), "wrong_count"),
        ([q(uri="a"), q(uri="b")], raw(q(uri="a")), "wrong_count"),
        ([q(uri="a"), q(uri="b")], raw(q(uri="a"), q(uri="a")), "duplicate_call"),
        ([q(uri="a")], raw(r(uri="a")), "wrong_name"),
        ([q(uri="a", n=1)], raw(q(uri="a")), "missing_arg"),
        ([q(uri="a", n=None)], raw(q(uri="a")), "missing_arg"),
        ([q(uri="a")], raw(q(uri="a", x=1)), "extra_arg"),
        ([q(uri="a")], raw(q(uri=5)), "schema"),
        ([r(uri="a")], raw(r(uri=5)), "wrong_type"),
        ([r(n=1)], raw(r(n=True)), "wrong_type"),
        ([r(o={"a": [1, "x"]})], raw(r(o={"a": [1, 2]})), "wrong_type"),
        ([q(uri="a")], raw(q(uri="A")), "wrong_value"),
        ([r(n=1)], raw(r(n=1.5)), "wrong_value"),
        ([r(l=[1, 2])], raw(r(l=[2, 1])), "wrong_value"),
    ],
)
def test_each_reason(expected: list[ToolCall], text: str, code: str) -> None:
    result = judge(expected, text)
    assert (result.passed, result.code) == (False, code)
    assert result.detail


def test_passes_say_nothing() -> None:
    assert judge([q(uri="a", n=1)], raw(q(n=1.0, uri="a"))) == Match(True, None, "", True, True)
    assert judge([], "fine") == Match(True, None, "", None, None)


def test_order_matters_only_when_asked() -> None:
    expected, text = [q(uri="a"), r(uri="a")], raw(r(uri="a"), q(uri="a"))
    assert judge(expected, text).passed
    assert judge(expected, text, ordered=True).code == Reason.ORDER
    assert judge(expected, raw(*expected), ordered=True).passed


def test_denominators_leave_out_turns_without_a_call() -> None:
    missed = judge([q(uri="a")], "no")
    assert (missed.name_ok, missed.args_ok) == (None, None)
    wrong_value = judge([q(uri="a")], raw(q(uri="b")))
    assert (wrong_value.name_ok, wrong_value.args_ok) == (True, False)
    wrong_name = judge([q(uri="a")], raw(r(uri="a")))
    assert (wrong_name.name_ok, wrong_name.args_ok) == (False, False)
    broken = judge([q(uri="a")], "<tool_call>{</tool_call>")
    assert (broken.name_ok, broken.args_ok) == (False, False)


def test_exact_numbers_reach_the_comparison() -> None:
    text = '<tool_call>{"name": "report", "arguments": {"x": %s}}</tool_call>'
    assert judge([r(x=0.1)], text % "0.10").passed
    assert judge([r(x=0.1)], text % "0.1000000000000000055").code == Reason.WRONG_VALUE


@given(st.permutations([q(uri="a"), q(uri="b"), r(uri="a"), r(uri="a"), q(uri="a", n=2)]))
def test_any_order_of_the_same_calls_passes(calls: list[ToolCall]) -> None:
    expected = [q(uri="a"), q(uri="b"), r(uri="a"), r(uri="a"), q(uri="a", n=2)]
    assert judge(expected, raw(*calls)).passed


NUMBERS = st.lists(st.integers(0, 6), min_size=1, max_size=4)


@given(NUMBERS, NUMBERS)
def test_the_matching_is_maximum(due: list[int], made: list[int]) -> None:
    """With a tolerance one call fits several: the matcher must agree with trying every assignment."""
    expected, got = [r(n=i) for i in due], [r(n=i) for i in made]
    comparators = {"report": {"n": {"number": {"abs": 1}}}}
    result = match(expected, parse_strict(raw(*got)), TOOLS, comparators=comparators)
    possible = len(due) == len(made) and any(
        all(abs(a - b) <= 1 for a, b in zip(due, order, strict=True)) for order in permutations(made)
    )
    duplicated = any(made.count(n) > max(1, due.count(n)) for n in made)
    assert result.passed == (possible and not duplicated)


@pytest.mark.parametrize(
    ("spec", "due", "got", "same"),
    [
        ("casefold", "USS", "uss", True),
        ("ws", "a b", " a\n b ", True),
        ("nfkc", "ABC", "ＡＢＣ", True),
        ("nfkc", "ABC", "abc", False),
        (["nfkc", "casefold"], "ABC", "ａｂｃ", True),
        ("ip", "66.179.94.117", "66[.]179[.]94[.]117", True),
        ("ip", "66.179.94.117", "661.799.41.17", False),
        ("domain", "tnvs.de", "TNVS[.]de", True),
        ("uri", "https://a.com/X", "hxxps://A[.]com:443/X", True),
        ("uri", "https://a.com/X", "https://a.com/x", False),
        ("ignore", "a", 7, True),
        ({"number": {"abs": 0.5}}, 10, 10.5, True),
        ({"number": {"abs": 0.5}}, 10, 10.51, False),
        ({"number": {"rel": 0.1}}, 100, 91, True),
        ({"number": {"abs": 1}}, 1, True, False),
        ({"any_of": ["b", "c"]}, "a", "c", True),
        ({"any_of": ["b"]}, "a", "d", False),
        ({"regex": "CVE-\\d+"}, "x", "CVE-12", True),
        ({"regex": "CVE-\\d+"}, "x", "see CVE-12", False),
        ("set", ["a", "b"], ["b", "a", "a"], True),
        ("multiset", ["a", "b"], ["b", "a", "a"], False),
        ("multiset", ["a", "b"], ["b", "a"], True),
        (["set", "domain"], ["a.com"], ["A[.]com"], True),
        ("set", ["a"], ["a", "b"], False),
    ],
)
def test_comparators(spec: Json, due: Json, got: Json, same: bool) -> None:
    result = match([r(x=due)], parse_lenient(raw(r(x=got))), TOOLS, comparators={"report": {"x": spec}})
    assert result.passed is same
    assert not match([r(x=due)], parse_strict(raw(r(x=got))), TOOLS).passed


@pytest.mark.parametrize(
    ("spec", "due", "got", "passed"),
    [
        ("optional", {"x": 1}, {}, True),
        ("optional", {}, {"x": 1}, False),
        ("ignore", {}, {"x": 1}, True),
        ({"default": 5}, {"x": 5}, {}, True),
        ({"default": 5}, {"x": 6}, {}, False),
        ({"default": 5}, {}, {"x": 5}, True),
        ({"default": False}, {}, {"x": False}, True),
        ({"default": 5}, {}, {"x": 6}, False),
    ],
)
def test_absence(spec: Json, due: dict[str, Json], got: dict[str, Json], passed: bool) -> None:
    result = match([r(**due)], parse_strict(raw(r(**got))), TOOLS, comparators={"report": {"x": spec}})
    assert result.passed is passed


@pytest.mark.parametrize(
    "spec", ["casefild", {"number": {"percent": 1}}, {"regex": "("}, 7, {"any_of": "a"}, {"uri": 3}]
)
def test_a_comparator_that_is_not_understood_is_refused(spec: Json) -> None:
    with pytest.raises(UsageError, match="comparator"):
        match([r(x="a")], parse_strict(raw(r(x="b"))), TOOLS, comparators={"report": {"x": spec}})


def test_reasons_have_sentences() -> None:
    assert len(Reason) == 15
    assert all(reason.sentence.endswith(".") for reason in Reason)
    assert Reason("order") is Reason.ORDER
