"""`steady diagnose`: before any training, what each point and each tool lacks, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option, set_option, verify_option
from steadyhand.cli.run import settings_of, show_plan
from steadyhand.cli.trials import TrialConsole
from steadyhand.errors import EXIT_NO, EXIT_OK

if TYPE_CHECKING:
    from steadyhand.evaluate.diagnose import Diagnosis

COLUMNS = ("closed", "defined", "decomposed", "given")


@click.command("diagnose")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", help="The model to ask, in place of the settings' base: steady-nano, a folder, a hub name.")
@click.option("--cases", type=click.IntRange(min=1), default=24, show_default=True, help="Questions a subject at most.")
@click.option("--out", type=click.Path(path_type=Path), help="Where answers go [runs/<domain>-diagnose].")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be asked and why; change nothing.")
@set_option
@verify_option
@json_option
def diagnose_command(
    folder: Path, model: str | None, cases: int, out: Path | None, only_plan: bool, sets: tuple[str, ...], as_json: bool
) -> int:
    """Ask a model the cards and training scenarios of FOLDER with more and more help, and say what it lacks.

    Knowledge (SFT), tool behavior (DPO) or reasoning (a bigger model, a deterministic tool, finer steps). Exit 0:
    every point and tool has a verdict. Exit 1: some have too few cases for one, or use no help in their prompt.
    """
    from steadyhand.lab.diagnose import diagnose_domain, diagnose_plan

    settings = settings_of(folder, sets, model__base=model)
    out = out or Path("runs") / f"{folder.resolve().name}-diagnose"
    if only_plan:
        return show_plan(diagnose_plan(folder, settings, out, cases), as_json, "trial")
    console = TrialConsole()
    with console.closing():
        found = diagnose_domain(folder, settings, out, console, cases)
    if as_json:
        emit_json({"model": settings.model.base, "diagnoses": [asdict(one) for one in found]})
    else:
        _show(found)
    return EXIT_NO if any(one.word in ("INSUFFICIENT", "UNTESTABLE") for one in found) else EXIT_OK


def _show(found: Sequence[Diagnosis]) -> None:
    width = max(len(one.subject) for one in found)
    heads = " ".join(f"{name:>10}" for name in COLUMNS)
    echo_line(f"{'':<{width}} {'n':>3} {heads}  verdict")
    for one in found:
        shares = " ".join(f"{_percent(one, name):>10}" for name in COLUMNS)
        more = f" ({one.needed} further ones would tell)" if one.needed else ""
        echo_line(f"{one.subject:<{width}} {one.rates['closed'].n:>3} {shares}  {one.word}: {one.remedy}{more}")
    words = [one.word for one in found]
    say(", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words)))


def _percent(one: Diagnosis, name: str) -> str:
    metric = one.rates.get(name)
    if metric is None or metric.value is None:
        return "-"
    mark = "*" if name in one.lifts and one.lifts[name].state == "lifts" else ""
    return f"{100 * metric.value:.0f} %{mark}"
