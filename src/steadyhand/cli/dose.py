"""`steady dose`: how many cards of a point a base needs, and whether two lone cards teach a shortcut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json
from steadyhand.cli.run import settings_of, show_plan
from steadyhand.cli.trials import TrialConsole, numbers, trial_options
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError

if TYPE_CHECKING:
    from steadyhand.evaluate.dose import DoseRung
    from steadyhand.lab.dose import Dose
    from steadyhand.lab.shortcut import Shortcut


@click.command("dose")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--point", help="The knowledge point whose cards are tried.")
@click.option(
    "--shortcut",
    type=click.Path(path_type=Path),
    help="Instead: an experiment file: sets of cards, and cue-conflict probes.",
)
@click.option("--ladder", default="", help="Cards of each rung [1,2,4,8,16 as far as there are cards].")
@click.option("--seeds", default="0,1,2", show_default=True, help="One training per rung and seed.")
@click.option("--shows", type=click.IntRange(min=0), default=0, help="Cards shown in each training [16 a card].")
@click.option("--bar", type=click.FloatRange(0, 1), default=0.7, show_default=True, help="Share of right answers due.")
@click.option("--near", type=click.IntRange(min=0), default=24, show_default=True, help="Neighbors' questions at most.")
@trial_options("dose")
def dose_command(
    folder: Path,
    point: str | None,
    shortcut: Path | None,
    ladder: str,
    seeds: str,
    shows: int,
    bar: float,
    known: int,
    near: int,
    model: str | None,
    out: Path | None,
    only_plan: bool,
    sets: tuple[str, ...],
    as_json: bool,
) -> int:
    """Train the base of FOLDER on 1, 2, 4 ... cards of one point and ask what it learned and what it lost.

    Exit 0: some rung is an effective dose (--shortcut: the last set of cards cures what the first one taught). Exit 1:
    none is. Stop it at any time: the next call goes on where it was.
    """
    from steadyhand.lab.dose import DoseRequest

    if (point is None) == (shortcut is None):
        raise UsageError(
            "either a point or a shortcut is tried", next="name one of them: --point ID, or --shortcut FILE"
        )
    settings = settings_of(folder, sets, model__base=model)
    out = out or Path("runs") / f"{folder.resolve().name}-dose"
    chosen = numbers(seeds, "seeds", 0)
    if shortcut is not None:
        from steadyhand.lab.shortcut import shortcut_plan, try_shortcut
        from steadyhand.report.dose import write_shortcut

        if only_plan:
            return show_plan(shortcut_plan(folder, shortcut, settings, out, chosen, shows), as_json, "trial")
        console = TrialConsole()
        with console.closing():
            tried = try_shortcut(folder, shortcut, settings, out, chosen, shows, console)
        return _show_shortcut(tried, write_shortcut(tried.to_json(), out / "report"), as_json)
    assert point is not None
    rungs = numbers(ladder, "ladder", 1) if ladder else ()
    request = DoseRequest(point, rungs, chosen, shows, known, near, bar)
    from steadyhand.lab.dose import dose, dose_plan
    from steadyhand.report.dose import write_dose

    if only_plan:
        return show_plan(dose_plan(folder, settings, out, request), as_json, "trial")
    console = TrialConsole()
    with console.closing():
        found = dose(folder, settings, out, request, console)
    return _show_dose(found, write_dose(found.to_json(), out / "report"), as_json)


def _show_dose(found: Dose, pages: Sequence[Path], as_json: bool) -> int:
    if as_json:
        emit_json(found.to_json() | {"report": [str(page) for page in pages]})
        return EXIT_OK if found.smallest else EXIT_NO
    echo_line(f"{found.point}: {len(found.seeds)} seeds, {found.shows} cards shown in each training")
    echo_line(
        f"{'cards':>5}  {'right':>7} {'95 %':<17} {'by seed':<20} {'leaks':>12} {'known':>11} {'think':>7} "
        f"{'loops':>7} {'garbage':>7}  verdict"
    )
    echo_line(f"{'base':>5}  {_percent(found.base_target):>7}")
    for one in found.rungs:
        echo_line(_line(one))
    for one in found.rungs:
        more = f" ({one.cases_needed} further answers would tell)" if one.cases_needed else ""
        echo_line(f"{_cards(one.cards)}: {one.verdict}: {'; '.join(one.reasons)}{more}")
    smallest = _cards(found.smallest) if found.smallest else "none of these"
    echo_line(f"smallest effective dose: {smallest}")
    echo_line(f"report: {pages[0]}")
    return EXIT_OK if found.smallest else EXIT_NO


def _cards(count: int) -> str:
    return f"{count} card" if count == 1 else f"{count} cards"


def _line(one: DoseRung) -> str:
    seeds = "/".join(f"{100 * share:.0f}" for share in one.by_seed.values())
    bounds = f"[{_percent(one.target.low)}, {_percent(one.target.high)}]"
    leaks = f"{_percent(one.base_leaked.value)}>{_percent(one.leaked.value)}"
    known = f"+{one.known_change.gained} -{one.known_change.lost}/{one.known_change.n}"
    health = " ".join(f"{_percent(sign.value):>7}" for sign in one.signs)
    return (
        f"{one.cards:>5}  {_percent(one.target.value):>7} {bounds:<17} {seeds:<20} {leaks:>12} {known:>11} {health}  "
        f"{one.verdict}"
    )


def _show_shortcut(found: Shortcut, pages: Sequence[Path], as_json: bool) -> int:
    if as_json:
        emit_json(found.to_json() | {"report": [str(page) for page in pages]})
        return EXIT_OK if found.verdict == "PASS" else EXIT_NO
    echo_line(f"{found.name}: cue against rule, {len(found.seeds)} seeds, {found.shows} cards shown in each training")
    echo_line(f"{'trained on':<11} {'by the rule':>12} {'95 %':<17} {'by the cue':>11} {'95 %':<17} {'neither':>8}")
    for arm in found.arms:
        rule = f"[{_percent(arm.rule.low)}, {_percent(arm.rule.high)}]"
        cue = f"[{_percent(arm.cue.low)}, {_percent(arm.cue.high)}]"
        echo_line(
            f"{arm.name:<11} {_percent(arm.rule.value):>12} {rule:<17} {_percent(arm.cue.value):>11} {cue:<17} "
            f"{_percent(arm.neither.value):>8}"
        )
    for name, cure in found.cures.items():
        more = f" ({cure.cases_needed} further groups would tell)" if cure.cases_needed else ""
        echo_line(f"{name}: {cure.verdict}: {cure.reason}{more}")
    echo_line(f"report: {pages[0]}")
    return EXIT_OK if found.verdict == "PASS" else EXIT_NO


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
