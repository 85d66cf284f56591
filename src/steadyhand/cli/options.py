"""Options that several commands share. Knows settings by their dotted names only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

from steadyhand.chat.template import DATE
from steadyhand.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")(command)


def date_option(command: Command) -> Command:
    """`--date 2026-03-01`; arrives as `day`, a date."""
    return click.option(
        "--date", "day", callback=_day, metavar="YYYY-MM-DD",
        help=f"What chat templates that write the date are told, or `today` [{DATE}].",
    )(command)  # fmt: skip


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date:
    try:
        return DATE if value is None else date.today() if value == "today" else date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"--date {value}: no date", next="write --date 2026-03-01, or --date today") from error


def template_options(command: Command) -> Command:
    """`--chat-template FILE` and `--call-format NAME`; arrive as `template` and `call_format`."""
    command = click.option(
        "--call-format", metavar="NAME", help="How the model writes calls, such as hermes [found out by its template]."
    )(command)
    return click.option(
        "--chat-template", "template", metavar="FILE", help="A Jinja file in place of the model's own, or `chatml`."
    )(command)


def set_option(command: Command) -> Command:
    """`--set sft.epochs=3`, any number of times; arrives as `sets`, for `flags_of`."""
    text = "Replace a setting for this call, for example --set sft.epochs=3."
    return click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help=text)(command)


def verify_option(command: Command) -> Command:
    """`--verify`: the bytes of models and artifacts are read, also where nothing seems to have changed."""

    def read_all(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            from steadyhand.ledger.digests import whole

            context.with_resource(whole())

    text = "Read every byte of the models used, also of files that the file system calls unchanged."
    return click.option("--verify", is_flag=True, expose_value=False, callback=read_all, help=text)(command)


def flags_of(sets: tuple[str, ...]) -> dict[str, object]:
    """Dotted key -> text, for `settings.resolve(flags=...)`. Raises UsageError for a word without `=`."""
    flags: dict[str, object] = {}
    for word in sets:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--set {word}: no value", next="write --set KEY=VALUE, for example --set sft.epochs=3")
        flags[key.strip()] = value.strip()
    return flags
