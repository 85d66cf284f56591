from __future__ import annotations

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.check.dataset import Dataset, Pair, dataset_of_files
from steadyhand.check.finding import Finding
from steadyhand.check.preference_rules import check_judgments, length_lean
from steadyhand.datasets.convert import read_dialogues
from steadyhand.errors import Place
from tests.corpora import corpus

LOOK = Tool("look", "d", {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]})


def pair(n: int, chosen: Message | str, rejected: Message | str, tools: tuple[Tool, ...] = ()) -> Pair:
    sides = [Message("assistant", side) if isinstance(side, str) else side for side in (chosen, rejected)]
    return Pair(f"row {n}", Place("f", n), (Message("user", "q"),), tools, sides[0], sides[1])


def found(*pairs: Pair) -> list[Finding]:
    return list(check_judgments(Dataset(pairs=list(pairs))))


def codes(*pairs: Pair) -> list[str]:
    return [one.code for one in found(*pairs)]


def test_equal_answers() -> None:
    assert codes(pair(1, "Hello  there", "hello there")) == ["P201"]
    assert codes(pair(1, "Hello", "Bye")) == []


def test_the_chosen_call_keeps_the_contract() -> None:
    call = Message("assistant", calls=(ToolCall("look", {"uri": "a"}),))
    wrong = Message("assistant", calls=(ToolCall("look", {"url": "a"}),))
    assert codes(pair(1, call, wrong, (LOOK,))) == []
    assert codes(pair(1, wrong, call, (LOOK,))) == ["P202"]
    assert codes(pair(1, call, "No.")) == ["P202"]


def test_length_and_opening_as_shortcuts() -> None:
    words = ["red", "old", "tax", "blue", "iron", "jazz", "wheat", "moon", "salt", "ice"]
    even = [(f"{w} a{n}", f"{v} bb{n}") for n in range(2) for w, v in zip(words, reversed(words), strict=True)]
    fair = [pair(n, *(sides if n % 2 else sides[::-1])) for n, sides in enumerate(even)]
    assert codes(*fair) == []
    long = [pair(n, f"{chosen} and so on", rejected) for n, (chosen, rejected) in enumerate(even)]
    assert codes(*long) == ["P203"]
    polite = [pair(n, f"{c}", f"sure thing {r[:1]}{n}") for n, (c, r) in enumerate(even)]
    assert {one.code for one in found(*polite)} >= {"P204"}
    assert any("20 of 20 answers that begin with 'sure thing' are rejected" in one.message for one in found(*polite))


def test_a_public_chinese_set_prefers_the_longer_answer() -> None:
    """DPO, 300 pairs: the chosen answer is the longer one in .62 (z 4.2 when the two of equal length count as not
    longer, 4.3 without them)."""
    rows = dataset_of_files([read_dialogues(corpus("llamafactory/dpo_zh_demo.json"), preferences=True)])
    both = [(p.chosen, p.rejected) for p in rows.pairs if p.chosen and p.rejected]
    longer, n, z = length_lean(both)
    assert (len(both), longer, n, round(z, 1)) == (300, 186, 298, 4.3)
