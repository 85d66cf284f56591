from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.check.dataset import Dataset, Record, dataset_of_files
from steadyhand.check.finding import Finding
from steadyhand.check.partial_input import check_partial
from steadyhand.datasets.convert import read_dialogues
from steadyhand.datasets.labels import Labels
from steadyhand.errors import Place
from tests.corpora import corpus

NOUNS = "river stone cloud paper seven apple night train clock sugar music glass horse field winter green"
WORDS = tuple(NOUNS.split())


def tool(name: str) -> Tool:
    return Tool(name, "d", {"type": "object", "properties": {}})


def row(number: int, text: str, calls: bool, *offer: str) -> Record:
    tools = tuple(map(tool, offer or ("look", "send")))
    answer = Message("assistant", calls=(ToolCall(tools[0].name, {}),)) if calls else Message("assistant", "No.")
    return Record(f"row {number}", Place("f", number), (Message("user", text), answer), tools)


def card(question: str, answer: str) -> Record:
    messages = (Message("user", question), Message("assistant", answer))
    return Record("card", Place("f", 1), messages, point="p", causal="alpha means yes, beta means no")


def said(rng: random.Random, size: int = 12) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(size))


def found(records: Sequence[Record]) -> list[Finding]:
    return list(check_partial(Dataset(records)))


def test_the_first_words_tell_and_their_twin_does_not() -> None:
    rng = random.Random(1)
    cue = [row(n, f"{'please' if n % 2 else 'hello'} {said(rng)}", n % 2 == 0) for n in range(1, 121)]
    (one,) = found(cue)
    assert one.code == "D107"
    assert "calls: from the first 5 words of the prompt alone 100% (120 of 120) of the outcomes" in one.message
    assert "by the most frequent outcome" in one.message
    assert "'please' (60 of 60 end in 'no call')" in one.message
    twin = [row(n, f"{'please' if n % 2 else 'hello'} {said(rng)}", n % 4 < 2) for n in range(1, 121)]
    assert found(twin) == []


def test_the_offer_tells_and_its_twin_does_not() -> None:
    rng = random.Random(2)
    told = [row(n, said(rng), n % 2 == 0, "look", "send" if n % 2 else "stop") for n in range(100)]
    (one,) = found(told)
    assert "from the names of the tools on offer alone 100% (100 of 100)" in one.message
    assert "'stop' (50 of 50 end in 'call')" in one.message
    assert found([row(n, said(rng), n % 4 < 2, "look", "send" if n % 2 else "stop") for n in range(100)]) == []


def test_the_length_tells_and_its_twin_does_not() -> None:
    rng = random.Random(3)
    (one,) = found([row(n, said(rng, 5 if n % 2 else 40), n % 2 == 0) for n in range(100)])
    assert "from the length of the prompt alone" in one.message
    assert found([row(n, said(rng, 5 if n % 2 else 40), n % 4 < 2) for n in range(100)]) == []


def test_what_is_known_by_heart_is_no_insight() -> None:
    """Ten copies of each of a dozen prompts, or rows of a dozen groups, each with an outcome of its own."""
    rng = random.Random(4)
    copies = [row(n, text, n % 2 == 0) for n, text in enumerate(said(rng) for _ in range(12)) for _ in range(10)]
    assert found(copies) == []
    grouped = [
        replace(row(n, f"case{n} {said(rng)}", n % 2 == 0), labels=Labels("train", f"g{n}", ()))
        for n in range(12)
        for _ in range(10)
    ]
    assert found(grouped) == []


def test_few_rows_prove_nothing_and_the_task_itself_is_no_cue() -> None:
    rng = random.Random(5)
    assert found([row(n, f"{'please' if n % 2 else 'hello'} {said(rng)}", n % 2 == 0) for n in range(39)]) == []
    cards = [card(f"{'alpha' if n % 2 else 'beta'} {said(rng)}", "yes" if n % 2 else "no") for n in range(80)]
    assert found(cards) == []
    assert len(found([replace(card, causal="") for card in cards])) == 1


def test_a_public_tool_set_can_be_told_without_reading_it() -> None:
    files = [read_dialogues(corpus("llamafactory/glaive_toolcall_zh_demo.json"))]
    first = found(dataset_of_files(files).records)
    assert first == found(dataset_of_files(files).records)
    assert any("the first 5 words" in one.message for one in first)
