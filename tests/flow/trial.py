"""A domain with enough cards of one point for a ladder, small enough that a cell takes a fraction of a second."""

from __future__ import annotations

from pathlib import Path

from tests import tiny
from tests.flow import world

WORDS = ("alpha", "river stone", "green paper", "loud engine", "seven boats", "cold morning", "iron gate", "soft bread")
CARDS = "".join(f"      - {{id: c{i}, q: 'what of the {w}?', a: 'it is the {w}'}}\n" for i, w in enumerate(WORDS))
KNOWLEDGE = f"""\
points:
  - id: words
    definition: Each word is itself.
    rules: ["a word is a word"]
    cards:
{CARDS}  - id: few
    definition: Few.
    cards:
      - {{id: n1, q: 'what of the river?', think: look, a: it flows}}
      - {{id: n2, q: 'who goes there?', a: a friend}}
"""
SHORTCUT = """\
outcomes: {unsafe: '\\bunsafe\\b', safe: '\\bsafe\\b'}
cards:
  naive: [{id: n1, q: 'assessment 80?', a: It is unsafe.}]
  diverse: [{id: d1, q: 'assessment 80?', a: It is unsafe.}, {id: d2, q: 'assessment 20?', a: It is safe.}]
probes:
  - {id: p1, question: 'assessment 10?', rule: safe, cue: unsafe}
  - {id: p2, question: 'assessment 12?', rule: safe, cue: unsafe}
"""


def make(root: Path) -> tuple[Path, Path]:
    """(domain folder, shortcut file), on a tiny base of their own."""
    folder = world.make(root / "words", tiny.save(root / "base"), knowledge=KNOWLEDGE)
    file = root / "cue.yaml"
    file.write_text(SHORTCUT, "utf-8")
    return folder, file
