"""Every kind of defect that the benchmark plants into clean real rows is found, at its own line."""

from __future__ import annotations

from bench.planted import KINDS, results
from tests.corpora import corpus


def test_every_planted_kind_is_found_and_nothing_is_said_of_its_neighbours() -> None:
    alpaca, calls = corpus("llamafactory/alpaca_zh_demo.json"), corpus("llamafactory/glaive_toolcall_zh_demo.json")
    made = results(alpaca, calls, each=1, seed=0, beside=12)
    assert len(made) == len(KINDS) >= 14
    assert [one.kind.name for one in made if one.found < one.planted] == []
    assert sum(one.alarms for one in made) == 0
