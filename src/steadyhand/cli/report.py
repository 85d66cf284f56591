"""`steady report`: the report of a run written again, or one page of the studio as a file. Makes nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.agent import audit_option, name_of_account
from steadyhand.cli.console import echo_line, emit_json
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_OK

if TYPE_CHECKING:
    from steadyhand.text.shingles import Language


@click.command("report")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), help="Folder to write into [OUT/report].")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Language of report.html.")
@click.option("--page", help="Instead: a page of the studio as one HTML file, by its name (verdict) or address (/...).")
@click.option(
    "--domain", "folder", type=click.Path(path_type=Path), default=".", help="With --page: the domain [here]."
)
@audit_option
@json_option
def report_command(
    out: Path, to: Path | None, language: Language, page: str | None, folder: Path, audit: Path, as_json: bool
) -> int:
    """Write the report of the run in OUT (for example runs/uss) again, in English or Chinese first."""
    from steadyhand.flow.run import rewrite_report

    target = to or out / "report"
    pages = [_one_page(out, target, page, folder, audit, language)] if page else rewrite_report(out, target, language)
    if as_json:
        emit_json({"report": [str(one) for one in pages]})
    else:
        for one in pages:
            echo_line(one)
    return EXIT_OK


def _one_page(out: Path, to: Path, page: str, folder: Path, audit: Path, language: Language) -> Path:
    from steadyhand.files import write_whole
    from steadyhand.studio.project import Project
    from steadyhand.studio.standalone import name_of, standalone

    project = Project(folder, out, account=name_of_account(), audit=audit)
    try:
        text = standalone(project, page, language)
    finally:
        project.close()
    to.mkdir(parents=True, exist_ok=True)
    return write_whole(to / f"{name_of(page)}{'.zh' if language == 'zh' else ''}.html", text)
