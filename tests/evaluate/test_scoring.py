import pytest

from steadyhand.domain.model import AnswerRule
from steadyhand.errors import UsageError
from steadyhand.evaluate.filler import invalid_tokens, kind_of, sentences, tokens
from steadyhand.evaluate.scoring import DEFAULT_LABELS, score, structured
from steadyhand.evaluate.suites import Target, targets
from steadyhand.ledger.result import Item
from steadyhand.models.backend import Completion, FinishReason
from tests.evaluate.world import THINK, call, domain

GOOD = call("http://host0.test")
BODY = '{"name": "query_uss", "arguments": {"uri": "http://host0.test"}}'


def target(key: str) -> Target:
    return next(one for one in targets(domain()) if one.id == key)


def judged(key: str, raw: str, finish: FinishReason = "stop") -> Item:
    asked = target(key)
    return score(asked, asked.prompt, Completion(raw, finish, 5, 5, "h"))


@pytest.mark.parametrize(
    ("raw", "strict", "code", "lenient"),
    [
        (GOOD, True, None, True),
        (f"<tool_call>{BODY}</tool_call>", True, None, True),
        (f"<tool_call>\n{BODY}", False, "parse_unclosed", True),
        (GOOD + "<tool_call>{nonsense}</tool_call>", False, "parse_json", False),
        (call("http://host0.test", "query_other"), False, "unknown_tool", False),
        (GOOD.replace("arguments", "parameters"), False, "parse_shape", True),
        ('<tool_call>{"name": "query_uss"}</tool_call>', False, "parse_shape", False),
        (GOOD.replace('"', "'"), False, "parse_json", True),
        (f"<tool_call>[{BODY}, {BODY}]</tool_call>", False, "parse_shape", False),
        (f"<think>{GOOD}</think>It is safe.", False, "missed_call", False),
        (GOOD.replace('"http://host0.test"', "NaN"), False, "parse_json", False),
        (call("hxxp://host0[.]test/"), False, "wrong_value", True),
        (GOOD + GOOD, False, "wrong_count", False),
        ("I would look it up.", False, "missed_call", False),
    ],
)
def test_awkward_outputs_where_a_call_is_due(raw: str, strict: bool, code: str | None, lenient: bool) -> None:
    item = judged("s0#1", raw)
    assert (item.passed, item.code, item.lenient_passed) == (strict, code, lenient)
    assert item.facts.called is (code != "missed_call")
    assert item.facts.due is True


@pytest.mark.parametrize("raw", [GOOD, "<tool_call>{broken", "You are welcome.</tool_call>"])
def test_any_attempt_is_spurious_where_none_is_due(raw: str) -> None:
    item = judged("c0#1", raw)
    assert (item.passed, item.code) == (False, "spurious_call")
    assert item.facts.name_ok is False


def test_a_silent_model_is_not_counted_among_turns_that_called() -> None:
    assert judged("s0#1", "I do not know that.").facts.args_ok is None


def test_reading_is_judged_on_the_text_after_thinking() -> None:
    assert judged("s0#3", THINK + "It is unsafe.").facts.answer_ok is True
    assert judged("s0#3", "<think>unsafe</think>It is fine.").facts.answer_ok is False
    assert judged("s0#3", "<think>It is unsafe.").facts.answer_ok is False


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (AnswerRule(("UNSAFE|不安全",)), "it is unsafe", True),
        (AnswerRule(("unsafe", "73")), "unsafe", False),
        (AnswerRule((), ("bus",)), "a serial BUS", False),
        (AnswerRule((), ("bus",)), "  ", False),
    ],
)
def test_answer_rules(rule: AnswerRule, text: str, expected: bool) -> None:
    assert rule.accepts(text) is expected


def test_a_broken_pattern_is_the_users_error() -> None:
    with pytest.raises(UsageError, match="regular expression"):
        AnswerRule(("(",)).accepts("text")


