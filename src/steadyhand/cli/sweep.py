"""`steady sweep`: the best of several branches of a fine-tuning, and why the others ended."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import flags_of
from steadyhand.cli.run import settings_of, show_plan
from steadyhand.cli.trials import TrialConsole, trial_options
from steadyhand.errors import EXIT_NO, EXIT_OK

if TYPE_CHECKING:
    from steadyhand.lab.sweep_result import RungStanding, Story, Sweep

ENDS = {
    "won": "won",
    "outscored": "not among the best of rung {rung}",
    "worse": "killed at rung {rung}: shown to be worse than {against}",
    "harmed": "killed at rung {rung}: {reason}",
    "failed": "failed at rung {rung}: {reason}",
}


@click.command("sweep")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--branches",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="The file of branches: settings, and folders of data.",
)
@click.option(
    "--held",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.25,
    show_default=True,
    help="Share of the training scenarios that is kept from training, to choose by.",
)
@click.option(
    "--items", type=click.IntRange(min=0), default=0, help="Decisions to choose by at most [all that are held]."
)
@click.option("--looks", type=click.IntRange(min=1), default=3, show_default=True, help="Looks within a rung.")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Chance at most that evidence kills a branch that is no worse than any other.",
)
@click.option("--full", is_flag=True, help="No halving: train every branch to the end and ask it everything.")
@trial_options("sweep")
def sweep_command(
    folder: Path,
    file: Path,
    held: float,
    items: int,
    known: int,
    looks: int,
    alpha: float,
    full: bool,
    model: str | None,
    out: Path | None,
    only_plan: bool,
    sets: tuple[str, ...],
    as_json: bool,
) -> int:
    """Train branches of the fine-tuning of FOLDER, rung by rung, until one is left.

    Exit 0: there is a winner. Exit 1: every branch was killed. Stop it at any time: the next call goes on where it was.
    The held-out scenarios are never asked: `steady run` measures the winner on these.
    """
    from steadyhand.lab.sweep import sweep, sweep_plan
    from steadyhand.lab.sweep_setup import SweepRequest

    settings_of(folder, sets, model__base=model)  # what is wrong with these is said first
    flags = flags_of(sets) | ({"model.base": model} if model else {})
    out = out or Path("runs") / f"{folder.resolve().name}-sweep"
    request = SweepRequest(file, held, items, known, looks, alpha, full)
    if only_plan:
        return show_plan(sweep_plan(folder, flags, out, request), as_json, "trial")
    console = TrialConsole()
    with console.closing():
        found = sweep(folder, flags, out, request, console)
    from steadyhand.report.sweep import write_sweep

    return _show(found, folder, write_sweep(found.to_json(), out / "report"), as_json)


def _show(found: Sweep, folder: Path, pages: Sequence[Path], as_json: bool) -> int:
    code = EXIT_NO if found.winner is None else EXIT_OK
    if as_json:
        emit_json(found.to_json() | {"report": [str(page) for page in pages]})
        return code
    width = max(len(story.branch) for story in found.stories)
    columns = "".join(f"{f'{100 * rung.share:.0f} %':>8}" for rung in found.rungs)
    echo_line(f"{'branch':<{width}}{columns}  end")
    for story in found.stories:
        echo_line(f"{story.branch:<{width}}{_rates(found, story)}  {_end(story)}")
    spent = found.compute
    echo_line(
        f"compute: {spent.steps} of {spent.full_steps} steps, {spent.answers} of {spent.full_answers} answers of the "
        "full sweep"
    )
    echo_line(f"winner: {found.winner or 'none, every branch was killed'}")
    _say_next(found, folder)
    echo_line(f"report: {pages[0]}")
    return code


def _rates(found: Sweep, story: Story) -> str:
    stood = {stop.rung: _figure(stop) for stop in story.stops}
    return "".join(f"{stood.get(number, ''):>8}" for number in range(len(found.rungs)))


def _figure(stop: RungStanding) -> str:
    return f"{stop.loss:.3f}" if stop.rate is None else f"{100 * stop.rate:.1f} %"


def _end(story: Story) -> str:
    fate = story.fate
    told = ENDS[fate.end].format(rung=fate.rung + 1, against=fate.against, reason=fate.reason)
    told = told if fate.instead is None else f"{told}; called back for {fate.instead}"
    return told + (f" (+{fate.gains} -{fate.losses}, e {fate.e:.3g})" if fate.e is not None else "")


def _say_next(found: Sweep, folder: Path) -> None:
    story = next((one for one in found.stories if one.branch == found.winner), None)
    if story is None:
        return
    sets = "".join(f" --set {key}={_value(value)}" for key, value in story.sets.items())
    say(f"next: steady run {shlex.quote(story.data or str(folder))}{sets}")


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else shlex.quote(str(value))
