"""Public data sets that some tests read when they are here; without them those tests are skipped with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


def corpus(name: str) -> Path:
    path = Path(os.environ.get("STEADYHAND_CORPORA", SHARED / "corpora")) / name
    if not path.is_file():
        pytest.skip(f"{name} is not here; set STEADYHAND_CORPORA to the folder that has it")
    return path
