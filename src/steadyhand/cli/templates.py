"""`steady templates`: which rows of data templates are stale, and make them again. Knows no row itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_NO, EXIT_OK

if TYPE_CHECKING:
    from steadyhand.datasets.templates import TemplateRow


@click.command("templates")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--make", "making", is_flag=True, help="Make missing and stale rows, remove those that nothing makes.")
@json_option
def templates_command(folder: Path, making: bool, as_json: bool) -> int:
    """Say how the rows stand that templates/*.yaml of a domain make: fresh, missing, stale, orphan, edited.

    Exit 1 when some row is not what its template makes now. Rows that a person edited are kept, and listed.
    """
    from steadyhand.datasets.templates import RowState, make, template_states

    before = make(folder) if making else template_states(folder)
    now = template_states(folder) if making else before
    if as_json:
        emit_json({"rows": [_row(one) for one in now], "made": _counts(before) if making else None})
    else:
        for one in before:
            if one.state is not RowState.FRESH:
                echo_line(f"{one.state.value:<11} {one.makes:<10} {one.id}  {one.template}")
        told = ", ".join(f"{count} {word}" for word, count in _counts(before).items()) or "no templates"
        echo_line(f"{'before: ' if making else ''}{told}")
        if not making and any(one.state is not RowState.FRESH for one in now):
            say(f"next: steady templates {folder} --make")
    left = {one.state for one in now} - {RowState.FRESH, RowState.EDITED}
    return EXIT_NO if left else EXIT_OK


def _counts(rows: list[TemplateRow]) -> dict[str, int]:
    return dict(Counter(one.state.value for one in rows).most_common())


def _row(one: TemplateRow) -> dict[str, str]:
    return {"id": one.id, "makes": one.makes, "state": one.state.value, "template": one.template}
