"""`steady badcases`: list what went wrong, decide about it, see it over runs. Sorts and judges nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.badcase_decisions import decide_command, decisions_command, take_back_command
from steadyhand.cli.badcase_options import (
    audit_option,
    decisions_option,
    domain_option,
    lang_option,
    model_option,
    path_argument,
    say_unread,
)
from steadyhand.cli.badcase_traces import review_command, traces_command
from steadyhand.cli.badcase_trends import groups_command, stubborn_command, trend_command
from steadyhand.cli.console import echo_line, emit_json, say, say_ignored
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_OK

if TYPE_CHECKING:
    from steadyhand.badcases.worklist import Worklist, WorklistRow

_SHOWN = ("subject", "question", "user", "expected", "got", "detail", "where")
_LONGEST = 400  # characters of a field on one line


class ListedByDefault(click.Group):
    """`steady badcases RUN` is `steady badcases list RUN`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("badcases", cls=ListedByDefault, subcommand_metavar="RUN|EVALUATION|LOG | COMMAND [ARGS]...")
def badcases_group() -> None:
    """What went wrong in a run, an evaluation or a file of logs, by category, cause and remedy; decide about it."""


for command in (
    decide_command, take_back_command, decisions_command, trend_command, stubborn_command, traces_command,
    review_command, groups_command,
):  # fmt: skip
    badcases_group.add_command(command)


@badcases_group.command("list")
@path_argument
@click.option("--category", multiple=True, metavar="ID", help="Only of this category, as the first or a further sign.")
@click.option("--tool", multiple=True, metavar="NAME", help="Only where this tool is due (none: no call).")
@click.option(
    "--source", multiple=True, type=click.Choice(["evaluation", "gate", "verdict", "blocked", "refusal", "log"])
)
@click.option("--open", "only_open", is_flag=True, help="Only what nobody decided, or decided on another version.")
@click.option("--cases", "single", is_flag=True, help="Each case instead of groups.")
@click.option("--export", "to", type=click.Path(path_type=Path, dir_okay=False), help="Write them: .jsonl or .csv.")
@model_option
@domain_option
@audit_option
@decisions_option
@lang_option
@json_option
def list_command(
    path: Path, category: tuple[str, ...], tool: tuple[str, ...], source: tuple[str, ...], only_open: bool,
    single: bool, to: Path | None, model: str, domain: Path | None, audit: Path | None, decisions: Path | None,
    lang: str, as_json: bool,
) -> int:  # fmt: skip
    """List the bad cases of the last run at a folder, of a saved evaluation, or the first wrong steps in a file of logs
    (OpenAI, OpenTelemetry, Langfuse, LangSmith, traces of the agent), in groups that one decision fits."""
    from steadyhand.badcases.export import export
    from steadyhand.badcases.worklist import filtered, worklist

    found = worklist(path, domain=domain, audit=audit, decisions=decisions, model=model)
    rows = filtered(
        found.rows, category=category, tool=tool, source=source, only_open=only_open, known=found.known.known
    )
    if to:
        export(rows, to, lang)
        say(f"{len(rows)} cases written to {to}")
    if as_json:
        emit_json(_summary(found, rows))
    elif single:
        for row in rows:
            echo_line(_line(row, lang))
    else:
        _show_groups(found, rows, lang)
    say_ignored(found.ignored)
    say_unread(found.found.unread)
    return EXIT_OK


@badcases_group.command("show")
@path_argument
@click.argument("id")
@model_option
@domain_option
@audit_option
@decisions_option
@lang_option
@json_option
def show_command(
    path: Path, id: str, model: str, domain: Path | None, audit: Path | None, decisions: Path | None, lang: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Show a case, or every case of a group, whole."""
    from steadyhand.badcases.worklist import worklist

    found = worklist(path, domain=domain, audit=audit, decisions=decisions, model=model)
    rows, _ = found.chosen(id)
    if as_json:
        emit_json({"cases": [row.to_json() for row in rows]})
    for row in rows if not as_json else ():
        echo_line(_line(row, lang))
        told = row.case.to_json()
        for key in _SHOWN:
            if told[key]:
                echo_line(f"  {key:<9} {_short(str(told[key]))}")
        for key in ("cause", "remedy"):
            echo_line(f"  {key:<9} {getattr(row.category, key).get(lang, '')}")
    return EXIT_OK


def _summary(found: Worklist, rows: Sequence[WorklistRow]) -> dict[str, Json]:
    return {
        "run": found.snapshot.name,
        "model": found.model,
        "answers": found.answers,
        "counts": dict(Counter(row.category.id for row in rows).most_common()),
        "states": dict(Counter(row.state for row in rows)),
        "scenarios_failed": len({row.case.scenario for row in rows if row.case.first}),
        "groups": [
            {"id": group.id, "category": members[0].category.id, "tool": group.tool, "where": group.where,
             "cases": [row.case.id for row in members], "states": dict(Counter(row.state for row in members))}
            for group, members in found.groups(rows)
        ],
        "cases": [row.to_json() for row in rows],
        "unread": dict(found.found.unread),
        "ignored": dict(found.ignored),
    }  # fmt: skip


def _show_groups(found: Worklist, rows: Sequence[WorklistRow], lang: str) -> None:
    for group, members in found.groups(rows):
        category = members[0].category
        states = ", ".join(f"{count} {state}" for state, count in Counter(row.state for row in members).items())
        place = " ".join(dict.fromkeys(one for one in (group.tool, group.where) if one and one != "none"))
        echo_line(f"{group.id}  {len(members):>4}  {category.id:<18} {place}  ({states})")
        echo_line(f"  {category.name.get(lang, '')}: {category.remedy.get(lang, '')}")
    told = len({row.case.id for row in rows})
    say(f"{told} cases of {found.model} in {found.snapshot.name}, {found.answers} answers looked at")
    if rows:
        say("next: `steady badcases show RUN ID` shows one whole")


def _line(row: WorklistRow, lang: str) -> str:
    case = row.case
    also = f" (+ {', '.join(case.also)})" if case.also else ""
    first = "  first wrong step" if case.first else ""
    return f"{case.id}  {row.state:<8} {row.category.id:<18} {case.subject}{also}{first}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
