"""Typed settings: `resolve(folder)` reads every layer; `Settings` is what the rooms take."""

from steadyhand.settings.filled import filled
from steadyhand.settings.model import (
    BarsSettings,
    EvalSettings,
    GateSettings,
    LedgerSettings,
    ModelSettings,
    PairsSettings,
    SamplingSettings,
    Settings,
)
from steadyhand.settings.resolve import Origin, Resolved, resolve
from steadyhand.settings.training import DpoConfig, PreferenceConfig, SftConfig, TrainConfig

__all__ = [
    "BarsSettings",
    "DpoConfig",
    "EvalSettings",
    "GateSettings",
    "LedgerSettings",
    "ModelSettings",
    "Origin",
    "PairsSettings",
    "PreferenceConfig",
    "Resolved",
    "SamplingSettings",
    "Settings",
    "SftConfig",
    "TrainConfig",
    "filled",
    "resolve",
]
