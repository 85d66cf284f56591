"""Every input of the cost model: its unit, its bounds and what it means. Knows no values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Part = Literal["work", "training", "old", "new"]
WAYS: tuple[Part, ...] = ("old", "new")


@dataclass(frozen=True)
class InputField:
    """`unit` names words of the report ("money": in the file's currency; "share": 0 to 1); `least` and `most` are
    inclusive. `whole`: there is no quarter more of it."""

    unit: str
    least: float = 0.0
    most: float = math.inf
    whole: bool = False


SHARE, MONEY, HOURS, MINUTES = (
    InputField("share", 0, 1), InputField("money"), InputField("hours"), InputField("minutes"),
)  # fmt: skip
TOKENS, RATE = InputField("tokens"), InputField("tokens_a_second", 1e-6)

WORK = {
    "tasks": InputField("a_month", 1),
    "months": InputField("months", 1),
    "busy_hours": InputField("hours_a_month", 1, 744),
    "peak": InputField("times", 1),
    "energy_price": InputField("money_a_kwh"),
    "engineer_hour": MONEY,
    "reviewer_hour": MONEY,
    "review_minutes": MINUTES,
    "repair_minutes": MINUTES,
    "wrong_write_cost": MONEY,
}
TRAINING = {"card_hours": HOURS, "card_hour": MONEY, "engineer_hours": HOURS, "labeling_hours": HOURS}
WAY = {
    "cards": InputField("cards", 1, whole=True),
    "card_hour": MONEY,
    "card_kw": InputField("kilowatts"),
    "concurrency": InputField("at_once", 1),
    "calls": InputField("a_task", 0.01),
    "prompt_tokens": TOKENS,
    "cached_share": SHARE,
    "answer_tokens": TOKENS,
    "prefill_rate": RATE,
    "stream_rate": RATE,
    "call_seconds": InputField("seconds", 1e-6),
    "first_pass": SHARE,
    "review_share": SHARE,
    "wrong_writes": SHARE,
    "engineering_hours": HOURS,
    "regression_hours": HOURS,
}
SPEED = ("prefill_rate", "stream_rate")  # of a card; a measured `call_seconds` takes their place
FIELDS: dict[Part, dict[str, InputField]] = {"work": WORK, "training": TRAINING, "old": WAY, "new": WAY}
MEASURES = {  # which inputs a run can give, and the measure that gives each
    "prompt_tokens": "prompt_tokens", "answer_tokens": "answer_tokens", "call_seconds": "seconds",
    "first_pass": "first_pass", "calls": "calls",
}  # fmt: skip
