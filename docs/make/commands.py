"""The page of all commands: what `--help` says, as tables. It has no text of its own about a command."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from docs.make.text import cell, page, table
from steadyhand.cli import COMMANDS, GROUPS, cli
from steadyhand.errors import EXIT_INTERRUPTED, EXIT_JOB, EXIT_NO, EXIT_OK, EXIT_PREREQUISITE, EXIT_USAGE

EXIT_CODES = {
    EXIT_OK: "it ran, and the answer is yes",
    EXIT_NO: "it ran, and the answer is no: findings, a failed gate, a verdict that is not PASS",
    EXIT_USAGE: "the command line, a setting or a file of the domain is wrong",
    EXIT_PREREQUISITE: "a model, a package or a file is missing",
    EXIT_JOB: "the work itself failed",
    EXIT_INTERRUPTED: "interrupted; the next call goes on",
}


def commands_page() -> str:
    parts = [
        table(["exit code", "means"], [[str(code), cell(text)] for code, text in EXIT_CODES.items()]),
        *(part for group, text in GROUPS.items() for part in _group(group, text)),
    ]
    lead = "Results go to stdout, everything else to stderr. `--json` prints a result for machines: its first key is "
    return page("Commands", lead + "`version`. `steady COMMAND --help` says what stands here.", *parts)


def _group(group: str, text: str) -> Iterator[str]:
    yield f"## {group.capitalize()}: {text}"
    context = click.Context(cli, info_name="steady")
    for name, entry in COMMANDS.items():
        if entry.group == group and (command := cli.get_command(context, name)):
            yield from _command(command, click.Context(command, context, info_name=name), 3)


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}"
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    yield inspect.cleandoc(command.help or "")
    if rows := list(_options(command, context)):
        yield table(["option", "meaning"], rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if inner := command.get_command(context, name):
                yield from _command(inner, click.Context(inner, context, info_name=name), level + 1)


def _options(command: click.Command, context: click.Context) -> Iterator[list[str]]:
    for option in command.get_params(context):
        record = option.get_help_record(context) if isinstance(option, click.Option) else None
        if record and "--help" not in record[0]:
            yield [f"`{record[0]}`", cell(record[1])]
