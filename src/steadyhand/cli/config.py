"""`steady config`: what the settings are, where each comes from, and what each means."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from steadyhand.cli.console import echo_line, emit_json
from steadyhand.cli.options import flags_of, json_option, set_option
from steadyhand.errors import Place, PrerequisiteError
from steadyhand.files import meant
from steadyhand.settings import Origin, Resolved, resolve
from steadyhand.settings.describe import as_toml, describe
from steadyhand.settings.resolve import flat
from steadyhand.text.redaction import without_passwords


@click.group("config")
def config_command() -> None:
    """Show the settings, where each comes from, and what it means.

    Precedence: flag, then environment (STEADY_SFT__EPOCHS=3), then steady.toml of the folder, then
    ~/.config/steadyhand/config.toml, then the preset, then the default.
    """


@config_command.command("show")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--origin", "origin", is_flag=True, help="Also say where each value comes from.")
@set_option
@json_option
def show_command(folder: Path, origin: bool, sets: tuple[str, ...], as_json: bool) -> None:
    """Print every setting as it holds for the domain in FOLDER."""
    if not folder.is_dir():
        after = f"{meant(folder)}name a domain folder, or make one: steady init"
        raise PrerequisiteError("no such folder", where=str(folder), next=after)
    resolved = resolve(folder, flags=flags_of(sets))
    if as_json:
        emit_json({"settings": _rows(resolved)})
        return
    width = max(len(key) for key in resolved.origins)
    for key, value in _shown(resolved).items():
        where = f"    # {resolved.origins[key]}" if origin else ""
        echo_line(f"{key:<{width}} = {value!r}{where}")


@config_command.command("docs")
@json_option
def docs_command(as_json: bool) -> None:
    """Print what every setting means, as a steady.toml to start from."""
    if as_json:
        emit_json({"settings": [asdict(row) for row in describe()]})
    else:
        click.echo(as_toml(), nl=False)


def _shown(resolved: Resolved) -> dict[str, object]:
    shown: dict[str, object] = without_passwords(flat(resolved.settings))
    return shown


def _rows(resolved: Resolved) -> dict[str, object]:
    return {
        key: {"value": value, "origin": resolved.origins[key].kind, "where": _where(resolved.origins[key])}
        for key, value in _shown(resolved).items()
    }


def _where(origin: Origin) -> dict[str, object] | str | None:
    return asdict(origin.where) if isinstance(origin.where, Place) else origin.where or None
