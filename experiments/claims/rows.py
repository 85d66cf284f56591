"""Rows that a claim teaches instead of cards and decisions, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from experiments.claims import judging, reports
from experiments.claims.world import World
from steadyhand.domain.rows import Row

MAKERS: Mapping[str, Callable[[World, int], list[Row]]] = {"reports": reports.rows, "judging": judging.rows}
