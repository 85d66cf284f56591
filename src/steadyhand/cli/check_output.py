"""What `steady check` prints of what it found, in each form, and the command that comes next. Judges nothing."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json, say_ignored

if TYPE_CHECKING:
    from steadyhand.check.finding import Finding
    from steadyhand.check.lint import LintReport

SHOWN = 10  # places per rule in the text form; --json has all


def print_report(
    report: LintReport, counts: dict[str, int], ignored: Mapping[str, int], paths: Sequence[Path], form: str
) -> None:
    from steadyhand.check.outputs import github, sarif

    if form == "json":
        head = {"path": str(paths[0]), "paths": [str(path) for path in paths], "counts": counts}
        head |= {"ignored": dict(sorted(ignored.items()))}
        emit_json(
            {**head, **report.severities(), "excused": report.excused}
            | {"findings": [found.to_json() for found in report.findings]}
        )
    elif form == "sarif":
        import json

        click.echo(json.dumps(sarif(report.findings), ensure_ascii=False, indent=1))
    elif form == "github":
        for line in github(report.findings):
            echo_line(line)
    else:
        _show(report, counts)
        say_ignored(ignored)


def next_command(report: LintReport, paths: Sequence[Path], held_out: Sequence[Path], fixed: bool) -> str:
    """The command that comes after what was found; nothing after the standard input, which is gone."""
    from steadyhand.check.repairs import REPAIRED
    from steadyhand.datasets.inputs import is_domain

    named, folder = " ".join(shlex.quote(str(path)) for path in paths), is_domain(paths[0])
    if Path("-") in paths:
        return ""
    if not report.clean:
        codes = [found.code for found in report.findings if found.severity != "note"]
        if not (folder or fixed) and set(REPAIRED) & set(codes):
            return f"steady check {named} --fix     # shows the repairs that are safe, changes nothing"
        return f"steady check --explain {codes[0]}     # what it looks at, and what to do"
    if folder:
        return f"steady run {named}"
    if len(paths) > 1 or held_out or report.unusable:
        return ""
    return f"steady split {named} --to split, or steady import {named} --to mydomain"


def _show(report: LintReport, counts: dict[str, int]) -> None:
    worst_first = ("error", "warning", "note")
    for _, code in sorted({(worst_first.index(found.severity), found.code) for found in report.findings}):
        _show_rule(code, [found for found in report.findings if found.code == code])
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    severities = ", ".join(f"{count} {name}" for name, count in report.severities().items())
    excused = f" ({report.excused} excused by noqa)" if report.excused else ""
    echo_line(f"{severities} in {said}{excused}")


def _show_rule(code: str, group: Sequence[Finding]) -> None:
    from steadyhand.check.rules import RULES

    rule = RULES[code]
    echo_line(f"{code} {rule.severity}: {rule.title} ({len(group)})")
    echo_line(f"  why: {rule.why} (more: steady check --explain {code})")
    for found in group[:SHOWN]:
        echo_line(f"  {found.place}: {found.message}")
        echo_line(f"      next: {found.next}")
    if len(group) > SHOWN:
        echo_line(f"  ... and {len(group) - SHOWN} more; --json lists all")
