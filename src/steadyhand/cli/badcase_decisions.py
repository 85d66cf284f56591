"""`steady badcases decide | take-back | decisions`: what people say of bad cases, kept and never rewritten."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.agent import by_option, name_of_account
from steadyhand.cli.badcase_options import audit_option, decisions_option, domain_option, model_option, path_argument
from steadyhand.cli.console import echo_line, emit_json
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_OK
from steadyhand.files import read_object

if TYPE_CHECKING:
    from steadyhand.badcases.decisions import CaseDecision, Decisions, Word

_WORDS = ("confirm", "dismiss", "gold", "fix")


@click.command("decide")
@path_argument
@click.argument("id")
@click.argument("word", type=click.Choice(_WORDS))
@click.option("--because", default="", help="Why, for whoever reads it later.")
@click.option("--as", "category", default="", metavar="CATEGORY", help="What it is, where the rules are wrong.")
@click.option(
    "--correction", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With fix: a file with the right answer, as one OpenAI message.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Decide anew what somebody decided already.")
@by_option
@model_option
@domain_option
@audit_option
@decisions_option
@json_option
def decide_command(
    path: Path, id: str, word: str, because: str, category: str, correction: Path | None, again: bool, by: str | None,
    model: str, domain: Path | None, audit: Path | None, decisions: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Decide about a case or a whole group: confirm (the model is wrong), dismiss (nothing to do), gold (what is
    expected is wrong), fix (this would be right)."""
    from steadyhand.badcases.worklist import filtered, worklist

    found = worklist(path, domain=domain, audit=audit, decisions=decisions, model=model)
    filtered((), category=[category] if category else (), known=found.known.known)  # refuses a category nobody knows
    rows, group = found.chosen(id)
    if group and not again:  # those of the group that are decided keep what they have
        rows = [row for row in rows if row.state in ("open", "changed")] or rows
    made = found.decisions.decide(
        [row.case for row in rows], cast("Word", word), by or name_of_account(), group=group, category=category,
        because=because, correction=_correction(correction), again=again,
    )  # fmt: skip
    _told(made, as_json)
    return EXIT_OK


def _correction(path: Path | None) -> Json:
    """Raises UsageError for a file that holds no answer of an assistant."""
    if path is None:
        return None
    from steadyhand.domain.openai import read_openai_message
    from steadyhand.source.jsonfile import read_json

    row = read_object(path)
    message = read_openai_message(read_json(json.dumps(row), str(path)))
    return {**message.to_openai()}


@click.command("take-back")
@path_argument
@click.argument("number", type=int)
@click.option("--because", default="", help="Why.")
@by_option
@decisions_option
@json_option
def take_back_command(
    path: Path, number: int, because: str, by: str | None, decisions: Path | None, as_json: bool
) -> int:
    """Take decision NUMBER back; its cases are open again, and the record keeps both."""
    made = _decisions(path, decisions).take_back(number, by or name_of_account(), because)
    _told(made, as_json)
    return EXIT_OK


@click.command("decisions")
@path_argument
@decisions_option
@json_option
def decisions_command(path: Path, decisions: Path | None, as_json: bool) -> int:
    """List every decision, oldest first."""
    kept = _decisions(path, decisions)
    if as_json:
        emit_json({"path": str(kept.path), "decisions": [asdict(one) for one in kept.all], "torn": kept.torn})
    for one in kept.all if not as_json else ():
        about = f"takes {one.of} back" if one.of is not None else f"{len(one.cases)} cases {one.group}".rstrip()
        echo_line(f"{one.n:>4}  {one.time[:19]}  {one.by:<12} {one.word:<9} {about}  {one.because}".rstrip())
    return EXIT_OK


def _decisions(path: Path, given: Path | None) -> Decisions:
    from steadyhand.badcases.decisions import FILE, Decisions
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.worklist import is_log

    if given is None:
        given = (path.parent if is_log(path) else read(path).last.home) / FILE
    return Decisions(given)


def _told(made: CaseDecision, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(made))
    elif made.of is None:
        echo_line(f"decision {made.n}: {made.word}, {len(made.cases)} cases, by {made.by}")
    else:
        echo_line(f"decision {made.n}: takes {made.of} back, by {made.by}")
