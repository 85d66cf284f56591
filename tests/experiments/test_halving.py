"""Both sweeps of a seed are real and are kept; a part of a domain keeps what is held out; the full one tells losses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments import halving
from steadyhand.domain.load import load
from tests import tiny
from tests.flow import world
from tests.lab.test_sweep import SCENARIOS

TWO = "branches:\n  - name: plain\n  - name: hot\n    set: {sft.learning_rate: 2e-2}\n"


def test_both_sweeps_of_a_seed_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain = world.make(tmp_path / "d", tiny.save(tmp_path / "base"), scenarios=SCENARIOS)
    branches = tmp_path / "two.yaml"
    branches.write_text(TWO, "utf-8")
    words = ["--domain", str(domain), "--branches", str(branches), "--out", str(tmp_path / "out"), "--held", "0.5"]
    assert halving.main([*words, "--seeds", "1"]) == 0
    out, err = capsys.readouterr()
    assert "the full sweep's winner in 1 of 1" in out  # two branches are both trained whole
    assert "steps 100.0%, answers 100.0%" in out
    assert "seed 0, full" in err
    assert halving.main([*words, "--seeds", "1"]) == 0
    again, err = capsys.readouterr()
    assert (again, err) == (out, "")


def test_a_part_of_a_domain(tmp_path: Path) -> None:
    rows = [{"id": f"t{i}", "group": f"g{i // 2}", "split": "train"} for i in range(40)]
    rows += [{"id": f"e{i}", "group": "e", "split": "eval"} for i in range(5)]
    place = tmp_path / "whole" / "scenarios"
    place.mkdir(parents=True)
    (place / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (place / "code.py").write_text("", "utf-8")
    parts = []
    for seed in (0, 1):
        halving.thinned(tmp_path / "whole", 0.2, seed, tmp_path / f"part{seed}")
        text = (tmp_path / f"part{seed}" / "scenarios" / "all.jsonl").read_text("utf-8")
        parts.append([json.loads(line) for line in text.splitlines()])
    kept = [[row["id"] for row in part if row["split"] == "train"] for part in parts]
    assert [len(ids) for ids in kept] == [8, 8]
    assert kept[0] != kept[1]
    assert all(sum(row["group"] == f"g{i}" for row in parts[0]) in (0, 2) for i in range(20))
    assert [sum(row["split"] == "eval" for row in part) for part in parts] == [5, 5]
    assert not (tmp_path / "part0" / "scenarios" / "code.py").exists()


def test_a_part_of_the_worked_example_is_a_domain(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "uss"
    halving.thinned(example, 0.02, 0, tmp_path / "part")
    whole, part = load(example), load(tmp_path / "part")
    assert 0 < len(part.cards) < 0.05 * len(whole.cards)
    held, left = ([(s.id, s.messages) for s in domain.scenarios if s.split == "eval"] for domain in (whole, part))
    assert held == left


def row(full: str | None, halved: str | None, rates: dict[str, float], steps: int = 30) -> dict[str, Any]:
    stories = [{"branch": name, "stops": [{"rate": rate}]} for name, rate in rates.items()]
    compute = {"steps": 100, "answers": 100}
    return {
        "seed": 0,
        "full": {"winner": full, "stories": stories, "compute": compute, "seconds": 50},
        "halved": {"winner": halved, "stories": stories, "compute": {"steps": steps, "answers": 50}, "seconds": 20},
    }


def test_what_a_wrong_winner_costs_is_told_by_the_full_sweep() -> None:
    rates = {"a": 0.9, "b": 0.89, "c": 0.5}
    rows = [row("a", "a", rates), row("a", "b", rates), row("a", "c", rates), row("a", None, rates, 40)]
    assert [halving.below(one) for one in rows] == [0, pytest.approx(0.01), pytest.approx(0.4), None]
    told = halving.summary(rows)
    assert "winner in 1 of 4 [5%, 70%], one at most 2% below it in 2" in told
    assert "of the full sweeps' compute: seconds 40.0%, steps 32.5%, answers 50.0%" in told


def test_wishes_that_cannot_be_met_are_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert halving.main(["--seeds", "0"]) == 2
    assert halving.main(["--branches", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert "no such domain or file of branches" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
