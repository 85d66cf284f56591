"""Where a raw completion thinks, in the marks that most models use. `chat.formats.thinking` is the machine."""

from __future__ import annotations

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.thinking import ThinkCode, ThinkState

__all__ = ["ThinkCode", "ThinkState", "think_state"]


def think_state(raw: str) -> ThinkState:
    """Reads `raw` once; never fails. A tag that a whole Hermes call quotes is none."""
    return HERMES.thinking(raw)
