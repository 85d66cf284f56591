"""`steady online`: rounds of online DPO on top of a run, and what each was worth."""

from __future__ import annotations

from pathlib import Path

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option, set_option, verify_option
from steadyhand.cli.run import Console, settings_of, show_plan
from steadyhand.errors import EXIT_OK

SHOWN = ("tool_call_accuracy", "scenario_pass", "semantic_anchoring", "general_knowledge", "cot_retention")


@click.command("online")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--rounds", type=click.IntRange(min=1), default=2, show_default=True, help="Rounds in all.")
@click.option("--model", help="Base model, as for `steady run`.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder of the run [runs/<domain>].")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would run and why; change nothing.")
@set_option
@verify_option
@json_option
def online_command(
    folder: Path, rounds: int, model: str | None, out: Path | None, only_plan: bool, sets: tuple[str, ...],
    as_json: bool,
) -> int:  # fmt: skip
    """Train the tuned model of the domain in FOLDER on its own answers: sample, judge, drop ties, train, measure.

    Stages of `steady run` that are done are taken as they are, others are carried out first. More rounds go on from the
    last one. The section `online` of steady.toml says how many answers to what, and who judges.
    """
    from steadyhand.lab.online import online, plan, story

    settings = settings_of(folder, sets, model__base=model)
    out = out or Path("runs") / folder.resolve().name
    if only_plan:
        return show_plan(plan(folder, settings, out, rounds), as_json)
    console = Console()
    with console.closing():
        context = online(folder, settings, out, rounds, console)
    found = story(context, rounds)
    if as_json:
        emit_json(found)
    else:
        _show(found)
        say(f"model: {found['model_folder']}")
    return EXIT_OK


def _show(found: dict[str, Json]) -> None:
    models = found["models"]
    names = [name for name in SHOWN if any(name in one for one in models.values())]
    width = max(map(len, names))
    echo_line(f"{'':<{width}}" + "".join(f"{model:>12}" for model in models))
    for name in names:
        echo_line(f"{name:<{width}}" + "".join(f"{_cell(one.get(name)):>12}" for one in models.values()))
    if judge := found["judge"]:
        echo_line(f"judge, on comparisons that it did not see: {_right(judge['all'])}")
        echo_line(f"  where the model itself was wrong: {_right(judge['model'])}")
        echo_line(f"  where it is certain: {_right(judge['certain'])}")
    for number, tally in enumerate(found["rounds"], 1):
        told = ", ".join(f"{count} {word}" for word, count in tally.items() if word != "decisions")
        echo_line(f"round {number}: {tally['decisions']} decisions: {told}")


def _cell(metric: dict[str, Json] | None) -> str:
    return "-" if metric is None or metric["value"] is None else f"{100 * metric['value']:.1f} %"


def _right(share: dict[str, Json]) -> str:
    if not share["n"]:
        return "none"
    return f"{share['k']} of {share['n']} right [{100 * share['low']:.0f}, {100 * share['high']:.0f} %]"
