"""`steady badcases traces | review`: from an evaluation to logged dialogues, and from these to a person's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.badcase_options import decisions_option, domain_option, say_unread
from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_NO, EXIT_OK

to_option = click.option("--to", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file.")


@click.command("traces")
@click.argument("path", metavar="EVALUATION", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--domain", required=True, type=click.Path(path_type=Path), help="The domain folder that was asked.")
@to_option
@json_option
def traces_command(path: Path, domain: Path, to: Path, as_json: bool) -> int:
    """Write the scenarios of a saved evaluation as logged dialogues: one up to each wrong answer, the whole where there
    is none. Exit 1 when there is nothing."""
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.traces import traces
    from steadyhand.datasets.folder import load

    snapshot = read(path).last
    made = traces(snapshot.models[snapshot.tuned], load(domain))
    written = f"{len(made.rows)} dialogues in {to}, {made.wrong} with a wrong answer"
    return _write(to, made.rows, made.left_out, {"wrong": made.wrong}, written, as_json)


@click.command("review")
@click.argument("path", metavar="LOG", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@domain_option
@click.option(
    "--for", "learner", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The domain that shall learn: what it holds out is not asked about.",
)  # fmt: skip
@to_option
@decisions_option
@json_option
def review_command(
    path: Path, domain: Path | None, learner: Path, to: Path, decisions: Path | None, as_json: bool
) -> int:
    """Write the first wrong steps of LOG as rows that `steady review` opens: the state, and the answer to be corrected.
    Exit 1 when there is none."""
    from steadyhand.badcases.review_rows import review_rows
    from steadyhand.badcases.steps import gold_of
    from steadyhand.badcases.worklist import worklist
    from steadyhand.datasets.folder import load

    found = worklist(path, domain=domain, decisions=decisions)
    made = review_rows(found, found.rows, gold_of(load(learner)))
    status = _write(to, made.rows, made.left_out, {}, f"{len(made.rows)} rows in {to}", as_json)
    say_unread(found.found.unread)
    if made.rows:
        say(f"next: `steady review {to}`, then `steady review export {to} --as groups --to FILE`")
    return status


def _write(
    to: Path, rows: Sequence[Json], left_out: Counter[str], more: dict[str, Json], told: str, as_json: bool
) -> int:
    from steadyhand.datasets.write import jsonl
    from steadyhand.files import write_whole

    if rows:
        to.parent.mkdir(parents=True, exist_ok=True)
        write_whole(to, jsonl(rows))
    if as_json:
        emit_json({"path": str(to), "rows": len(rows), **more, "left_out": dict(left_out)})
    else:
        echo_line(told if rows else "nothing was written")
    for what, count in left_out.most_common():
        say(f"left out, {count}: {what}")
    return EXIT_OK if rows else EXIT_NO
