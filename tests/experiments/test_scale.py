"""The curve over the number of preference groups: one run a point, and nothing is trained twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import scale
from tests import tiny
from tests.flow import world


def lines_of(text: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in cells}


def test_a_curve_is_measured_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain = world.make(tmp_path / "d", tiny.save(tmp_path / "base"))
    words = ["--domain", str(domain), "--out", str(tmp_path / "out"), "--set", "pairs.max_groups=1"]
    assert scale.main([*words, "--factors", "1,2"]) == 0
    out, err = capsys.readouterr()
    rows = lines_of(out)
    assert list(rows) == ["model", "---", "base", "sft", "dpo x1", "dpo x2"]
    assert [rows[name][0] for name in ("base", "sft")] == ["0", "0"]
    assert 1 <= int(rows["dpo x1"][0]) <= int(rows["dpo x2"][0])
    assert all("% [" in rows[name][1] for name in list(rows)[2:])
    assert err.count("teach the domain (SFT): done before") == 1
    assert scale.main([*words, "--factors", "1,2"]) == 0
    again, err = capsys.readouterr()
    assert again == out
    assert err.count("(DPO): done before") == 2


def test_wishes_that_cannot_be_met_are_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main(["--factors", "0"]) == 2
    assert "from 1 on: '0'" in capsys.readouterr().err
    assert scale.main(["--domain", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
