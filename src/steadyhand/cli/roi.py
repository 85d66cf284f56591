"""`steady roi`: what training saves, when it has paid back, and what that hangs on. Computes nothing itself."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.console import echo_data, echo_line, emit_json
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError


@click.command("roi")
@click.argument("file", required=False, metavar="ROI.TOML", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where the pages go [beside the file].")
@click.option("--example", is_flag=True, help="Print a file to begin with.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@json_option
def roi_command(file: Path | None, out: Path | None, example: bool, lang: str, as_json: bool) -> int:
    """Compare the old way of doing a job with a trained model: cost a month, break-even, and what matters.

    Every number in the file has a source or the word "assumed"; pass rates and tokens may come from runs. Exit 0: it
    pays back within the months that are looked at. Exit 1: it does not.
    """
    if example:
        echo_data(resources.files("steadyhand.roi").joinpath("example.toml").read_text("utf-8"))
        return EXIT_OK
    if file is None:
        raise UsageError("no file", next="begin with one: steady roi --example > roi.toml")
    from steadyhand.badcases.measured_input import measured_input
    from steadyhand.report.roi import write_roi
    from steadyhand.roi.inputs import read_costs
    from steadyhand.roi.result import roi

    found = roi(read_costs(file, measured_input), datetime.now(UTC).isoformat(timespec="minutes"))
    pages = write_roi(found, out or file.parent)
    if as_json:
        emit_json(found | {"report": [str(page) for page in pages]})
    else:
        _show(found, pages, lang)
    return EXIT_OK if found["pays"] else EXIT_NO


def _show(found: dict[str, Json], pages: list[Path], lang: str) -> None:
    from steadyhand.report.catalog import check_languages, load_catalog
    from steadyhand.report.roi import headline, label_of, money

    t = load_catalog(check_languages([lang])[0])
    old, new = found["ways"]["old"], found["ways"]["new"]
    rows = [(t(f"roi.line.{line}"), old["lines"][line], new["lines"][line]) for line in found["lines"]]
    for sentence in headline(found, t):
        echo_line(sentence)
    echo_line(f"{'':<30}{t('roi.old'):>14}{t('roi.new'):>14}")
    for name, before, after in [*rows, (t("roi.total"), old["total"], new["total"])]:
        echo_line(f"{name:<30}{money(before):>14}{money(after):>14}")
    for one in found["tornado"][:5]:
        echo_line(f"{money(one['net_at_low']):>12} .. {money(one['net_at_high']):>12}  {label_of(t)(one['name'])}")
    echo_line(f"report: {pages[0]}")
