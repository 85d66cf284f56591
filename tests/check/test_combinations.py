from __future__ import annotations

from pathlib import Path

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.check.combinations import SHOWN, check_contract
from steadyhand.check.rules import RULES
from steadyhand.domain.model import Card, Domain, InputClass, Point, Scenario
from steadyhand.errors import Place
from steadyhand.text.shingles import Language

ANSWER, LOOK = Message("assistant", "yes"), Message("assistant", calls=(ToolCall("look", {}),))


def turns(count: int, last: Message = ANSWER) -> tuple[Message, ...]:
    return (*(Message("user", "q"), ANSWER) * (count - 1), Message("user", "q"), last)


def card(kind: str, lang: Language, count: int = 1) -> Card:
    return Card(f"c/{kind}/{lang}/{count}", "p", kind, lang, turns(count), Place("k.yaml", 3))


def scenario(
    class_: InputClass, lang: Language, *, calls: bool, split: str = "train", tools: tuple[str, ...] = ("look",)
) -> Scenario:
    messages = turns(1, LOOK if calls else ANSWER)
    return Scenario("s", "g", "eval" if split == "eval" else "train", class_, lang, tools, messages, Place("s.yaml", 7))


def domain(*cards: Card, scenarios: tuple[Scenario, ...] = ()) -> Domain:
    point = Point("p", (), "d", (), (), cards, Place("k.yaml", 1))
    return Domain(Path("d"), "d", (point,), {}, scenarios, ())


def test_the_cards_that_are_missing_are_named() -> None:
    (one,) = check_contract(domain(card("paraphrase", "zh"), card("paraphrase", "en"), card("noise", "zh")))
    assert (one.code, one.severity, one.place) == ("D106", "note", Place("k.yaml", 1))
    assert "point 'p': 1 of 4 pairs of kind, language never occur; 1 card would cover them" in one.message
    assert one.next == "write 1 card: kind noise, language en"


def test_a_point_is_measured_by_what_the_folder_uses() -> None:
    full = [card(kind, lang) for kind in ("paraphrase", "noise") for lang in ("zh", "en")]
    assert list(check_contract(domain(*full))) == []
    late = list(check_contract(domain(*full, card("turn_8", "zh", 8))))
    assert [found.message.partition(";")[0] for found in late] == [
        "point 'p': 3 of 12 pairs of kind, language, turn never occur"
    ]
    assert "kind noise, language en, turn 8 or later; kind paraphrase, turn 8 or later" in late[0].next
    assert list(check_contract(domain(card("paraphrase", "zh")))) == []


def test_training_scenarios_are_crossed_and_held_out_ones_are_not_counted() -> None:
    there = (
        scenario("common", "zh", calls=True),
        scenario("noisy", "en", calls=False),
        scenario("common", "en", calls=True),
        scenario("noisy", "zh", calls=False),
    )
    (one,) = check_contract(domain(scenarios=there))
    assert "2 of 12 pairs of expected tool, class, language never occur" in one.message
    assert "expected tool look, class noisy" in one.next
    assert one.place == Place("s.yaml", 7)
    held = scenario("noisy", "zh", calls=True, split="eval")
    assert list(check_contract(domain(scenarios=(*there, held)))) == [one]
    mended = (scenario("noisy", "zh", calls=True), scenario("common", "zh", calls=False))
    assert list(check_contract(domain(scenarios=(*there, *mended)))) == []


def test_a_long_list_is_cut_and_counted() -> None:
    cards = [card(f"kind{n}", "zh") for n in range(SHOWN + 3)]
    (one,) = check_contract(domain(*cards, card("kind0", "en")))
    assert one.next.count("language en") == SHOWN
    assert "and 2 more" in one.next


def test_it_never_fails_a_check() -> None:
    assert RULES["D106"].severity == "note"
