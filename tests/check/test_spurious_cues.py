from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.check.asks import arenas, outcome_of
from steadyhand.check.dataset import Dataset, Record, dataset_of_files
from steadyhand.check.diversity import _opening, check_diversity, vendi
from steadyhand.check.features import lexical, shape, spans, tokens
from steadyhand.check.finding import Finding
from steadyhand.check.spurious_cues import Cue, leanings, separators
from steadyhand.datasets.convert import read_dialogues
from steadyhand.errors import Place
from steadyhand.text.normal import fold
from tests.corpora import corpus

TWO = [("USS 评估结果 level>50，是否安全？", "不安全"), ("USS 查询返回 Not found，是否安全？", "安全")]
FOUR = [
    ("USS 评估结果 level=10，是否安全？", "安全"),
    ("USS 查询返回 level>50，是否安全？", "不安全"),
    ("USS 评估结果 Not found，是否安全？", "安全"),
    ("USS 查询返回 level=90，是否安全？", "不安全"),
]
LOOK = Tool("look", "d", {"type": "object", "properties": {}})
CALL = Message("assistant", calls=(ToolCall("look", {}),))


def cards(*rows: tuple[str, str], point: str = "", causal: str = "") -> list[Record]:
    return [
        Record(f"row {n}", Place("f", n), (Message("user", q), Message("assistant", a)), point=point, causal=causal)
        for n, (q, a) in enumerate(rows, 1)
    ]


def offered(text: str, *, calls: bool, tools: tuple[Tool, ...] = (LOOK,)) -> Record:
    return Record("row", Place("f", 1), (Message("user", text), CALL if calls else Message("assistant", "No.")), tools)


def cues(records: list[Record]) -> list[Cue]:
    return [cue for arena in arenas(records) for cue in separators(arena)]


def found(records: Sequence[Record], code: str) -> list[Finding]:
    return [one for one in check_diversity(Dataset(records)) if one.code == code]


def test_two_cards_give_exactly_their_cues() -> None:
    assert {cue.outcome: set(cue.spans) for cue in cues(cards(*TWO))} == {
        "不安全": {"评估结果", "level", "50"},
        "安全": {"查询返回", "not", "found"},
    }


def test_the_missing_counter_cards_are_named() -> None:
    (unsafe, safe) = found(cards(*TWO), "D101")
    assert "holds '评估结果', 'level', '50', and no other does" in unsafe.message
    assert "`USS 查询返回 level>50，是否安全？`" in unsafe.next
    assert "`USS 评估结果 Not found，是否安全？`" in unsafe.next
    assert "'查询返回', 'not', 'found'" in safe.next
    assert (unsafe.place, safe.place) == (Place("f", 1), Place("f", 2))


def test_four_counter_cards_leave_none() -> None:
    assert cues(cards(*TWO, *FOUR)) == []
    assert found(cards(*TWO, *FOUR), "D101") == []


def test_a_cue_lives_until_its_last_counter_card() -> None:
    assert [set(cue.spans) for cue in cues(cards(*TWO, *FOUR[:3]))] == [{"50"}]


def test_what_the_rules_of_a_point_name_is_no_cue() -> None:
    point = cards(*TWO, *FOUR[:3], point="uss.level", causal="level > 50 means unsafe")
    assert cues(point) == []
    assert cues(cards(*TWO, *FOUR[:3], point="uss.level"))


def test_questions_that_differ_are_not_compared() -> None:
    assert cues(cards(("Capital of France?", "Paris"), ("Capital of Spain?", "Madrid"))) == []
    many = [(f"Is {word} a city?", word) for word in ("Paris", "Rome", "Oslo", "Bern")]
    assert cues(cards(*many, point="p")) == []  # as many answers as questions: open ones


def test_the_only_ask_of_an_answer_proves_nothing_among_many() -> None:
    rows = [(f"{word}, is it safe?", "yes") for word in ("tree", "lake", "hill", "road")]
    assert cues(cards(*rows, ("moon, is it safe?", "no"))) == []


def test_outcomes_are_short_answers() -> None:
    assert outcome_of("不安全，因为 level 超过 50。", whole=False) == "不安全"
    assert outcome_of("不安全，因为 level 超过 50。", whole=True) is None
    assert outcome_of("安全。", whole=True) == "安全"
    assert outcome_of("It depends on very many things", whole=False) is None
    assert outcome_of(" ", whole=False) is None


def test_z_finds_a_word_and_a_shape_in_large_sets() -> None:
    plain = [offered(f"show item{n} now", calls=n % 2 == 0) for n in range(60)]
    polite = [offered(f"please show thing{n} now", calls=False) for n in range(20)]
    (arena,) = arenas([*plain, *polite])
    leaning = next(one for one in leanings(arena) if one.feature == "please")
    assert (leaning.k, leaning.n, leaning.p0) == (0, 20, 30 / 80)
    assert round(leaning.z, 2) == round(-0.375 / (0.375 * 0.625 / 20) ** 0.5, 2)
    assert leanings(arenas(plain)[0]) == []
    assert separators(arena) == []


