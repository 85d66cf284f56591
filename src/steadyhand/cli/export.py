"""`steady export`: a domain as a dataset, or a run, model or adapter as something to serve. Shows what flow made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from steadyhand.cli.console import echo_line, emit_json, say, say_ignored
from steadyhand.cli.options import json_option, verify_option
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError

if TYPE_CHECKING:
    from steadyhand.datasets.export import ExportFormat, JudgedFormat
    from steadyhand.export.gguf import Kind
    from steadyhand.flow.exporting import Exported, Form

DATASETS = ("openai", "sharegpt", "alpaca", "trl", "ranking", "swift", "kto")
SHOWN = 10  # rows left out that the text form names
MODELS = ("safetensors", "adapter", "gguf")
KINDS = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0")


@click.command("export")
@click.argument("source")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="The new file or folder.")
@click.option(
    "--format",
    "forms",
    type=click.Choice(DATASETS + MODELS),
    multiple=True,
    help="A domain: openai [default], sharegpt or alpaca. A data file: these, or trl, ranking, swift, kto for judged "
    "answers. A model: safetensors [default], adapter, gguf; any number of them.",
)
@click.option("--type", "kind", type=click.Choice(KINDS), default="bf16", show_default=True, help="Weights in GGUF.")
@click.option("--name", default="", help="The model's name in files and commands [the run's or folder's name].")
@click.option("--push", "repository", default="", metavar="OWNER/NAME", help="A model: send the folder to the hub too.")
@click.option("--public", is_flag=True, help="With --push: anybody may read it [private].")
@click.option("--dry-run", is_flag=True, help="With --push: say what would be sent, and send nothing.")
@verify_option
@json_option
def export_command(
    source: str, target: Path, forms: tuple[str, ...], kind: str, name: str, repository: str, public: bool,
    dry_run: bool, as_json: bool,
) -> int:  # fmt: skip
    """Write the domain or data file SOURCE as JSONL in another format, or the model in SOURCE as a folder to hand on.

    SOURCE is a domain folder, a data file in any format that `steady check` reads, a run's folder (such as runs/uss), a
    model or adapter folder, steady-nano or a hub name. Exit code 1: rows were left out, each named with its reason.
    A model comes with a card that holds the run's evaluation and with the commands that serve it; merged weights are
    proven to answer as the adapter before anything is written.
    """
    forms = forms or (("openai",) if _is_domain(source) or Path(source).is_file() else ("safetensors",))
    if set(forms) <= set(MODELS):
        from steadyhand.flow.exporting import export_model

        if repository:
            _push_possible(repository)
        made = export_model(source, target, cast("tuple[Form, ...]", forms), kind=cast("Kind", kind), name=name)
        _show(made, as_json, _push(made.folder, repository, public, dry_run) if repository else {})
        return EXIT_OK
    if repository:
        raise UsageError("--push sends models, no rows", next="push rows with the hub's own command, hf upload")
    if len(forms) > 1:
        raise UsageError(f"formats that do not go together: {', '.join(forms)}", next="export one after the other")
    if Path(source).is_file():
        return _convert_file(Path(source), target, cast("ExportFormat | JudgedFormat", forms[0]), as_json)
    _export_dataset(Path(source), target, cast("ExportFormat", forms[0]), as_json)
    return EXIT_OK


def _push_possible(repository: str) -> None:
    """Before minutes of work: the name is one that a hub takes."""
    from steadyhand.export.push import check_name

    check_name(repository)


def _push(folder: Path, repository: str, public: bool, dry_run: bool) -> dict[str, object]:
    from steadyhand.export.push import plan, push

    upload = plan(folder, repository, public=public)
    told: dict[str, object] = {"repository": repository, "public": public, "files": upload.files, "bytes": upload.size}
    verb, seen = "would send" if dry_run else "sending", "anybody may read it" if public else "private"
    say(f"{verb} {len(upload.files)} files, {upload.size:,} bytes, to {repository}, {seen}")
    return told | {"commit": None if dry_run else push(upload)}


def _convert_file(source: Path, target: Path, form: ExportFormat | JudgedFormat, as_json: bool) -> int:
    from steadyhand.datasets.export import convert_rows
    from steadyhand.datasets.inputs import inputs
    from steadyhand.datasets.write import jsonl, write_new

    (one,) = inputs([source]).inputs
    imported = one.read()
    rows, rejects = convert_rows(imported, form)
    write_new(jsonl(rows), target)
    if as_json:
        left = [{"row": reject.number, "place": str(reject.place), "reason": reject.reason} for reject in rejects]
        about = {"file": str(target), "format": form, "read": imported.total, "rows": len(rows)}
        emit_json({**about, "ignored": dict(sorted(imported.ignored.items())), "rejects": left})
    else:
        echo_line(f"{len(rows)} rows in {target}; {len(rejects)} of {imported.total} rows left out")
        for reject in rejects[:SHOWN]:
            say(f"{reject.place}: row {reject.number}: {reject.reason}")
        if len(rejects) > SHOWN:
            say(f"... and {len(rejects) - SHOWN} more; --json lists all")
        say_ignored(imported.ignored)
    return EXIT_NO if rejects else EXIT_OK


def _is_domain(source: str) -> bool:
    """Whether SOURCE is read as a domain when no format says so: a folder that is neither a run's nor a model's."""
    folder = Path(source)
    other = ("config.json", "adapter_config.json", "report/report.json")
    return folder.is_dir() and not any((folder / name).is_file() for name in other)


def _export_dataset(folder: Path, target: Path, form: ExportFormat, as_json: bool) -> None:
    """Cards, scenarios and rehearsal rows, each with its `split`."""
    from steadyhand.datasets.export import DIALOGUES, CannotHoldError, export_rows, left_behind
    from steadyhand.datasets.folder import load
    from steadyhand.datasets.write import jsonl, write_new

    if form not in DIALOGUES:
        what = f"a domain holds no judged answers, which {form} is for"
        raise UsageError(what, where=str(folder), next=f"choose one of {', '.join(DIALOGUES)}")
    domain = load(folder)
    try:
        rows = list(export_rows(domain, form))
    except CannotHoldError as error:
        raise UsageError(str(error), where=str(folder), next="choose openai, which holds everything") from None
    write_new(jsonl(rows), target)
    splits, left = Counter(row["split"] for row in rows), left_behind(domain)
    if as_json:
        about = {"file": str(target), "format": form, "rows": len(rows), "splits": dict(splits)}
        emit_json({**about, "left_behind": dict(left)})
    else:
        echo_line(f"{len(rows)} rows ({splits['train']} train, {splits['eval']} eval) in {target}")
        if left:
            say(f"{form} has no place for: " + ", ".join(f"{count} {name}" for name, count in left.items()))


def _show(made: Exported, as_json: bool, pushed: dict[str, object]) -> None:
    if as_json:
        from dataclasses import asdict

        parity = {name: value for name, value in asdict(made.parity).items() if name != "folder"}
        gguf = asdict(made.gguf) | {"path": made.gguf.path.name} if made.gguf else None
        emit_json(
            {"folder": str(made.folder), "name": made.name, "files": made.files, "parity": parity, "gguf": gguf}
            | {"commands": list(made.commands), "notes": list(made.notes)}
            | ({"push": pushed} if pushed else {})
        )
        return
    for name, what in made.files.items():
        echo_line(f"{made.folder / name}: {what}")
    for note in made.notes:
        say(f"note: {note}")
    if pushed.get("commit"):
        echo_line(str(pushed["commit"]))
