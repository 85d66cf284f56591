"""Whether a turn is trained: `weight` (OpenAI, axolotl), `train`, `training`, `loss` (ms-swift), `loss_weight`
(LLaMA-Factory). Knows these keys and their values, and no other way to say it."""

from __future__ import annotations

from steadyhand.chat.messages import Json
from steadyhand.datasets.unread import Unread

KEYS = ("weight", "train", "training", "trainable", "loss", "loss_weight", "loss_scale")
_KEYS = frozenset(KEYS)
_WORDS = {**dict.fromkeys(("true", "yes", "1", "1.0"), 1.0), **dict.fromkeys(("false", "no", "0", "0.0"), 0.0)}


def untrained(turn: dict[str, Json], assistant: bool, unread: Unread) -> str:
    """The key that says that an assistant's turn is not trained, or "". Weights between are trained whole and counted;
    so is the wish to train what somebody else says. Raises ValueError for a value that is no weight."""
    if _KEYS.isdisjoint(turn):
        return ""
    found = {key: _weight(key, turn[key], assistant) for key in KEYS if turn.get(key) is not None}
    if not assistant:
        unread.update(f"messages[].{key}" for key, weight in found.items() if weight != 0)
        return ""
    if len({weight == 0 for weight in found.values()}) > 1:
        raise ValueError(f"a turn says both that it is trained and that it is not: {' and '.join(found)}")
    unread.update(f"messages[].{key}" for key, weight in found.items() if weight not in (0, 1))
    return next((key for key, weight in found.items() if weight == 0), "")


def _weight(key: str, value: Json, assistant: bool) -> float | None:
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower(), value)
    if isinstance(value, int | float) and value >= 0:
        return float(value)
    if assistant:
        raise ValueError(f"{key!r} of a turn is {value!r}, which does not say whether it is trained: write 0 or 1")
    return None
