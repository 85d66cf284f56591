"""D106: which combinations of a domain folder never occur, and which few rows would make every two of them meet.

Knows the factors of cards (per knowledge point) and of training scenarios. A value counts as wanted once it occurs
anywhere in the folder: nobody is asked for noise who uses none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from steadyhand.chat.messages import Message
from steadyhand.check.covering_array import Row, all_pairs, covering_rows, least_rows, open_pairs
from steadyhand.check.finding import Finding, finding
from steadyhand.domain.model import Card, Domain, Scenario
from steadyhand.errors import Place

LATE = 8  # user turns: an answer this late stands behind a long history
SHOWN = 12  # rows that one finding lists
NO_TOOL = "none"


def check_contract(domain: Domain) -> Iterator[Finding]:
    """One finding per point with cards, and one for the training scenarios, where pairs are missing."""
    cards = {point: [_of_card(card) for card in point.cards] for point in domain.points if point.cards}
    factors = _factors([row for rows in cards.values() for row in rows])
    for point, rows in cards.items():
        yield from _holes(f"point {point.id!r}", point.place, "card", factors, rows)
    trained = [scenario for scenario in domain.scenarios if scenario.split == "train" and scenario.tools]
    if trained:
        rows = [_of_scenario(scenario) for scenario in trained]
        yield from _holes("training scenarios", trained[0].place, "scenario", _factors(rows), rows)


def _of_card(card: Card) -> Row:
    kind = {} if card.kind.startswith("turn_") else {"kind": card.kind}  # those say where, which is seen anyway
    return {**kind, "language": card.lang, "turn": _turn(card.messages)}


def _of_scenario(scenario: Scenario) -> Row:
    called = next((call.name for message in scenario.messages for call in message.calls), NO_TOOL)
    first = next((at for at, message in enumerate(scenario.messages) if message.calls), len(scenario.messages))
    return {
        "expected tool": called,
        "class": scenario.input_class,
        "language": scenario.lang,
        "turn": _turn(scenario.messages[:first]),
        "offer": "one tool" if len(scenario.tools) == 1 else "several tools",
    }


def _turn(messages: Sequence[Message]) -> str:
    """The user's turn that is answered."""
    turns = sum(message.role == "user" for message in messages)
    return "1" if turns <= 1 else f"2-{LATE - 1}" if turns < LATE else f"{LATE} or later"


def _factors(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The values that occur; a factor of one value meets every other by itself."""
    names = dict.fromkeys(name for row in rows for name in row)
    factors = {name: sorted({row[name] for row in rows if name in row}) for name in names}
    return {name: values for name, values in factors.items() if len(values) > 1}


def _holes(
    name: str, place: Place, noun: str, factors: Mapping[str, Sequence[str]], rows: Sequence[Row]
) -> Iterator[Finding]:
    missing = open_pairs(factors, rows)
    if missing:
        made = covering_rows(factors, rows)
        few = f"{len(made)} {noun}{'s' if len(made) > 1 else ''}"
        what = (
            f"{name}: {len(missing)} of {len(all_pairs(factors))} pairs of {', '.join(factors)} never occur; "
            f"{few} would cover them (at least {least_rows(missing)} are needed)"
        )
        yield finding("D106", place, what, f"write {few}: {_listed(made)}")


def _listed(rows: Sequence[Row]) -> str:
    lines = [", ".join(f"{name} {value}" for name, value in row.items()) for row in rows[:SHOWN]]
    more = [f"and {len(rows) - SHOWN} more of the kind"] if len(rows) > SHOWN else []
    return "; ".join([*lines, *more])
