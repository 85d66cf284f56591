"""A section with what other sections give it: the config that a training takes."""

from __future__ import annotations

from functools import reduce
from typing import Any, TypeVar

from steadyhand.settings.model import Settings
from steadyhand.settings.section import source_of
from steadyhand.settings.training import TrainConfig

Config = TypeVar("Config", bound=TrainConfig)


def filled(config: Config, settings: Settings, **changes: Any) -> Config:
    """`config`, a section of `settings`, with the fields that stand in other sections (`seed`, `machine.workers` ...)
    and with `changes`. Raises ContradictionError when they do not go together.

    >>> filled(Settings(seed=7).sft, Settings(seed=7)).seed
    7
    """
    sources = {name: source_of(info) for name, info in type(config).model_fields.items()}
    values = {name: reduce(getattr, key.split("."), settings) for name, key in sources.items() if key}
    return config.but(**(values | changes))
