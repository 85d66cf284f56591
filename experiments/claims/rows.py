"""Rows that a claim teaches instead of cards and decisions, by name: a kind, and a word that it knows."""

from __future__ import annotations

from experiments.claims import cardsets, judging, reports
from experiments.claims.world import World
from steadyhand.domain.rows import Row


def made(name: str, world: World, seed: int) -> list[Row]:
    """`made("dose 5", world, seed)`"""
    kind, _, word = name.partition(" ")
    match kind:
        case "reports":
            return reports.rows(world, seed)
        case "judging":
            return judging.rows(world, seed)
        case "dose":
            return cardsets.dose(world, seed, word)
        case "closure":
            return cardsets.closure(world, seed, word)
        case "shortcut":
            return cardsets.shortcut(world, seed, word)
    raise ValueError(name)
