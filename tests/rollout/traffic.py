"""A configuration of a rollout for tests."""

from __future__ import annotations

from typing import Any

from steadyhand.rollout.config import RolloutConfig


def config(**more: Any) -> RolloutConfig:
    arms = {arm: {"url": f"http://127.0.0.1/{arm}/v1", "model": arm} for arm in ("incumbent", "candidate")}
    return RolloutConfig.model_validate({**arms, **more})
