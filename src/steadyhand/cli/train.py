"""`steady train`: what a training would learn from, and whether it would fit, before a minute is spent on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, echo_styled, emit_json, say
from steadyhand.cli.options import json_option, set_option
from steadyhand.cli.run import settings_of
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError
from steadyhand.settings.presets import BUDGETS
from steadyhand.text.terminal import one_line, printable

if TYPE_CHECKING:
    from steadyhand.train.runner.inspect import Inspection, Shown
    from steadyhand.train.runner.memory_estimate import Footprint


@click.command("train")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--inspect", "inspecting", is_flag=True, help="Show rows as the model sees them, trained tokens in color."
)
@click.option("--plan", "planning", is_flag=True, help="Show the peak memory of SFT and DPO by arithmetic.")
@click.option("--rows", type=click.IntRange(min=0), default=3, show_default=True, help="Rows that --inspect shows.")
@click.option("--source", default="", help="With --inspect: only rows whose source holds this, for example level/c1.")
@click.option("--model", help="Base model, in place of the settings'.")
@click.option("--preset", help="Settings of this preset, in place of the domain's, for example qwen3-8b-24gb.")
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), help="With --plan: where it would run [cuda for a preset]."
)
@click.option("--memory", type=click.FloatRange(0, min_open=True), help="With --plan: GB there are [the preset's].")
@set_option
@json_option
def train_command(
    folder: Path,
    inspecting: bool,
    planning: bool,
    rows: int,
    source: str,
    model: str | None,
    preset: str | None,
    device: str | None,
    memory: float | None,
    sets: tuple[str, ...],
    as_json: bool,
) -> int:
    """Look at the training of the domain in FOLDER before running it. Trains nothing: `steady run` does.

    Exit 1: --plan finds that a training does not fit into the memory there is.
    """
    if inspecting == planning:
        raise UsageError("one of --inspect and --plan is needed", next="`steady run FOLDER` trains")
    settings = settings_of(folder, sets, model__base=model, preset=preset)
    if inspecting:
        from steadyhand.flow.training_preview import inspect_domain

        return _show_rows(inspect_domain(folder, settings, rows, source), as_json)
    from steadyhand.flow.training_preview import footprints

    budget = memory or BUDGETS.get(settings.preset)
    place = device or ("cuda" if settings.preset in BUDGETS else "cpu")
    return _show_plan(footprints(settings, place), budget, place, as_json)


def _show_rows(found: Inspection, as_json: bool) -> int:
    for warning in found.warnings:
        say(f"warning: {warning}")
    if as_json:
        emit_json(asdict(found))
        return EXIT_OK
    for shown in found.shown:
        echo_styled(_row(shown))
    share = 100 * found.trained / found.tokens
    echo_line(f"{found.rows} rows, {found.tokens} tokens, {found.trained} of them trained ({share:.1f} %)")
    echo_line(f"{found.steps} steps; {found.passes} tokens an epoch are computed")
    echo_line(f"packing {found.packing}: {found.rows} rows in {found.sequences} sequences")
    side = "none" if found.packing == "packed" else "on the right, to the longest row of a pass"
    echo_line(f"padding {side}: {100 * found.padding:.1f} % more tokens")
    echo_line(
        f"truncation {found.truncation}: longest row {found.longest} tokens; {found.cut} rows lose the start of their "
        f"prompt, {found.lost} the end of their answer"
    )
    if found.thoughtless:
        say(f"note: {found.thoughtless} rows have an answer without thinking: its empty block is shown and not trained")
    if found.callless or found.unthought:
        lost = f"the calls of {found.callless} rows and the thinking of {found.unthought}"
        say(f"note: {lost} are not in what is trained: the chat template does not write them")
    if found.empty:
        say(f"note: {found.empty} rows have no trained token but the end of turn: they teach to say nothing")
    return EXIT_OK


def _row(shown: Shown) -> str:
    """Trained text green and underlined, so that it shows without color too; click drops both outside a terminal,
    where brackets stand for them."""
    import sys

    colored = sys.stdout.isatty()
    texts = []
    for part in shown.segments:
        if colored:
            text = printable(part.text)
            texts.append(click.style(text, fg="green", underline=True) if part.trained else text)
        else:
            texts.append(f"[[{printable(part.text)}]]" if part.trained else printable(part.text))
    before = f"[… {shown.cut} tokens cut …]" if shown.cut else ""
    after = f"[… {shown.lost} tokens cut …]" if shown.lost else ""
    alone = ", the end of the turn alone" if shown.empty else ""
    head = f"--- {one_line(shown.source)}: {shown.trained} of {shown.tokens} tokens trained{alone}"
    return f"{head}\n{before}{''.join(texts)}{after}"


def _show_plan(plans: dict[str, Footprint], budget: float | None, place: str, as_json: bool) -> int:
    fits = {name: budget is None or plan.total <= budget * 1e9 for name, plan in plans.items()}
    if as_json:
        rows = {name: asdict(plan) | {"total": plan.total, "fits": fits[name]} for name, plan in plans.items()}
        emit_json({"device": place, "memory_gb": budget, "plans": rows})
        return EXIT_OK if all(fits.values()) else EXIT_NO
    for name, plan in plans.items():
        trained = f"{plan.trained / 1e6:.1f} M" if plan.trained >= 1e6 else f"{plan.trained:,}"
        share = f"{trained} numbers trained, for {plan.parameters / 1e6:.1f} M weights"
        echo_line(f"{name} on {place}: {plan.model}, {share}")
        for part, size in plan.parts.items():
            echo_line(f"  {part:<14}{size / 1e9:>9.3f} GB")
        verdict = "" if budget is None else f"  {'fits' if fits[name] else 'DOES NOT FIT'} {budget:g} GB"
        echo_line(f"  {'peak':<14}{plan.total / 1e9:>9.3f} GB{verdict}")
        for note in plan.assumed:
            echo_line(f"  assumed: {note}")
    return EXIT_OK if all(fits.values()) else EXIT_NO
