"""From figures to words, on results written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from experiments.claims.answers import Answers
from experiments.claims.claim import Claim, Gain, Kept, Level, Part, Same
from experiments.claims.results import Cell, Results
from experiments.claims.verdict import difference, judge, level, word_of

TRAINED = {"steps": 1, "tokens": 1, "processor_seconds": 1.0}


def cell(arm: str, seed: int, figures: Sequence[float | None], cost: Mapping[str, Any] = TRAINED) -> Cell:
    """Two questions a cluster, the even ones of class `call`."""
    questions = tuple((f"q{i}", f"c{i // 2}", "call" if i % 2 == 0 else "talk") for i in range(len(figures)))
    return Cell(arm, seed, Answers(questions, {"calls": tuple(figures)}), cost, random=bool(cost))


def results(*cells: Cell) -> Results:
    return Results("C0", "nano", "2026-12-01", "a processor", len(cells), {}, {}, cells)


def arm(name: str, share: float, seeds: int = 3, n: int = 200) -> list[Cell]:
    """So many right answers, spread evenly over clusters."""
    return [cell(name, seed, [float((i * 37) % n < share * n) for i in range(n)]) for seed in range(seeds)]


def test_a_gain_is_shown_by_its_interval_and_every_seed() -> None:
    found = results(*arm("a", 0.9), *arm("b", 0.6))
    assert judge(Gain("calls", "a", "b"), found, 3).word == "SHOWN"
    assert judge(Gain("calls", "a", "b", 0.5), found, 3).word == "CONTRADICTED"
    assert judge(Gain("calls", "b", "a"), found, 3).word == "CONTRADICTED"
    against = cell("a", 2, [float((i * 37) % 200 < 118) for i in range(200)])  # one seed points the other way
    mixed = results(*arm("a", 0.9, seeds=2), against, *arm("b", 0.6))
    judged = judge(Gain("calls", "a", "b"), mixed, 3)
    assert judged.estimate is not None
    assert judged.estimate.low > 0
    assert judged.word == "NOT SHOWN"


@pytest.mark.parametrize(
    ("demand", "word"),
    [
        (Level("calls", "a", 0.9), "SHOWN"),
        (Level("calls", "a", 0.91), "NOT SHOWN"),
        (Level("calls", "a", 0.99), "CONTRADICTED"),
        (Same("calls", "a", "c", 0.05), "SHOWN"),
        (Same("calls", "a", "b", 0.05), "CONTRADICTED"),
        (Kept("calls", "a", "b", 0.03), "SHOWN"),
        (Kept("calls", "b", "a", 0.03), "CONTRADICTED"),
    ],
)
def test_levels_sameness_and_loss(demand: Any, word: str) -> None:
    found = results(*arm("a", 0.9), *arm("b", 0.6), *arm("c", 0.9))
    assert judge(demand, found, 3).word == word


def test_what_misses_a_seed_was_not_run() -> None:
    found = results(*arm("a", 0.9, seeds=2), *arm("b", 0.6))
    assert judge(Gain("calls", "a", "b"), found, 3).word == "NOT RUN"
    assert judge(Level("calls", "nobody", 0.5), found, 3).word == "NOT RUN"
    assert judge(Level("calls", "b", 0.5), found, 3).word == "SHOWN"


def test_a_model_that_was_not_trained_stands_beside_every_seed() -> None:
    base = cell("base", 0, [0.0, 1.0, 0.0, 1.0], cost={})
    tuned = [cell("t", seed, [1.0, 1.0, 0.0, 1.0]) for seed in range(3)]
    found = difference(tuned, [base], "calls")
    assert found is not None
    assert (found.value, found.seeds, found.n, found.clusters) == (0.25, 3, 4, 2)
    turned = difference([base], tuned, "calls")
    assert turned is not None
    assert (turned.value, turned.low, turned.high) == (-0.25, -found.high, -found.low)
    assert judge(Gain("calls", "t", "base"), results(base, *tuned), 3).estimate == found


def test_questions_are_paired_by_id_and_counted_by_class() -> None:
    one = cell("a", 0, [1.0, None, 0.0, 1.0])
    other = cell("b", 0, [0.0, 1.0, 0.0])
    found = difference([one], [other], "calls")
    assert found is not None
    assert (found.value, found.n) == (0.5, 2)
    only = level([one], "calls", "call")
    assert only is not None
    assert (only.value, only.n) == (0.5, 2)
    assert level([one], "missed") is None


def test_the_word_of_a_claim() -> None:
    texts = {"en": "x", "zh": "x"}
    shown, refuted = Part(texts, Level("calls", "a", 0.5)), Part(texts, Level("calls", "a", 0.99))
    unknown, open_ = Part(texts, Level("calls", "nobody", 0.5)), Part(texts, Level("calls", "a", 0.91))

    found = results(*arm("a", 0.9))

    def word(*parts: Part, found: Results | None = found) -> str:
        return word_of(Claim("C0", texts, texts, parts, lambda base, chosen: []), found)

    assert word(shown) == "SHOWN"
    assert word(shown, open_) == word(shown, unknown) == "NOT SHOWN"
    assert word(shown, refuted, unknown) == "CONTRADICTED"
    assert word(unknown) == word(shown, found=None) == "NOT RUN"
