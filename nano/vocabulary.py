"""The general vocabulary as lists of words. Names no private thing."""

from __future__ import annotations

from pathlib import Path

ENGLISH = (Path(__file__).parent / "words_en.txt").read_text("utf-8").split()
CHINESE = (Path(__file__).parent / "words_zh.txt").read_text("utf-8").split()
