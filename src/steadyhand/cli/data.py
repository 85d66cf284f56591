"""The commands about data: `init`, `import`, `split`. They say what the rooms did; they know no rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json, say, say_ignored
from steadyhand.cli.options import json_option
from steadyhand.domain.starter import LIKE
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.files import meant

if TYPE_CHECKING:
    from steadyhand.datasets.convert import Imported
    from steadyhand.datasets.formats import Format
    from steadyhand.datasets.mapping import ColumnMap
    from steadyhand.datasets.write import Summary

_FOLDER = click.Path(path_type=Path)
SUITES = ("bfcl", "acebench", "when2call")  # as `datasets.suites.read` names them


@click.command("init")
@click.argument("folder", type=_FOLDER)
@click.option("--like", type=click.Choice(LIKE), default="tools", show_default=True, help="What the domain is about.")
@json_option
def init_command(folder: Path, like: str, as_json: bool) -> None:
    """Write a small working domain into the new FOLDER, to be replaced piece by piece.

    `tools` calls a service, `sql` writes queries that are run, `wording` and `sales` compare answers (preferences/),
    `labels` sorts texts. `steady run` takes each through all stages in a few minutes.
    """
    from steadyhand.datasets.write import write_files
    from steadyhand.domain.starter import starter_files

    made = starter_files(like)
    write_files(made, folder)
    if as_json:
        emit_json({"folder": str(folder), "files": sorted(made)})
        return
    for name in sorted(made):
        echo_line(folder / name)
    say(f"next: steady check {folder}")


@click.command("import")
@click.argument("source", type=_FOLDER)
@click.option("--to", "folder", type=_FOLDER, required=True, help="The new domain folder.")
@click.option("--map", "maps", multiple=True, metavar="TARGET=COLUMN", help="What a column holds: user, answer, ...")
@click.option("--why", "whys", multiple=True, metavar="[KEY=]COLUMN", help="Columns of category, cause and remedy.")
@click.option("--system", default="", metavar="TEXT|FILE", help="The system prompt of every row without one.")
@click.option(
    "--check", "words", multiple=True, metavar="[NAME=]KIND[:ARG]", help="What judges answers: label, says ..."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "openai", "sharegpt", "alpaca", "completion", "xlam", *SUITES]),
    default="auto",
)
@click.option("--per-category", type=click.IntRange(min=1), help="Of a public suite: at most so many a category.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Share to hold out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the train/eval split.")
@json_option
def import_command(
    source: Path,
    folder: Path,
    maps: tuple[str, ...],
    whys: tuple[str, ...],
    system: str,
    words: tuple[str, ...],
    form: str,
    per_category: int | None,
    share: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """Turn the data set SOURCE (JSON, JSONL, CSV, TSV or Parquet) into a domain folder.

    Rows with tools become scenarios, rows that judge answers preferences. Rows without tools become scenarios where a
    check judges them, else cards. Scenarios and preferences are split by near-duplicate groups. Rows that cannot be
    used, or that their own check refuses, are listed in rejects.jsonl with their reason.

    SOURCE may also be a file or the data folder of a public suite: BFCL v3 or v4 (questions of one turn), ACEBench
    (normal and special) or When2Call (the judge's subset). All its questions are held out, for `steady eval`.

    \b
      steady import reviews.csv --to reviews --map user=comment --map answer=label
      steady import pairs.csv --to sql --map user=question --map answer=sql --check exec_sql:shop.db
      steady import cases.csv --to sales --map dialogue=chat --map chosen=good --map rejected=bad --why kind
      steady import bfcl_eval/data --to bfcl --per-category 20
    """
    from dataclasses import asdict

    from steadyhand.datasets.mapping import column_map
    from steadyhand.datasets.suites.read import suite_at
    from steadyhand.datasets.write import write_domain
    from steadyhand.flow.importing import given_share, judges_for, set_aside, usable

    suite = form if form in SUITES else suite_at(source) if form == "auto" and not maps else None
    if suite:
        _refuse_unused({"--map": maps, "--why": whys, "--system": system, "--check": words, "--share": share}, suite)
        _import_suite(source, folder, suite, per_category or 0, as_json)
        return
    _refuse_unused({"--per-category": per_category}, "a data set that is no public suite")
    columns = column_map(maps, whys)
    read = _read(source, form, preferences=True, columns=columns)
    usable(read, source, folder, mapped=columns is not None)
    judges = judges_for(read, source, folder, words, system, mapped=columns is not None)
    share = given_share(read, judges) if share is None else share
    summary = write_domain(set_aside(read, seed, share, judges.checkers), folder, seed, share, judges)
    if as_json:
        emit_json(asdict(summary))
    else:
        _show_import(summary, read, folder)


def _refuse_unused(given: dict[str, object], what: str) -> None:
    if unused := [name for name, value in given.items() if value]:
        raise UsageError(f"{unused[0]} means nothing for {what}", next=f"leave {unused[0]} out")


def _import_suite(source: Path, folder: Path, name: str, per_category: int, as_json: bool) -> None:
    """The questions of a public suite, all of them held out."""
    from dataclasses import asdict

    from steadyhand.datasets.suites.read import read_suite
    from steadyhand.datasets.suites.to_domain import write_suite

    summary = write_suite(read_suite(_there(source), name, per_category), folder)  # type: ignore[arg-type]
    if as_json:
        emit_json(asdict(summary))
        return
    echo_line(
        f"{summary.suite}: {summary.questions} questions, {summary.choices} of them with choices; "
        f"{summary.tools} tools; {summary.rejects} rows refused"
    )
    for category, count in summary.categories.items():
        echo_line(f"{category:<40} {count:>6}")
    for reason, count in list(summary.reasons.items())[:10]:
        say(f"refused {count}: {reason}")
    for file, why in summary.left.items():
        say(f"not read: {file}: {why}")
    if summary.rejects:
        say(f"refused rows and reasons: {folder / 'rejects.jsonl'}")
    say(f"next: steady eval --model MODEL --domain {folder} --by-tag")


def _show_import(summary: Summary, read: Imported, folder: Path) -> None:
    from steadyhand.flow.importing import advice

    echo_line(
        f"{summary.total} rows: {summary.cards} cards, {summary.train} training and {summary.eval} evaluation "
        f"scenarios, {summary.rejects} rejected; {summary.tools} tools ({summary.renamed} renamed)"
    )
    if summary.judged:
        echo_line(
            f"{summary.judged} of them judge answers: {summary.compared_train} comparisons to learn from and "
            f"{summary.compared_eval} held out; {summary.uncompared} answers are compared with nothing"
        )
    echo_line(f"{summary.answers} answers to learn or to measure; {summary.context} are context only (weight 0)")
    if summary.checks:
        echo_line("judged by " + ", ".join(f"{name} ({kind})" for name, kind in summary.checks.items()))
    echo_line(f"proposed: {summary.dose}")
    say_ignored(summary.ignored)
    if summary.rejects:
        say(f"rejected rows and reasons: {folder / 'rejects.jsonl'}")
    for line in advice(summary, read):
        say(line)
    say(f"next: steady check {folder}")


@click.command("split")
@click.argument("source", type=_FOLDER)
@click.option("--to", "folder", type=_FOLDER, required=True, help="The new folder for train.jsonl and eval.jsonl.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.1, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@json_option
def split_command(source: Path, folder: Path, share: float, seed: int, as_json: bool) -> None:
    """Split the data set SOURCE (JSON or JSONL) into train.jsonl and eval.jsonl, about 90/10.

    Rows stay as they are. Rows of one `group`, of one template (equal but for their values) or with nearly the same
    first question stay on one side. Rows that cannot be read go to rejects.jsonl, with the reason.
    """
    from steadyhand.datasets.split import split_rows
    from steadyhand.datasets.write import write_files

    made = split_rows(_read(source, "auto", preferences=True), share, seed)
    files = {"train.jsonl": made.train, "eval.jsonl": made.eval, "rejects.jsonl": made.rejects}
    write_files({name: "".join(f"{row}\n" for row in rows) for name, rows in files.items() if rows}, folder)
    counts = {name.partition(".")[0]: len(rows) for name, rows in files.items()} | {"groups": made.groups}
    if as_json:
        emit_json({"folder": str(folder), **counts})
        return
    echo_line(f"{counts['train']} train, {counts['eval']} eval, {counts['rejects']} rejected; {made.groups} groups")
    say(f"next: steady check {folder / 'train.jsonl'} --eval {folder / 'eval.jsonl'}")


def _read(source: Path, form: str, *, preferences: bool = False, columns: ColumnMap | None = None) -> Imported:
    """One file, with the columns that are named, or that a dataset_info.json beside it names."""
    from steadyhand.datasets.inputs import Input, inputs

    _there(source)
    found = inputs([source]).inputs if source.is_file() else []
    one = Input(source, columns) if columns else found[0] if len(found) == 1 else Input(source)
    wanted: Format | None = None if form == "auto" else form  # type: ignore[assignment]  # click checked the choice
    return one.read(form=wanted, preferences=preferences)


def _there(source: Path) -> Path:
    """Raises PrerequisiteError for a source that is not there."""
    if not source.exists():
        raise PrerequisiteError(
            "no such file", where=str(source), next=f"{meant(source)}name a data file: JSONL, JSON, CSV, Parquet"
        )
    return source
