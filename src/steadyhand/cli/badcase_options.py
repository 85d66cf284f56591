"""What every command of `steady badcases` takes, and what it says of lines that could not be read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from steadyhand.cli.console import say

path_argument = click.argument("path", metavar="RUN|EVALUATION|LOG", type=click.Path(path_type=Path))
domain_option = click.option(
    "--domain", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The domain folder: its badcases.yaml, and the whole prompts.",
)  # fmt: skip
audit_option = click.option(
    "--audit", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An agent's audit log: blocked and refused writes are cases too.",
)  # fmt: skip
decisions_option = click.option(
    "--decisions", type=click.Path(path_type=Path, dir_okay=False),
    help="Where decisions are kept [badcases/decisions.jsonl beside the run].",
)  # fmt: skip
model_option = click.option("--model", default="", help="Whose answers: base, sft or dpo [the tuned one].")
lang_option = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)


def say_unread(unread: Counter[str]) -> None:
    """One line for each reason for which something was left out."""
    for what, count in unread.items():
        say(f"left out: {count}: {what}")
