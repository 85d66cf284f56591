"""`steady badcases trend | stubborn | groups`: bad cases over runs, and what the next round learns of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from steadyhand.cli.badcase_options import (
    decisions_option,
    domain_option,
    lang_option,
    model_option,
    path_argument,
    say_unread,
)
from steadyhand.cli.console import echo_line, emit_json, progress, say
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_NO, EXIT_OK

_ADVICE = {
    "groups": {
        "en": "more groups here: the act is wrong, not the fields",
        "zh": "在这里补偏好组：错的是行为，不是字段",
    },
    "semantics": {"en": "back to SFT: field semantics", "zh": "回到 SFT：补字段含义"},
}


@click.command("trend")
@path_argument
@model_option
@domain_option
@lang_option
@json_option
def trend_command(path: Path, model: str, domain: Path | None, lang: str, as_json: bool) -> int:
    """Count bad cases by category, run by run, oldest first."""
    from steadyhand.badcases.categories import categories, names
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.trend import column, rows_of
    from steadyhand.badcases.worklist import over_runs

    known, found = categories(domain), read(path)
    with progress("classify") as advance:
        runs = over_runs(found, known, model, advance)
    columns = [column(one.name, one.created, measured, cases) for one, measured, cases in runs]
    if as_json:
        emit_json({"runs": [asdict(one) for one in columns], "unread": dict(found.unread)})
    else:
        ids = rows_of(columns)
        width = max([len(id) for id in ids], default=0)
        for number, one in enumerate(columns, 1):
            total = sum(one.counts.values())
            others = number > 1 and one.asked != columns[number - 2].asked
            told = f"{total} cases in {one.answers} answers" + (", other questions than before" if others else "")
            echo_line(f"run {number}: {one.name}  {one.created[:19]}  {told}".rstrip())
        for id in ids:
            cells = "".join(f"{one.counts.get(id, 0):>6}" for one in columns)
            echo_line(f"{id:<{width}}{cells}  {names(known, [id], lang)}")
    say_unread(found.unread)
    return EXIT_OK


@click.command("stubborn")
@path_argument
@click.option("--runs", "least", type=click.IntRange(min=2), default=2, show_default=True, help="Failed in so many.")
@model_option
@domain_option
@lang_option
@json_option
def stubborn_command(path: Path, least: int, model: str, domain: Path | None, lang: str, as_json: bool) -> int:
    """List interfaces (tool and input class) that fail in every one of the last runs, and what to do. Exit 1 when
    there are any."""
    from steadyhand.badcases.categories import categories, names
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.trend import stubborn
    from steadyhand.badcases.worklist import over_runs

    known, read_runs = categories(domain), read(path)
    with progress("classify") as advance:
        runs = over_runs(read_runs, known, model, advance)
    found = stubborn([(measured, cases) for _, measured, cases in runs], known, least)
    if as_json:
        emit_json({"runs": len(runs), "stubborn": [one.to_json() for one in found]})
    for one in found if not as_json else ():
        counts = " ".join(f"{k}/{n}" for k, n in zip(one.failed, one.scored, strict=True))
        bounds = f"[{100 * one.low:.0f}, {100 * one.high:.0f} %]"
        echo_line(f"{one.tool} x {one.input_class}  wrong {counts} {bounds}  {names(known, one.categories, lang)}")
        echo_line(f"  {_ADVICE[one.advice][lang]}")
    if len(runs) < least:
        say(f"{len(runs)} run here; {least} are needed to call anything stubborn")
    say_unread(read_runs.unread)
    return EXIT_NO if found else EXIT_OK


@click.command("groups")
@click.argument("path", metavar="LOG", type=click.Path(path_type=Path))
@click.option("--domain", required=True, type=click.Path(path_type=Path), help="The domain that learns of them.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where [badcases.jsonl in the domain's folder for them].",
)
@click.option("--scenarios", is_flag=True, help="Make scenarios instead: what is right, without what was wrong.")
@decisions_option
@json_option
def groups_command(
    path: Path, domain: Path, to: Path | None, scenarios: bool, decisions: Path | None, as_json: bool
) -> int:
    """Make preference groups of the first wrong steps in LOG: each in exactly the state in which it was taken, with the
    scenario's gold or a reviewer's correction as the better answer. Exit 1 when there is none."""
    from steadyhand.badcases.groups import make_groups
    from steadyhand.badcases.worklist import worklist

    found = worklist(path, domain=domain, decisions=decisions)
    made = make_groups(found, domain, to, scenarios=scenarios)
    if as_json:
        emit_json({
            "path": str(made.path), "groups": [one.to_json()["id"] for one in made.forks],
            "left_out": dict(made.left_out), "unread": dict(found.found.unread),
        })  # fmt: skip
    else:
        kind = "scenario" if scenarios else "group"
        echo_line(f"{len(made.forks)} {kind}s in {made.path}" if made.forks else f"no {kind} was made")
    for what, count in made.left_out.most_common():
        say(f"nothing made of {count}: {what}")
    say_unread(found.found.unread)
    return EXIT_OK if made.forks else EXIT_NO
