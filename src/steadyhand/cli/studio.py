"""`steady studio`: a project's pages in the browser. Reads the command line; shows nothing itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from steadyhand.cli.agent import audit_option, name_of_account
from steadyhand.cli.console import emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_OK, PrerequisiteError, UsageError
from steadyhand.serve.loopback import is_loopback

if TYPE_CHECKING:
    from steadyhand.studio.project import Project

Command = TypeVar("Command", bound=Callable[..., Any])
SHORTEST = 16  # characters of a token


def serving_options(command: Command) -> Command:
    """`--host`, `--port`, `--token-env` and `--browser`."""
    for option in (
        click.option("--browser/--no-browser", default=False, help="Open the browser at once."),
        click.option("--token-env", metavar="NAME", help="The variable with the token that people must know."),
        click.option("--port", default=8323, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."),
        click.option("--host", default="127.0.0.1", show_default=True, help="Other than loopback: only with a token."),
    ):
        command = option(command)
    return command


@click.command("studio")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--out", type=click.Path(path_type=Path), help="Where its runs are [runs/<domain>].")
@audit_option
@click.option("--url", default="", metavar="URL", help="The database of reviews [SQLite in --out].")
@serving_options
@json_option
def studio_command(
    folder: Path, out: Path | None, audit: Path, url: str, host: str, port: int, token_env: str | None, browser: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Show the domain in FOLDER in the browser, until Ctrl-C: where it stands, its runs, what went wrong, what to
    decide. Everything is on disk: close it at any time, and go on where you were."""
    from steadyhand.datasets.inputs import is_domain
    from steadyhand.studio.project import Project

    if folder.is_file():
        raise UsageError("a file is reviewed, not shown", where=str(folder), next=f"steady review {folder}")
    if not is_domain(folder):
        after = "steady init FOLDER makes a domain; steady review FILE opens one file"
        raise UsageError("no domain folder", where=str(folder), next=after)
    out = out or Path("runs") / folder.resolve().name
    project = Project(folder, out, database=url, account=name_of_account(), audit=audit)
    return open_studio(project, host, port, token_env, browser, as_json)


def open_studio(project: Project, host: str, port: int, token_env: str | None, browser: bool, as_json: bool) -> int:
    """Serves until Ctrl-C. Raises UsageError for another host than this machine without a token."""
    from steadyhand.studio.app import Studio
    from steadyhand.studio.guard import Keys, kept_secret
    from steadyhand.studio.server import run

    token, local = _token(token_env), is_loopback(host)
    if not token and not local:
        after = "set a token in a variable and name it with --token-env, or stay on 127.0.0.1"
        raise UsageError("everybody in the network could decide", where=host, next=after)

    def listening(url: str) -> None:
        if as_json:
            emit_json({"url": url})
        say(f"{project.name} on {url} (Ctrl-C stops; nothing is lost)")
        if browser:
            click.launch(url)

    try:
        run(Studio(project, Keys(kept_secret(), token), local), host, port, listening)
    finally:
        project.close()
    return EXIT_OK


def _token(variable: str | None) -> str:
    if variable is None:
        return ""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise PrerequisiteError(f"the variable {variable} is not set", next=f"export {variable}=...")
    if len(value) < SHORTEST:
        what = f"the token in {variable} has {len(value)} characters, and at least {SHORTEST} are needed"
        raise UsageError(what, next=f'make one: export {variable}="$(steady serve --new-token)"')
    return value
