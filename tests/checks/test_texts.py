"""Rules, says, label, json_schema and pairwise: what passes, what fails and why, what is spoiled, what figures say."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from random import Random
from typing import Any

import pytest

from steadyhand.checks import Checker, Context, Judged, Judgment, checker_of, failed, figures_of, kinds, passed
from steadyhand.checks.fenced import only_block
from steadyhand.checks.shape import Ask
from steadyhand.errors import UsageError

HERE = Path("nowhere")
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
OF = {"praise": ["好评"], "complaint": ["差评"], "mixed": ["中评"]}


def check(kind: str, **options: Any) -> Checker:
    return checker_of("c", kind, options, HERE)


def told(found: Judgment) -> tuple[str, str | None]:
    return found.word, found.code


def judged(checker: Checker, rows: list[tuple[str, Any]], context: Context | None = None) -> list[Judged]:
    """(text, gold) pairs, each a cluster of its own."""
    found = [checker.judge(text, gold, context or Context()) for text, gold in rows]
    return [Judged(str(i), {**one.facts, "word": one.word, "code": one.code}) for i, one in enumerate(found)]


# rules ---------------------------------------------------------------------------------------------------------------
RED = check(
    "rules",
    never={"zh": ["保本", "稳赚"], "en": ["guarantee(d|s)?", "risk[- ]free"]},
    unless=["not guaranteed", "不保本"],
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Its value can fall.", None),
        ("It is guaranteed.", "red_line"),
        ("It is not guaranteed.", None),
        ("It is not guaranteed, but we guarantee it.", "red_line"),
        ("本产品不保本。", None),
        ("本产品保本。", "red_line"),
        ("不保本，但是保本。", "red_line"),
        ("It is GUARANTEED", "red_line"),
        ("ｇｕａｒａｎｔｅｅｄ", "red_line"),
        ("保\u200b本", "red_line"),
        ("risk\u00ad-free", "red_line"),
        ("稳赚不赔 in English", "red_line"),
        ("", "missing_text"),
    ],
)
def test_red_lines(text: str, code: str | None) -> None:
    for lang in ("zh", "en"):
        assert RED.judge(text, True, Context(lang)).code == code


def test_what_must_always_be_said_is_said_in_the_answers_language() -> None:
    rule = check("rules", always={"zh": ["风险"], "en": [r"\brisk"]})
    assert told(rule.judge("Mind the risk.", True, Context("en"))) == ("passed", None)
    assert told(rule.judge("Mind the risk.", True, Context("zh"))) == ("failed", "missing_text")
    assert check("rules", always=["a", "b"]).judge("only a", True, Context()).facts == {"missing": "b"}


def test_a_red_line_is_crossed_behind_the_right_answer() -> None:
    for lang, text in (("en", "It can fall."), ("zh", "可能下跌。")):
        made = list(RED.spoil(True, Context(lang, reference=text), Random(1)))
        assert made
        assert all(one.text.startswith(text) and one.mode == "crossed_line" for one in made)
        assert all(RED.judge(one.text, True, Context(lang)).code == "red_line" for one in made)
    first = next(RED.spoil(True, Context("zh", reference="可能下跌。"), Random(1)))
    assert first.text.removeprefix("可能下跌。") in ("保本。", "稳赚。")


# label ---------------------------------------------------------------------------------------------------------------
MOOD = check("label", of=OF)


@pytest.mark.parametrize(
    ("text", "gold", "code"),
    [
        ("praise", "praise", None),
        (" **Praise**. ", "praise", None),
        ("好评", "praise", None),
        ("「好评」。", "praise", None),
        ("ＰＲＡＩＳＥ", "praise", None),
        ("complaint", "praise", "wrong_label"),
        ("The mood is praise", "praise", "no_label"),
        ("praise, complaint", "praise", "no_label"),
        ("", "praise", "no_label"),
    ],
)
def test_labels(text: str, gold: str, code: str | None) -> None:
    assert MOOD.judge(text, gold, Context()).code == code


def test_a_gold_label_that_nobody_listed_is_a_fault_and_scores_nothing() -> None:
    assert "no label" in MOOD.faults("great", Context(reference="great"))[0]
    assert "no label" in MOOD.faults(True, Context(reference="fine"))[0]
    assert "says 'praise'" in MOOD.faults("mixed", Context(reference="praise"))[0]
    assert MOOD.faults(True, Context(reference="好评")) == []
    assert told(MOOD.judge("praise", "great", Context())) == ("unscored", "unknown_gold")


def test_other_labels_are_written_as_the_gold_one_is() -> None:
    chinese = list(MOOD.spoil(True, Context("zh", reference="好评"), Random(2)))
    assert {one.text for one in chinese} == {"差评", "中评"}
    assert {one.text for one in MOOD.spoil("mixed", Context(reference="mixed"), Random(2))} == {"praise", "complaint"}


def test_macro_f1_is_that_of_scikit_learn_by_hand() -> None:
    """gold: p p p c c m; found: p p c c m -; F1 of p 4/5, of c 2/4, of m 0."""
    found = ["praise", "praise", "complaint", "complaint", "mixed", "none"]
    gold = ["praise"] * 3 + ["complaint"] * 2 + ["mixed"]
    rows = list(zip(found, gold, strict=True))
    rate, f1 = MOOD.figures(judged(MOOD, rows))
    assert (rate.k, rate.n) == (3, 6)
    assert f1.value == pytest.approx((4 / 5 + 2 / 4 + 0) / 3)
    assert f1.value is not None
    assert f1.low is not None
    assert f1.high is not None
    assert f1.low <= f1.value <= f1.high
    matrix = {"complaint": {"complaint": 1, "mixed": 1}, "mixed": {"": 1}, "praise": {"complaint": 1, "praise": 2}}
    assert f1.detail == matrix
    assert sum(n for row in f1.detail.values() for n in row.values()) == 6


def test_the_majority_and_the_wrong_label_everywhere_show_in_macro_f1() -> None:
    gold = ["praise"] * 90 + ["complaint"] * 5 + ["mixed"] * 5
    majority = MOOD.figures(judged(MOOD, [("praise", one) for one in gold]))
    assert majority[0].value == 0.9
    assert majority[1].value == pytest.approx(2 * 90 / 190 / 3)
    wrong = {"praise": "complaint", "complaint": "mixed", "mixed": "praise"}
    nothing = MOOD.figures(judged(MOOD, [(wrong[one], one) for one in gold]))
    assert (nothing[0].value, nothing[1].value, nothing[1].low) == (0, 0, 0)
    perfect = MOOD.figures(judged(MOOD, [(one, one) for one in gold]))
    assert (perfect[1].value, perfect[1].low) == (1, 1)


# says ----------------------------------------------------------------------------------------------------------------
SAYS = check("says")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The parcel leaves at 9 from gate 4.", None),
        ("From gate 4 the parcel leaves at 9.", None),
        ("The parcel leaves at 8 from gate 4.", "other_value"),
        ("The parcel does not leave at 9 from gate 4.", "other_value"),
        ("I cannot say.", "unlike"),
        ("", "unlike"),
    ],
)
def test_says(text: str, code: str | None) -> None:
    context = Context(reference="The parcel leaves at 9 from gate 4.")
    assert SAYS.judge(text, True, context).code == code
    assert SAYS.judge(text, ["Something else.", context.reference], Context()).code == code


def test_a_model_that_always_refuses_crosses_no_line_and_does_not_help() -> None:
    refusal, context = "I am not able to help with that.", Context(reference="Its value can fall; read the risk sheet.")
    assert RED.judge(refusal, True, context).word == "passed"
    assert told(SAYS.judge(refusal, True, context)) == ("failed", "unlike")


def test_other_numbers_and_other_answers_are_spoiled() -> None:
    context = Context(reference="It leaves at 9.")
    made = list(SAYS.spoil(True, context, Random(1), ["It leaves at 9.", "It leaves never.", "Ask the desk."]))
    assert {one.mode for one in made} == {"other_value", "other_answer"}
    assert all(one.text != context.reference for one in made)


# json_schema ---------------------------------------------------------------------------------------------------------
FORM = check("json_schema", schema=SCHEMA)
GOOD = '{"city": "Ulm", "days": 2}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GOOD, None),
        ('{"days": 2.0, "city": "Ulm"}', None),
        (f"```json\n{GOOD}\n```", None),
        (f"Here: {GOOD}", "not_json"),
        ('{"city": "Ulm", "days": 2,}', "not_json"),
        ('{"city": "Ulm", "city": "Ulm", "days": 2}', "not_json"),
        ('{"city": "Ulm", "days": NaN}', "not_json"),
        ('{"city": "Ulm"}', "schema"),
        ('{"city": "Ulm", "days": "2"}', "schema"),
        ('{"city": "Ulm", "days": 0}', "schema"),
        ('{"city": "Ulm", "days": 2, "note": ""}', "schema"),
        ('{"city": "Bonn", "days": 2}', "other_value"),
        ("", "not_json"),
    ],
)
def test_json(text: str, code: str | None) -> None:
    assert FORM.judge(text, {"city": "Ulm", "days": 2}, Context()).code == code


def test_valid_stands_apart_from_right_and_spoiled_values_are_wrong() -> None:
    gold = {"city": "Ulm", "days": 2}
    rate, valid = FORM.figures(judged(FORM, [(GOOD, gold), (GOOD.replace("2", "3"), gold), ("{", gold)]))
    assert (rate.k, valid.name, valid.k, valid.n) == (1, "valid", 2, 3)
    made = list(FORM.spoil(gold, Context(reference=GOOD), Random(0)))
    assert {one.mode for one in made} >= {"missing_key", "wrong_type", "extra_key", "cut_short"}
    assert "breaks the schema" in FORM.faults({"city": 1}, Context(reference=GOOD))[0]


def test_a_schema_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text(json.dumps(SCHEMA), "utf-8")
    form = checker_of("form", "json_schema", {"schema": "out.json"}, tmp_path)
    assert form.judge(GOOD, True, Context()).word == "passed"
    assert form.identity() == FORM.identity()
    for text, what in (("{", "no JSON"), ('{"type": "strange"}', "is none"), ("[]", "needs a schema")):
        (tmp_path / "out.json").write_text(text, "utf-8")
        with pytest.raises(UsageError, match=what):
            checker_of("form", "json_schema", {"schema": "out.json"}, tmp_path)


# pairwise ------------------------------------------------------------------------------------------------------------
BETTER = check("pairwise", against="reference", criteria="asks before it recommends")


def longer(question: str) -> str:
    """A judge that reads both answers and prefers the longer one."""
    first, second = question.split("Answer A:\n")[1].split("\n\nReply")[0].split("\n\nAnswer B:\n")
    return "TIE" if len(first) == len(second) else " a." if len(first) > len(second) else "B"


def always_a(question: str) -> str:
    return "A"


def asked_with(ask: Ask | None) -> Context:
    return Context(reference="A good answer.", dialogue=(("user", "What do you have?"),), ask=ask)


def test_both_orders_decide() -> None:
    assert told(BETTER.judge("A much better answer.", True, asked_with(longer))) == ("passed", None)
    assert told(BETTER.judge("Short.", True, asked_with(longer))) == ("failed", "worse")
    assert told(BETTER.judge("A good_answer.", True, asked_with(longer))) == ("unscored", "tie")
    assert told(BETTER.judge("A good answer.", True, asked_with(longer))) == ("unscored", "tie")
    assert told(BETTER.judge("", True, asked_with(longer))) == ("failed", "worse")
    assert told(BETTER.judge("Anything", True, asked_with(None))) == ("unscored", "no_judge")


def test_a_judge_that_always_says_a_ties_and_the_figures_say_so() -> None:
    rows = judged(BETTER, [(f"Answer {n}", True) for n in range(20)], asked_with(always_a))
    won, ties = BETTER.figures(rows)
    assert (won.value, won.n, won.unscored) == (None, 0, 20)
    assert (ties.value, ties.n) == (1.0, 20)
    assert "20 of 20 comparisons turned" in ties.note == won.note


def test_the_judge_is_asked_with_dialogue_and_criteria() -> None:
    asked: list[str] = []

    def listening(question: str) -> str:
        asked.append(question)
        return "Well, it depends."

    assert told(BETTER.judge("First.", True, asked_with(listening))) == ("unscored", "tie")
    assert len(asked) == 2
    assert "The better one asks before it recommends." in asked[0]
    assert "user: What do you have?" in asked[0]
    assert asked[0].index("First.") < asked[0].index("A good answer.")
    assert asked[1].index("A good answer.") < asked[1].index("First.")


def test_without_a_judge_there_is_no_figure() -> None:
    won, ties = BETTER.figures(judged(BETTER, [("x", True)], asked_with(None)))
    assert (won.value, ties.value, ties.n) == (None, None, 0)


# all -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [
        ("rules", {}, "neither"),
        ("rules", {"never": "保本"}, "no list"),
        ("rules", {"never": ["("]}, "'\\('"),
        ("rules", {"nevr": ["a"]}, "no option 'nevr'"),
        ("rules", {"never": ["a"], "unless": ["(?:not) a"]}, "is a pattern"),
        ("label", {}, "two labels"),
        ("label", {"of": ["one"]}, "two labels"),
        ("label", {"of": {"a": ["x"], "b": ["X"]}}, "means both"),
        ("label", {"of": {"a": "x", "b": []}}, "no list"),
        ("says", {"least": 0}, "least"),
        ("json_schema", {"schema": "away.json"}, "not there"),
        ("pairwise", {"against": "base"}, "reference"),
        ("labels", {}, "did you mean 'label'"),
    ],
)
def test_options_are_refused_by_name(kind: str, options: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        checker_of("c", kind, options, HERE)
    import re

    assert re.search(what, f"{caught.value.what} {caught.value.next}")


@pytest.mark.parametrize("checker", [RED, MOOD, SAYS, FORM, BETTER])
def test_a_checker_travels_and_says_what_it_depends_on(checker: Checker) -> None:
    again = pickle.loads(pickle.dumps(checker))
    assert again.identity() == checker.identity()
    json.dumps(again.identity())


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("plain", "plain"),
        ("```\na\n```", "a"),
        ("x\n~~~sql\na\nb\n~~~\ny", "a\nb"),
        ("```\na\n```\n```\nb\n```", None),
        ("```sql\nSELECT 1", None),
    ],
)
def test_the_only_block(text: str, block: str | None) -> None:
    assert only_block(text) == block


def test_a_package_may_bring_a_kind_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from steadyhand.checks import registry

    points = [
        EntryPoint("haiku", "tests.checks.test_texts:Haiku", registry.GROUP),
        EntryPoint("broken", "tests.checks.nowhere:Gone", registry.GROUP),
        EntryPoint("nothing", "tests.checks.test_texts:HERE", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    assert "haiku" in kinds()
    haiku = checker_of("verse", "haiku", {}, HERE)
    assert told(haiku.judge("a\nb\nc", True, Context())) == ("passed", None)
    assert haiku.faults(True, Context(reference="a")) == ["the answer itself does not pass: no_haiku (lines 1)"]
    assert [one.k for one in figures_of("haiku", judged(haiku, [("a\nb\nc", True), ("a", True)]))] == [1]
    for name, what in (("broken", "cannot be loaded"), ("nothing", "is no steadyhand.checks.Checker")):
        with pytest.raises(UsageError, match=what):
            checker_of("c", name, {}, HERE)
    assert figures_of("gone", judged(haiku, [("a", True)]))[0].n == 1  # judged elsewhere, shown here


class Haiku(Checker):
    kind = "haiku"

    def judge(self, text: str, gold: object, context: Context) -> Judgment:
        return passed() if text.count("\n") == 2 else failed("no_haiku", lines=text.count("\n") + 1)