def test_the_place_of_the_right_tool() -> None:
    others = tuple(Tool(name, "d", LOOK.parameters) for name in ("a", "b"))
    first = [offered("q", calls=True, tools=(LOOK, *others)) for _ in range(40)]
    spread = [offered("q", calls=True, tools=(*others[: n % 3], LOOK, *others[n % 3 :])) for n in range(40)]
    (one,) = found(first, "D105")
    assert "number 1 of the offer in 40 of 40 rows; 13 are expected (z = +8.9)" in one.message
    assert found(spread, "D105") == []


def test_one_template_and_one_wording() -> None:
    same = [
        (f"What does field{n} mean in this interface?", f"The field that you name is called number {n}.")
        for n in range(12)
    ]
    assert [one.code for one in check_diversity(Dataset(cards(*same, point="p")))] == ["D103", "D104"]
    words = [
        "red cat",
        "old ship",
        "tax law",
        "雨天",
        "blue whale",
        "iron ore",
        "数学",
        "jazz",
        "wheat",
        "moon",
        "salt",
        "ice",
    ]
    varied = [
        (f"{word} {n * 37}?", f"{word} of {n} {word[::-1]} is what it says and more") for n, word in enumerate(words)
    ]
    assert list(check_diversity(Dataset(cards(*varied, point="p")))) == []


@given(texts=st.lists(st.text(alphabet="abcdef 你好吗", min_size=1, max_size=12), min_size=1, max_size=8))
def test_vendi_is_between_one_and_the_number_of_texts(texts: list[str]) -> None:
    assert 1 - 1e-6 <= vendi(texts) <= len(texts) + 1e-6
    assert abs(vendi(texts * 2) - vendi(texts)) < 1e-6


def test_features() -> None:
    assert lexical("ＵＳＳ 1.5 评估") == {"uss", "1.5", "评", "估", "评估"}
    assert tokens("Level 5 评估") == ["level", "5", "评", "估"]
    assert shape("a1", 2, 3) == {"length 2-3", "language en", "turn 2", "has digits", "3 tools on offer"}
    assert spans("是否可以 或 不可以", {"不", "不可", "可以"}) == ["可以", "不可以"]


@given(text=st.text(max_size=30))
def test_spans_cover_only_what_is_wanted(text: str) -> None:
    assert spans(text, ()) == []
    assert all(span in fold(text) for span in spans(text, lexical(text)))
    assert set(spans(text, {"5"})) <= {"5"}


def test_a_public_tool_set_gives_its_calls_away() -> None:
    """300 rows; 200 of them offer tools. Digits in the first question: 54 of 56 call."""
    rows = dataset_of_files([read_dialogues(corpus("llamafactory/glaive_toolcall_zh_demo.json"))]).records
    (arena,) = (arena for arena in arenas(rows) if arena.name == "calls")
    assert arena.outcomes == {"call": 99, "no call": 101}
    digits = leanings(arena)[0]
    assert (digits.feature, digits.k, digits.n, round(digits.z, 1)) == ("has digits", 54, 56, 7.0)
    assert "39 of 39" in found(rows, "D105")[0].message


def test_answers_of_a_point_are_compared_when_they_recur() -> None:
    kinds = [
        ("Is it a URL?", "no"),
        ("Is it an IP?", "no"),
        ("Should I hold it now", "yes"),
        ("May I hold it later", "yes"),
    ]
    (arena,) = arenas(cards(*kinds, ("What is it, in a word", "a service"), point="p"))
    assert arena.outcomes == {"no": 2, "yes": 2}
    assert {cue.outcome: set(cue.spans) for cue in separators(arena)} == {"no": {"is"}, "yes": {"i", "hold"}}
    assert arenas(cards(("What is it?", "a service"), ("What does it give?", "a level"), point="p")) == []


def test_an_answer_picked_out_of_the_question_is_open() -> None:
    rows = [("a1.top or b2.org, which one is unsafe?", "a1.top"), ("c3.ru or d4.com, which one is unsafe?", "d4.com")]
    assert arenas(cards(*rows)) == []


@given(start=st.text(alphabet="ab 1.不Ａ；\u0301", max_size=150), rest=st.text(alphabet="a 1:%不", max_size=60))
def test_an_opening_is_read_off_the_beginning(start: str, rest: str) -> None:
    whole = tokens(re.sub(r"\d[\w.:/%-]*", "0", start + rest))
    assert _opening(start + rest) == (tuple(whole[:8]) if len(whole) > 8 else ())
