"""What commands over experiments share: options, and progress with the time left for all trials."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import duration
from steadyhand.cli.options import Command, json_option, set_option, verify_option
from steadyhand.cli.run import Console
from steadyhand.errors import UsageError

if TYPE_CHECKING:
    from steadyhand.flow.plan import Planned


class TrialConsole(Console):
    """A line per trial, with how long the rest will take once a trained trial has shown how long one takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._began: float | None = None
        self._spent: list[float] = []

    def stage(self, planned: Planned, position: int, total: int) -> None:
        now = self._clock()
        if self._began is not None:
            self._spent.append(now - self._began)
        self._began = now if planned.state == "run" else None
        super().stage(planned, position, total)

    def remaining(self, position: int, total: int) -> str:
        """The time left, by the slowest half of the trials so far: the base trains nothing and would flatter it."""
        slow = sorted(self._spent)[len(self._spent) // 2 :]
        return f", about {duration(sum(slow) / len(slow) * (total - position + 1))} left" if slow else ""


def trial_options(command: str) -> Callable[[Command], Command]:
    """--known, --model, --out, --plan, --set, --verify and --json of the command over trials of this name."""
    known, folder = click.IntRange(min=0), click.Path(path_type=Path)
    where = f"Where trials and pages go [runs/<domain>-{command}]."
    plan = "Show which trials would be trained and why; change nothing."
    shared = (
        click.option("--known", type=known, default=60, show_default=True, help="Public questions at most."),
        click.option("--model", help="Base model, in place of the settings'."),
        click.option("--out", type=folder, help=where),
        click.option("--plan", "only_plan", is_flag=True, help=plan),
        set_option,
        verify_option,
        json_option,
    )
    return lambda made: reduce(lambda inner, option: option(inner), reversed(shared), made)


def numbers(text: str, what: str, least: int) -> tuple[int, ...]:
    """Whole numbers separated by commas, each at least `least`. Raises UsageError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdecimal() and int(word) >= least for word in words):
        raise UsageError(f"--{what} {text}: not whole numbers from {least} on", next=f"for example --{what} 1,2,4")
    return tuple(dict.fromkeys(int(word) for word in words))
