"""What `steady init` writes: each kind loads, checks without an error, and holds something out."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.check import check
from steadyhand.datasets.folder import load
from steadyhand.datasets.write import write_files
from steadyhand.domain.starter import LIKE, starter_files
from steadyhand.settings import resolve


@pytest.mark.parametrize("like", LIKE)
def test_a_starter_is_sound(like: str, tmp_path: Path) -> None:
    folder = tmp_path / like
    write_files(starter_files(like), folder)
    domain, settings = load(folder), resolve(folder).settings
    assert [finding for finding in check(domain) if finding.severity == "error"] == []
    assert {scenario.split for scenario in domain.scenarios} == {"train", "eval"}
    assert bool(domain.comparisons) == (like in ("wording", "sales"))
    assert bool(domain.checks) == (like != "tools")
    assert (settings.model.thinking == "off") == (like != "tools")
    if like in ("wording", "sales"):
        assert all(scenario.category for scenario in domain.comparisons)
