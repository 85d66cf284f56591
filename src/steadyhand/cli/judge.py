"""`steady judge`: a reasoning judge of a domain's comparisons beside the others, and what it says of the model."""

from __future__ import annotations

from pathlib import Path

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option, set_option, verify_option
from steadyhand.cli.run import Console, settings_of, show_plan
from steadyhand.errors import EXIT_OK


@click.command("judge")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", help="Base model, as for `steady run`.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder of the run [runs/<domain>].")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would run and why; change nothing.")
@set_option
@verify_option
@json_option
def judge_command(
    folder: Path, model: str | None, out: Path | None, only_plan: bool, sets: tuple[str, ...], as_json: bool
) -> int:
    """Tune a reasoning judge on the comparisons of the domain in FOLDER, and measure it beside the others.

    It reads two answers, says what is wrong with each, then A, B or TIE, and is asked in both orders. Beside it stand a
    scalar judge, one answer at a time by its likelihood, and a server's model (`online.judge`). Then it compares the
    tuned model's own held-out answers with the chosen ones, by category. Stages of `steady run` that are done stay.
    """
    from steadyhand.lab.judges import judges, plan

    settings = settings_of(folder, sets, model__base=model)
    out = out or Path("runs") / folder.resolve().name
    if only_plan:
        return show_plan(plan(folder, settings, out), as_json)
    console = Console()
    with console.closing():
        found = judges(folder, settings, out, console)
    if as_json:
        emit_json(found)
    else:
        _show(found)
    return EXIT_OK


def _show(found: dict[str, Json]) -> None:
    echo_line(f"{'judge':<16}{'right':>14}{'':>16}{'ties':>8}{'wrong':>8}")
    for name, row in found["judges"].items():
        share = f"{row['k']} of {row['n']}"
        within = "" if row["value"] is None else f"[{100 * row['low']:.0f}, {100 * row['high']:.0f} %]"
        echo_line(f"{name:<16}{share:>14}{within:>16}{row['ties']:>8}{row['wrong']:>8}")
    own = found["own"]
    if not own["all"]["n"]:
        say("no held-out comparison in preferences/: the model's own answers are compared with nothing")
        return
    echo_line(f"{chr(10)}{'own answer':<24}{'won':>8}{'lost':>8}{'ties':>8}")
    for name, row in own.items():
        echo_line(f"{name[:23]:<24}{row['won']:>8}{row['lost']:>8}{row['ties']:>8}")
