"""Where folders lie that were made from a model: in the user's cache."""

from __future__ import annotations

import os
from pathlib import Path


def model_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path(os.environ.get("HOME") or Path.home()) / ".cache")
    return Path(home) / "steadyhand" / "models"
