"""`steady completion`: the few lines that make a shell complete commands and options. click writes them."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PLACES = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/steady.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(PLACES)))
def completion_command(shell: str) -> None:
    """Print the script that completes `steady` in SHELL.

    \b
    bash:  eval "$(steady completion bash)"       in ~/.bashrc
    zsh:   eval "$(steady completion zsh)"        in ~/.zshrc
    fish:  steady completion fish > ~/.config/fish/completions/steady.fish
    """
    from steadyhand.cli import COMPLETING, cli

    completing = get_completion_class(shell)
    assert completing is not None  # click has all three
    click.echo(completing(cli, {}, "steady", COMPLETING).source())
