"""From a finished experiment to its pages: plain figures handed to report/. Computes nothing."""

from __future__ import annotations

from pathlib import Path

from steadyhand.lab.dose import Dose
from steadyhand.lab.shortcut import Shortcut
from steadyhand.lab.sweep_result import Sweep
from steadyhand.report.dose import write_dose, write_shortcut
from steadyhand.report.sweep import write_sweep


def write_pages(experiment: Dose | Shortcut | Sweep, folder: Path) -> list[Path]:
    """The page in English and in Chinese, and the figures as JSON, into `folder`."""
    if isinstance(experiment, Dose):
        return write_dose(experiment.to_json(), folder)
    if isinstance(experiment, Sweep):
        return write_sweep(experiment.to_json(), folder)
    return write_shortcut(experiment.to_json(), folder)
