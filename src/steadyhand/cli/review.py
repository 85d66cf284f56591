"""`steady review`: people judge rows in the browser; how far they are; the file with what they decided."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.agent import name_of_account
from steadyhand.cli.console import echo_line, emit_json, progress, say
from steadyhand.cli.options import json_option
from steadyhand.cli.studio import open_studio, serving_options
from steadyhand.errors import EXIT_NO, EXIT_OK, PrerequisiteError, UsageError
from steadyhand.files import meant, read_text

if TYPE_CHECKING:
    from steadyhand.review.session import ReviewSession
    from steadyhand.review.summary import ReviewSummary


class OpenedByDefault(click.Group):
    """`steady review FILE` is `steady review open FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["open", *args]
        return super().parse_args(ctx, args)


@click.group("review", cls=OpenedByDefault, subcommand_metavar="FILE | COMMAND [ARGS]...")
def review_group() -> None:
    """Let people judge the rows of a data file or the answers of an evaluation, by keyboard, in the browser."""


file_argument = click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
url_option = click.option(
    "--url", default="", metavar="URL",
    help="The database of decisions, as SQLAlchemy writes it [SQLite beside the file].",
)  # fmt: skip
name_option = click.option("--name", default="", help="What the file is called there [its own name].")
overlap_option = click.option(
    "--overlap", default=0.2, show_default=True, type=float, help="The share of rows that every reviewer judges."
)


@review_group.command("open")
@file_argument
@url_option
@overlap_option
@serving_options
@json_option
def open_command(
    path: Path, url: str, overlap: float, host: str, port: int, token_env: str | None, browser: bool, as_json: bool
) -> int:
    """Open FILE for review in the browser, until Ctrl-C. Every decision is on disk as soon as it is made."""
    from steadyhand.studio.project import Project, key_of

    project = Project(files=(_there(path),), database=url, overlap=overlap, account=name_of_account())
    with progress("reading") as advance:
        session = project.review(key_of(path))
        advance(len(session.file.items), len(session.file.items))
    _say_unusable(session)
    return open_studio(project, host, port, token_env, browser, as_json)


@review_group.command("status")
@file_argument
@url_option
@name_option
@json_option
def status_command(path: Path, url: str, name: str, as_json: bool) -> int:
    """Say how much of FILE is decided, by whom, and how far people agree."""
    with _session(path, url, name) as session:
        found = session.summary()
        if as_json:
            emit_json({"path": str(path), "database": session.reviews.url, **found.to_json()})
        else:
            _show(found)
    return EXIT_OK


@review_group.command("export")
@file_argument
@click.option("--to", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option(
    "--as", "form", default="same", show_default=True,
    type=click.Choice(["same", "groups", "cards", "scenarios", "decisions"]),
    help="The file's own format, rows of a domain folder, or every decision.",
)  # fmt: skip
@click.option("--by", default="", metavar="NAME", help="Only what this reviewer decided [what holds].")
@click.option("--point", default="reviewed", show_default=True, help="With cards: their knowledge point.")
@click.option("--only-decided", is_flag=True, help="Leave rows out that nobody decided.")
@url_option
@name_option
@json_option
def export_command(
    path: Path, to: Path, form: str, by: str, point: str, only_decided: bool, url: str, name: str, as_json: bool
) -> int:
    """Write FILE again with what was decided: rejected rows out, answers exchanged or corrected, all else byte for
    byte; or make rows of a domain folder of it, with `source: badcase/...`. Exit 1 when a decision was left out."""
    with _session(path, url, name) as session:
        told, left = _exported(session, to, form, by, point, only_decided)
    if as_json:
        emit_json({"path": str(to), "form": form, **told, "left": dict(left)})
    else:
        echo_line(f"{to}: " + ", ".join(f"{count} {what}" for what, count in told.items()))
    for what, count in left.most_common():
        say(f"left out, {count}: {what}")
    return EXIT_NO if left else EXIT_OK


def _exported(
    session: ReviewSession, to: Path, form: str, by: str, point: str, only_decided: bool
) -> tuple[dict[str, int], Counter[str]]:
    """(what was written, counted; reason -> decisions that were not)."""
    from steadyhand.datasets.write import jsonl
    from steadyhand.files import write_whole
    from steadyhand.review.rewrite_file import rewrite
    from steadyhand.review.to_domain import FORMS, decision_rows, domain_rows, write_rows

    states = session.states(by)
    if form == "same":
        made = rewrite(session.file, states, to, only_decided=only_decided)
        removed = {f"removed ({word})": count for word, count in made.removed.items()}
        return {"rows as they were": made.kept, "changed": made.changed, **removed}, made.left
    if form == "decisions":
        rows = decision_rows(session.file, session.reviews.all())
        write_whole(to, jsonl(rows))
        return {"decisions": len(rows)}, Counter()
    chosen = next(one for one in FORMS if one == form)
    found = domain_rows(session.file, states, chosen, point)
    if found.rows:
        write_rows(found, chosen, to)
    return {form: len(found.rows)}, found.left


@review_group.command("apply")
@file_argument
@click.argument("decisions", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@url_option
@name_option
@overlap_option
@json_option
def apply_command(path: Path, decisions: Path, url: str, name: str, overlap: float, as_json: bool) -> int:
    """Make the decisions of a JSONL file about FILE, each as its page would: {"row", "by", "word", "because"}. Exit 1
    when one was refused."""
    from steadyhand.source.jsonfile import read_jsonl

    rows: list[Mapping[str, Json]] = [row.value for row in read_jsonl(read_text(decisions), str(decisions))]
    if wrong := next((row for row in rows if not isinstance(row, dict)), None):
        raise UsageError(f"not an object: {json.dumps(wrong)}", where=str(decisions), next="one object a line")
    with _session(path, url, name, overlap) as session:
        made = session.apply(rows)
    if as_json:
        emit_json({"made": made.made, "left": dict(made.left)})
    else:
        echo_line(f"{made.made} of {len(rows)} decisions made")
    for what, count in made.left.most_common():
        say(f"refused, {count}: {what}")
    return EXIT_NO if made.left else EXIT_OK


def _session(path: Path, url: str, name: str, overlap: float = 0.2) -> ReviewSession:
    from steadyhand.review.session import ReviewSession

    return ReviewSession(_there(path), url, name, overlap)


def _there(path: Path) -> Path:
    if not path.exists():
        raise PrerequisiteError("no such file", where=str(path), next=f"{meant(path)}name a data file")
    return path


def _say_unusable(session: ReviewSession) -> None:
    if rejects := session.file.rejects:
        say(f"{len(rejects)} rows cannot be judged; the first: {rejects[0].place}: {rejects[0].reason}")


def _show(found: ReviewSummary) -> None:
    echo_line(f"{found.decided} of {found.items} decided" + (f", {found.rejects} unusable" if found.rejects else ""))
    for word, count in found.words.items():
        echo_line(f"  {word or 'open':<10} {count}")
    for name, count in found.reviewers.items():
        echo_line(f"by {name}: {count}")
    if found.changed:
        say(f"{found.changed} were decided on versions that are no longer in the file")
    agreed = found.agreement
    if agreed.units:
        figures = {"raw agreement": agreed.raw, "Krippendorff's alpha": agreed.alpha, "Gwet's AC1": agreed.ac1}
        told = ", ".join(f"{name} {'-' if value is None else f'{value:.3f}'}" for name, value in figures.items())
        echo_line(f"{agreed.units} judged by two or more ({agreed.overlap:.0%}): {told}")
    for name, side in (("the left answer was better", found.left_side), ("as the file says", found.with_file)):
        if side:
            echo_line(f"{name}: {side.value:.0%} of {side.n:g} [{side.low:.0%}, {side.high:.0%}]")
