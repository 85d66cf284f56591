from collections import Counter
from pathlib import Path

import pytest

from steadyhand.cards.rows import sft_rows
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.domain.model import Card, Domain, Point, Scenario, Split
from steadyhand.errors import Place, UsageError

PLACE = Place("f.yaml", 1)
TOOL = Tool("find", "", {"type": "object"})


def card(n: int) -> Card:
    return Card(f"c{n}", "p", "paraphrase", "en", (Message("user", f"q{n}"), Message("assistant", f"a{n}")), PLACE)


def scenario(id: str, split: Split) -> Scenario:
    messages = (
        Message("user", "go"),
        Message("assistant", "", None, (ToolCall("find", {}),)),
        Message("tool", "{}"),
        Message("assistant", "done"),
    )
    return Scenario(id, id, split, "common", "en", ("find",), messages, PLACE)


def dialogue(n: int, turns: int) -> tuple[Message, ...]:
    return tuple(m for t in range(turns) for m in (Message("user", f"{n}.{t}?"), Message("assistant", f"{n}.{t}!")))


def domain(cards: int = 10, dialogues: int = 40) -> Domain:
    return Domain(
        root=Path("d"),
        name="d",
        points=(Point("p", (), "", (), (), tuple(card(n) for n in range(cards)), PLACE),),
        tools={"find": TOOL},
        scenarios=(scenario("train", "train"), scenario("eval", "eval")),
        probes=(),
        rehearsal=tuple(dialogue(n, 1 + n % 3) for n in range(dialogues)),
        rehearsal_tools=tuple((TOOL,) if n % 2 else () for n in range(dialogues)),
    )


def sources(domain: Domain, **options: bool | float) -> Counter[str]:
    rows = sft_rows(domain, scenarios=bool(options.get("scenarios")), rehearsal=options.get("rehearsal", 0.0), seed=0)
    return Counter(row.source.partition(":")[0] for row in rows)


def test_one_row_per_card_with_the_answer_last() -> None:
    rows = sft_rows(domain(), scenarios=False, rehearsal=0, seed=0)
    assert sorted(row.source for row in rows) == [f"card:c{n}" for n in range(10)]
    assert all(row.messages[-1].role == "assistant" and row.tools == () for row in rows)


def test_cards_may_be_shown_several_times() -> None:
    once, thrice = (sft_rows(domain(), scenarios=False, rehearsal=0, seed=0, card_repeats=n) for n in (1, 3))
    assert Counter(row.source for row in thrice) == {row.source: 3 for row in once}


def test_scenarios_add_training_decisions_with_their_tools_only() -> None:
    rows = sft_rows(domain(), scenarios=True, rehearsal=0, seed=0)
    added = {row.source: row for row in rows if row.source.startswith("scenario:")}
    assert set(added) == {"scenario:train#1", "scenario:train#3"}
    assert added["scenario:train#1"].messages[-1].calls[0].name == "find"
    assert all(row.tools == (TOOL,) for row in added.values())


@pytest.mark.parametrize(("share", "expected"), [(0.5, 10), (0.2, 2), (0.75, 30)])
def test_rehearsal_is_a_share_of_the_whole(share: float, expected: int) -> None:
    assert sources(domain(), rehearsal=share) == {"card": 10, "rehearsal": expected}


def test_too_little_rehearsal_is_used_once_not_repeated() -> None:
    rows = sft_rows(domain(dialogues=3), scenarios=False, rehearsal=0.9, seed=0)
    general = [row for row in rows if row.source.startswith("rehearsal")]
    assert len(general) == len({row.source for row in general}) == 5  # one turn, then two each of longer ones


def test_a_dialogue_gives_its_last_turn_and_one_other() -> None:
    rows = sft_rows(domain(cards=0, dialogues=30), scenarios=False, rehearsal=0.5, seed=0)
    for n in range(30):
        turns = [row for row in rows if row.source.startswith(f"rehearsal:{n}#")]
        lengths = sorted(len(row.messages) for row in turns)
        whole = 2 * (1 + n % 3)
        assert lengths[-1] == whole
        assert len(lengths) == (1 if whole == 2 else 2)
        assert all(row.messages[-1].role == "assistant" for row in turns)
        assert all(row.tools == ((TOOL,) if n % 2 else ()) for row in turns)


def test_order_depends_on_the_seed_only() -> None:
    first, again, other = (sft_rows(domain(), scenarios=True, rehearsal=0.5, seed=s) for s in (1, 1, 2))
    assert first == again != other
    assert [row.source for row in first] != sorted(row.source for row in first)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(UsageError, match="share"):
        sft_rows(domain(), scenarios=False, rehearsal=share, seed=0)


def test_every_answer_that_is_to_be_trained_is_a_row() -> None:
    long = Card("c", "p", "imported", "en", dialogue(0, 4), PLACE, frozenset({1, 5}))
    found = Domain(Path("d"), "d", (Point("p", (), "", (), (), (long,), PLACE),), {}, (), ())
    rows = {row.source: row for row in sft_rows(found, scenarios=False, rehearsal=0, seed=0)}
    assert {name: row.messages for name, row in rows.items()} == {
        "card:c#1": long.messages[:2],
        "card:c#5": long.messages[:6],
        "card:c": long.messages,
    }
    twice = sft_rows(found, scenarios=False, rehearsal=0, seed=0, card_repeats=2)
    assert Counter(row.source for row in twice) == dict.fromkeys(rows, 2)
