from __future__ import annotations

from dataclasses import replace

import pytest

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.check.dataset import Dataset, Record
from steadyhand.check.duplicates import check_duplicates
from steadyhand.check.finding import Finding
from steadyhand.check.leakage_rows import check_exact, check_overlap
from steadyhand.datasets.labels import Labels
from steadyhand.domain.model import Split
from steadyhand.errors import Place

LOOK = Tool(
    "look", "d", {"type": "object", "properties": {"uri": {"type": "string"}, "kind": {"enum": ["fast", "deep"]}}}
)
LONG = "The level of the resource is compared with the boundary, and the answer follows from that."


def card(n: int, question: str, answer: str) -> Record:
    return Record(f"row {n}", Place("f", n), (Message("user", question), Message("assistant", answer)))


def tool(n: int, question: str, **arguments: str) -> Record:
    answer = (
        Message("assistant", calls=(ToolCall("look", dict(arguments)),)) if arguments else Message("assistant", LONG)
    )
    return Record(f"row {n}", Place("f", n), (Message("user", question), answer), (LOOK,))


def found(*records: Record) -> list[tuple[str, int]]:
    return [(one.code, one.place.line) for one in check_duplicates(Dataset(list(records)))]


ASK = "网址评估结果 level=51，这个网址是否安全？"


def test_the_same_lesson_twice_is_redundant() -> None:
    assert found(card(1, ASK, "不安全"), card(2, ASK.replace("，", ", "), "不安全")) == [("N101", 2)]
    assert found(card(1, ASK, LONG), card(2, ASK, f"{LONG} So it is.")) == [("N101", 2)]
    assert found(card(1, ASK, LONG), card(2, ASK, "Something else entirely, said in many other words.")) == []


def test_the_same_query_about_another_value_is_another_lesson() -> None:
    query = "SELECT COUNT(*) FROM sale s JOIN customer c ON c.id=s.customer_id WHERE c.name='Leo'"
    first, second = "How many orders did Leo place?", "How many orders did Cleo place?"
    assert found(card(1, first, query), card(2, second, query.replace("Leo", "Cleo"))) == []
    assert found(card(1, first, query), card(2, second, f"{query};")) == [("N101", 2)]


def test_swapped_words_are_another_question() -> None:
    first = card(1, "The report says safe, USS says unsafe. What is it?", "That is a false positive of the report.")
    second = card(2, "The report says unsafe, USS says safe. What is it?", "That is a false negative of the report.")
    assert found(first, second) == []


def test_one_prompt_with_two_decisions_is_a_conflict() -> None:
    assert found(card(1, ASK, "不安全"), card(2, ASK, "安全")) == [("N102", 2)]
    assert found(tool(1, ASK, uri="a"), tool(2, ASK, uri="b")) == [("N102", 2)]
    assert found(tool(1, ASK, uri="a"), tool(2, ASK)) == [("N102", 2)]
    assert found(tool(1, ASK, uri="Ａ"), tool(2, ASK, uri="a")) == [("N101", 2)]
    elsewhere = replace(tool(2, ASK), tools=(replace(LOOK, name="other"),))
    assert found(tool(1, ASK, uri="a"), elsewhere) == []  # what is not offered cannot be called


def test_a_changed_value_with_a_changed_answer_is_protected() -> None:
    assert found(card(1, ASK, "不安全"), card(2, ASK.replace("51", "49"), "安全")) == [("N103", 2)]
    assert found(card(1, ASK, "不安全"), card(2, ASK.replace("51", "52"), "不安全")) == []
    question = "Please look at the address a.example in a deep way"
    assert found(tool(1, question, kind="deep"), tool(2, question.replace("deep", "fast"), kind="fast")) == [
        ("N103", 2)
    ]


def test_what_the_values_are_is_said() -> None:
    (one,) = check_duplicates(Dataset([card(1, ASK, "不安全"), card(2, ASK.replace("51", "49"), "安全")]))
    assert "49, 51 changes the answer" in one.message
    assert one.severity == "note"


def sided(record: Record, split: Split | None, group: str = "") -> Record:
    return replace(record, labels=Labels(split, group))


def codes(found: list[Finding]) -> list[tuple[str, int]]:
    return [(one.code, one.place.line) for one in found]


def overlap(*records: Record) -> list[tuple[str, int]]:
    return codes(list(check_overlap(Dataset(list(records)))))


def test_near_copies_across_a_split() -> None:
    near = card(2, ASK.replace("51", "49"), "安全")
    assert overlap(sided(card(1, ASK, "不安全"), "train"), sided(near, "eval")) == [("L205", 2)]
    assert overlap(sided(card(1, ASK, "不安全"), None), sided(near, "eval")) == [("L205", 2)]
    assert overlap(sided(card(1, ASK, "不安全"), "eval"), sided(near, "eval")) == []
    assert overlap(card(1, ASK, "不安全"), near) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_copies_of_copies_are_found_in_any_order(order: tuple[int, ...]) -> None:
    rows = [
        sided(card(1, ASK, "不安全"), "train"),
        sided(card(2, ASK, "安全"), "eval"),
        sided(card(3, ASK, "安全"), "eval"),
    ]
    assert sorted(overlap(*(rows[i] for i in order))) == [("L205", 2), ("L205", 3)]


def test_a_question_inside_a_longer_one() -> None:
    inner = "which of the four rivers in this long list is the longest one of them all"
    outer = " ".join(f"word{n} and more" for n in range(60)) + " " + inner
    assert overlap(sided(card(1, outer, LONG), "train"), sided(card(2, inner, LONG), "eval")) == [("L206", 2)]
    assert overlap(sided(card(1, outer, LONG), "train"), sided(card(2, "short one", LONG), "eval")) == []


def test_exact_prompts_and_groups() -> None:
    rows = [sided(card(1, "One thing?", LONG), "train", "g"), sided(card(2, "one  thing?", LONG), "eval", "g")]
    assert codes(list(check_exact(Dataset(rows)))) == [("L201", 2), ("L202", 2)]


def test_a_conflict_is_found_behind_an_equal_prompt_with_another_offer() -> None:
    ask, other = Message("user", "What is the level of a.example?"), Tool("other", "", {"type": "object"})
    tool = Tool("query", "", {"type": "object"})
    calls = (Message("assistant", calls=(ToolCall("query", {}),)), Message("assistant", "I cannot help with that."))
    rows = [Record("row 0", Place("f", 1), (ask, calls[1]), (other,))]
    rows += [Record(f"row {n}", Place("f", n + 1), (ask, answer), (tool,)) for n, answer in enumerate(calls, 1)]
    assert [(f.code, f.place.line) for f in check_duplicates(Dataset(rows))] == [("N102", 3)]
