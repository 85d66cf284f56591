"""The commands about data: `init`, `check`, `import`, `export`. They say what the rooms found; they know no rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_NO, EXIT_OK, PrerequisiteError

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer
    from steadyhand.check import Finding
    from steadyhand.domain.convert import Imported
    from steadyhand.domain.export import ExportFormat
    from steadyhand.domain.formats import Format
    from steadyhand.domain.model import Domain

SHOWN = 10  # places per rule in the text form; --json has all
_FOLDER = click.Path(path_type=Path)


@click.command("init")
@click.argument("folder", type=_FOLDER)
@json_option
def init_command(folder: Path, as_json: bool) -> None:
    """Write a small working domain into the new FOLDER, to be replaced piece by piece."""
    from steadyhand.domain.starter import starter_files
    from steadyhand.domain.write import write_files

    made = starter_files()
    write_files(made, folder)
    if as_json:
        emit_json({"folder": str(folder), "files": sorted(made)})
        return
    for name in sorted(made):
        click.echo(folder / name)
    say(f"next: steady check {folder}")


@click.command("check")
@click.argument("path", type=_FOLDER)
@click.option("--model", help="Also render every sample with this model's tokenizer and chat template.")
@json_option
def check_command(path: Path, model: str | None, as_json: bool) -> int:
    """Lint the domain folder, or the data set file, at PATH.

    Exit code 1 when there are errors; warnings alone are 0.
    """
    from steadyhand.check import check, has_errors

    domain, findings = _domain_at(path)
    renderer, max_length = _rendering(path, model)
    findings += check(domain, renderer, max_length)
    if as_json:
        emit_json(
            {"path": str(path), "counts": _counts(domain), **_severities(findings)}
            | {"findings": [found.to_json() for found in findings]}
        )
    else:
        _show(domain, findings)
    return EXIT_NO if has_errors(findings) else EXIT_OK


@click.command("import")
@click.argument("source", type=_FOLDER)
@click.option("--to", "folder", type=_FOLDER, required=True, help="The new domain folder.")
@click.option("--format", "form", type=click.Choice(["auto", "openai", "sharegpt", "alpaca"]), default="auto")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the train/eval split.")
@json_option
def import_command(source: Path, folder: Path, form: str, seed: int, as_json: bool) -> None:
    """Turn the data set SOURCE (JSON or JSONL) into a domain folder.

    Rows with tools become scenarios, split 90/10 by near-duplicate groups; rows without become cards. Rows that cannot
    be read, or that break their own tools' schemas, are listed in rejects.jsonl with their reason.
    """
    from dataclasses import asdict

    from steadyhand.domain.write import write_domain
    from steadyhand.flow.importing import set_aside

    imported = set_aside(_read(source, form), seed)
    summary = write_domain(imported, folder, seed)
    if as_json:
        emit_json(asdict(summary))
        return
    click.echo(
        f"{summary.total} rows: {summary.cards} cards, {summary.train} training and {summary.eval} evaluation "
        f"scenarios, {summary.rejects} rejected; {summary.tools} tools ({summary.renamed} renamed)"
    )
    if summary.ignored:
        say("not read: " + ", ".join(f"{key} ({rows} rows)" for key, rows in sorted(summary.ignored.items())))
    if summary.rejects:
        say(f"rejected rows and reasons: {folder / 'rejects.jsonl'}")
    say(f"next: steady check {folder}")


@click.command("export")
@click.argument("folder", type=_FOLDER)
@click.option("--to", "target", type=_FOLDER, required=True, help="The new JSONL file.")
@click.option("--format", "form", type=click.Choice(["openai", "sharegpt"]), default="openai", show_default=True)
@json_option
def export_command(folder: Path, target: Path, form: ExportFormat, as_json: bool) -> None:
    """Write cards, scenarios and rehearsal rows of the domain in FOLDER as JSONL, each with its `split`."""
    from steadyhand.domain.export import export_rows
    from steadyhand.domain.load import load
    from steadyhand.domain.write import jsonl, write_new

    rows = list(export_rows(load(folder), form))
    write_new(jsonl(rows), target)
    splits = Counter(row["split"] for row in rows)
    if as_json:
        emit_json({"file": str(target), "format": form, "rows": len(rows), "splits": dict(splits)})
    else:
        click.echo(f"{len(rows)} rows ({splits['train']} train, {splits['eval']} eval) in {target}")


def _read(source: Path, form: str) -> Imported:
    from steadyhand.domain.convert import read_dialogues

    if not source.exists():
        raise PrerequisiteError("no such file", where=str(source), next="name a JSON or JSONL file")
    wanted: Format | None = None if form == "auto" else form  # type: ignore[assignment]  # click checked the choice
    return read_dialogues(source, wanted)


def _domain_at(path: Path) -> tuple[Domain, list[Finding]]:
    """The domain in a folder, or the one that a data set file would become, with a finding for each row it rejects."""
    from steadyhand.check.finding import finding
    from steadyhand.domain.assemble import domain_of
    from steadyhand.domain.load import load

    if not path.is_file():
        return load(path), []
    imported = _read(path, "auto")
    rejects = [finding("R001", r.place, f"row {r.number}: {r.reason}", "correct the row") for r in imported.rejects]
    return domain_of(imported), rejects


def _rendering(path: Path, model: str | None) -> tuple[Renderer | None, int | None]:
    """The model's renderer and the limit on tokens that training would use."""
    if model is None:
        return None, None
    from steadyhand.chat.render import Renderer
    from steadyhand.models.load import load_tokenizer
    from steadyhand.models.load import resolve as find_model
    from steadyhand.settings import resolve

    settings = resolve(path if path.is_dir() else None).settings
    home = Path(model) if Path(model).is_dir() else find_model(model)  # a tokenizer alone is enough here
    return Renderer(load_tokenizer(home)), settings.sft.max_length


def _show(domain: Domain, findings: Sequence[Finding]) -> None:
    from steadyhand.check import RULES

    for code in sorted({found.code for found in findings}):
        group = [found for found in findings if found.code == code]
        severity, title = RULES[code]
        click.echo(f"{code} {severity}: {title} ({len(group)})")
        for found in group[:SHOWN]:
            click.echo(f"  {found.place}: {found.message}")
            click.echo(f"      next: {found.next}")
        if len(group) > SHOWN:
            click.echo(f"  ... and {len(group) - SHOWN} more; --json lists all")
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in _counts(domain).items())
    severities = _severities(findings)
    click.echo(f"{severities['errors']} errors, {severities['warnings']} warnings in {counts}")


def _counts(domain: Domain) -> dict[str, int]:
    splits = Counter(scenario.split for scenario in domain.scenarios)
    return {
        "points": len(domain.points),
        "cards": len(domain.cards),
        "tools": len(domain.tools),
        "training_scenarios": splits["train"],
        "evaluation_scenarios": splits["eval"],
        "probes": len(domain.probes),
        "rehearsal_rows": len(domain.rehearsal),
    }


def _severities(findings: Sequence[Finding]) -> dict[str, int]:
    counts = Counter(found.severity for found in findings)
    return {"errors": counts["error"], "warnings": counts["warning"]}
