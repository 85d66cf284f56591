"""The comparison of methods trains and measures each cell once, keeps it, and says what is wrong with a wish."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments import cell, methods
from steadyhand.domain.load import load
from tests import tiny
from tests.flow import world

BUDGET = cell.Budget(1, 1, 0)


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world")
    return world.make(home / "d", tiny.save(home / "base"))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cells run in this process, and are counted."""
    seen: list[str] = []

    def run(words: Sequence[str], check: bool, env: Mapping[str, str]) -> Any:
        seen.append(words[3])
        return subprocess.CompletedProcess(words, cell.main(words[3:]))

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def test_a_table_of_cells_that_are_done_once(
    domain: Path, tmp_path: Path, calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--domain", str(domain), "--out", str(tmp_path), "--steps", "1", "--limit", "1"]
    assert methods.main([*words, "--methods", "base,ia3,prefix"]) == 0
    out, err = capsys.readouterr()
    assert "ia3: step 1 of" in err
    lines = {line.split("|")[1].strip(): line for line in out.splitlines() if line.startswith("|")}
    assert list(lines) == ["method", "---", "base", "ia3", "prefix"]
    assert (lines["ia3"].split("|")[-2].strip(), lines["prefix"].split("|")[-2].strip()) == ("yes", "no")
    assert "/" in lines["base"]
    assert methods.main([*words, "--methods", "base,prefix,prompt"]) == 0
    assert calls == ["base", "ia3", "prefix", "prompt"]
    assert "prefix: done before" in capsys.readouterr().err
    figures = json.loads(next(tmp_path.glob("ia3-*/figures.json")).read_text())
    assert figures["trained"] == 2 * (2 * 16 + 64)
    assert figures["parity_kl"] < 1e-6
    assert figures["peak_mb"] > 50


def test_a_cell_belongs_to_its_budget_and_its_domain(domain: Path) -> None:
    one = methods.key("lora", BUDGET, domain)
    assert one == methods.key("lora", BUDGET, domain)
    others = {
        methods.key("dora", BUDGET, domain),
        methods.key("lora", cell.Budget(2, 1, 0), domain),
        methods.key("lora", BUDGET, domain / "knowledge"),
    }
    assert one not in others
    assert len(others) == 3


def test_few_are_asked_and_dialogues_stay_whole(domain: Path) -> None:
    whole = load(domain)
    few = cell.limited(whole, 1)
    kinds = [probe.kind for probe in few.probes]
    assert kinds.count("public") == 1
    assert kinds.count("anchoring") == [probe.kind for probe in whole.probes].count("anchoring")
    assert [scenario.split for scenario in few.scenarios] == ["eval"]
    assert cell.limited(whole, 0) is whole


def test_wishes_that_cannot_be_met_are_one_error(
    domain: Path, tmp_path: Path, calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path), "--domain", str(domain)]
    assert methods.main([*out, "--methods", "lora,magic"]) == 2
    assert "no such method: 'magic'" in capsys.readouterr().err
    assert methods.main([*out, "--steps", "0"]) == 2
    assert methods.main(["--domain", str(tmp_path / "none")]) == 2
    assert "not a domain folder" in capsys.readouterr().err
    assert calls == []
    assert methods.main([*out, "--methods", "qlora", "--steps", "1", "--limit", "1"]) == 4
    err = capsys.readouterr().err
    assert "needs a CUDA device" in err
    assert "the cell qlora ended with exit code 3" in err


def test_what_cannot_run_here_is_left_out() -> None:
    assert methods.chosen("")[0] == "base"
    assert set(methods.chosen("")) >= {"full", "lora", "dora", "ia3", "prefix", "prompt"}
    assert methods.chosen("prompt, base") == ["prompt", "base"]
