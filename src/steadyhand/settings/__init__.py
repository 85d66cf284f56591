"""Typed settings: `resolve(folder)` reads every layer; `Settings` is what the rooms take."""

from steadyhand.settings.model import (
    BarsSettings,
    DpoSettings,
    EvalSettings,
    GateSettings,
    LedgerSettings,
    ModelSettings,
    PairsSettings,
    SamplingSettings,
    Settings,
    SftSettings,
)
from steadyhand.settings.resolve import Origin, Resolved, resolve

__all__ = [
    "BarsSettings",
    "DpoSettings",
    "EvalSettings",
    "GateSettings",
    "LedgerSettings",
    "ModelSettings",
    "Origin",
    "PairsSettings",
    "Resolved",
    "SamplingSettings",
    "Settings",
    "SftSettings",
    "resolve",
]