@pytest.mark.parametrize(
    ("raw", "finish", "quality", "whole", "cot"),
    [
        (THINK + "This is a fact.", "stop", True, True, True),
        ("This is a fact.", "stop", True, False, False),
        ("<think>just so</think>This is a fact.", "stop", True, True, False),
        ("<think>\n\n</think>\n\nThis is a fact.", "stop", True, True, False),
        ("<think>Intent: a. Plan: b. Check: c. This is a fact.", "stop", False, False, False),
        ("Plan: b</think>This is a fact.", "stop", False, False, False),
        (THINK + "Ok.", "stop", False, True, True),
        (THINK + "This is a fact. " + "and again and again " * 6, "stop", False, True, True),
        (THINK + "".join(f"\nitem number {i} follows" for i in range(9)), "length", False, True, True),
        (THINK + "".join(f"\nitem number {i} follows" for i in range(9)), "stop", True, True, True),
        (THINK.replace("answer", "answer " * 3 + "this is it " * 5) + "This is a fact.", "stop", True, True, True),
        (THINK.replace("answer", "\ufffd") + "This is a fact.", "stop", True, True, False),
    ],
)
def test_health_of_one_answer(raw: str, finish: FinishReason, quality: bool, whole: bool, cot: bool) -> None:
    facts = judged("p0", raw, finish).facts
    assert (facts.quality, facts.think_whole, facts.cot) == (quality, whole, cot)


def test_a_loop_that_ends_the_thinking_spoils_it() -> None:
    looping = THINK.replace("nothing invented.", "nothing " + "over and over " * 6)
    assert judged("p0", looping + "This is a fact.").facts.cot is False


def test_a_call_needs_no_words() -> None:
    assert judged("s0#1", THINK + GOOD).facts.quality is True


def test_a_probe_without_a_rule_is_unscored() -> None:
    from dataclasses import replace

    asked = replace(target("p0"), rule=None)
    item = score(asked, asked.prompt, Completion("anything at all", "stop", 1, 1, "h"))
    assert item.passed is None


@pytest.mark.parametrize(
    ("think", "expected"),
    [
        ("Intent: a\nPlan: b\nCheck: c", True),
        ("意图：查询。计划：调用。约束检查：不编造。", True),
        ("**Intent**: a\n**Plan**: b\n**Constraint check**: c", True),
        ("Plan: check the intent", False),
        ("Check: c\nPlan: b\nIntent: a", False),
    ],
)
def test_structure_is_labels_in_order(think: str, expected: bool) -> None:
    assert structured(think, DEFAULT_LABELS) is expected


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Could you please clarify which system you mean?", "clarifying"),
        ("USS can refer to several things.", "clarifying"),
        ("请您提供更多信息。", "clarifying"),
        ("USS 可以指多种系统。", "clarifying"),
        ("If you mean the serial bus, it is hardware.", "hypothetical"),
        ("Perhaps it is a router.", "hypothetical"),
        ("如果您指的是存储系统，那就不同了。", "clarifying"),
        ("It is important to keep software updated.", "generic"),
        ("一般来说，网络安全很复杂。", "generic"),
        ("If level > 50, the URI is unsafe.", None),
        ("USS says level 73, so http://a.test/x.doc is unsafe.", None),
        ("等级 73 大于 50，因此不安全。", None),
    ],
)
def test_sentences_that_say_nothing(sentence: str, kind: str | None) -> None:
    assert kind_of(sentence) == kind


def test_tokens_are_words_and_characters() -> None:
    assert sentences("Host a.b.test is unsafe. 等级为 73。Done") == ["Host a.b.test is unsafe.", "等级为 73。", "Done"]
    assert tokens("Host a.b.test is unsafe. 等级为 73。") == 4 + 4
    assert invalid_tokens("It is unsafe. Perhaps not.") == (2, 5)
    assert invalid_tokens("") == (0, 0)
