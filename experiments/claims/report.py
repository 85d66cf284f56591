from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("results")
DOCS = ROOT / "docs"


def write(results: Path, docs: Path) -> list[Path]:
    raise NotImplementedError
