"""`steady run`: the main job on the command line. Shows what flow does; does nothing itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.console import echo_line, emit_json, progress, say
from steadyhand.cli.options import flags_of, json_option, set_option, verify_option
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError
from steadyhand.settings import Settings, resolve

if TYPE_CHECKING:
    from steadyhand.cli.console import Advance
    from steadyhand.flow.context import RunContext
    from steadyhand.flow.plan import Planned

WORDS = {
    "check": "check the data",
    "eval_base": "measure the base model",
    "sft": "teach the domain (SFT)",
    "gate": "health gate",
    "eval_sft": "measure the taught model",
    "pairs": "build preference groups",
    "dpo": "align tool behavior (DPO)",
    "merge": "merge, check parity",
    "eval_dpo": "measure the tuned model",
    "verdict": "compare, judge",
    "report": "write the report",
}


class Console:
    """A line per stage and a bar for the one under way, on stderr."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._label = ""
        self._advance: Advance | None = None
        self._head = ""

    def stage(self, planned: Planned, position: int, total: int) -> None:
        self._open.close()
        self._label, self._advance = "", None
        self._head = f"[{position}/{total}] {WORDS.get(planned.name, planned.name)}"
        from steadyhand.flow.plan import FIRST

        why = "" if planned.reason == FIRST else f": {planned.reason}"
        told = ": done before" if planned.state == "done" else why + self.remaining(position, total)
        say(f"{self._head}{told}")

    def remaining(self, position: int, total: int) -> str:
        """How long the stages from `position` on will take, where that can be told; those of a run differ too much."""
        return ""

    def progress(self, done: int, total: int, label: str) -> None:
        name, _, figure = label.partition(" ")  # "loss 0.512" is one bar whose figure changes
        if self._advance is None or name != self._label:
            self._open.close()
            self._label = name
            self._advance = self._open.enter_context(progress(f"{self._head}: {name}" if name else self._head))
        self._advance(done, total, figure)

    def note(self, text: str) -> None:
        say(f"warning: {text}")

    @contextmanager
    def closing(self) -> Iterator[None]:
        with self._open:
            yield


def settings_of(folder: Path, sets: Sequence[str], **flags: object) -> Settings:
    """The settings of the domain in `folder`. Raises UsageError when it is a file, or for a setting that is wrong."""
    if folder.is_file():
        raise UsageError("not a folder", where=str(folder), next=f"`steady import {folder} --to DIR` makes one of it")
    if not folder.exists():
        from steadyhand.domain.load import require_folder

        require_folder(folder)  # an empty one would have all defaults, in silence
    given = {key: value for key, value in flags.items() if value is not None}
    return resolve(folder, flags=flags_of(tuple(sets)) | {k.replace("__", "."): v for k, v in given.items()}).settings


@click.command("run")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", help="Base model: steady-nano, a folder, or a hub name such as Qwen/Qwen3-8B.")
@click.option("--out", type=click.Path(path_type=Path), help="Where artifacts and the report go [runs/<domain>].")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would run and why; change nothing.")
@set_option
@verify_option
@json_option
def run_command(
    folder: Path, model: str | None, out: Path | None, only_plan: bool, sets: tuple[str, ...], as_json: bool
) -> int:
    """Take the domain in FOLDER from a base model to a signed-off model and a report.

    Exit 0: the verdict is PASS. Exit 1: FAIL, INSUFFICIENT or a failed health gate. Stop it at any time: the next run
    goes on where it was, and a run with nothing to do says so.
    """
    from steadyhand.flow.run import plan, publish_model, publish_report, run

    settings = settings_of(folder, sets, model__base=model)
    out = out or Path("runs") / folder.resolve().name
    if only_plan:
        return show_plan(plan(folder, settings, out), as_json)
    console = Console()
    with console.closing():
        context = run(folder, settings, out, console)
    pages, tuned = publish_report(context, out), publish_model(context, out)
    if all(step.state == "done" for step in context.steps):
        say("nothing to do: nothing has changed since the last run")
    return _show_result(context, pages, tuned, folder, as_json)


def show_plan(steps: Sequence[Planned], as_json: bool, unit: str = "stage") -> int:
    """What would run and why; `unit` is what the JSON calls a step."""
    if as_json:
        emit_json({"plan": [{unit: s.name, "key": s.key, "state": s.state, "reason": s.reason} for s in steps]})
        return EXIT_OK
    width = max(len(step.name) for step in steps)
    for step in steps:
        echo_line(f"{step.state:<5} {step.name:<{width}}  {step.reason}")
    if all(step.state == "done" for step in steps):
        echo_line("nothing to do")
    return EXIT_OK


def _show_result(context: RunContext, pages: Sequence[Path], model: Path, folder: Path, as_json: bool) -> int:
    from steadyhand.flow.outcome import outcome, table

    found = outcome(context, model)
    if as_json:
        emit_json(found | {"report": [str(page) for page in pages]})
    else:
        click.echo(table(found))
        echo_line(f"model: {model}")
        if not found["merged"]:
            say(f"note: {model} holds virtual tokens, not a whole model: keep its base beside it")
        echo_line(f"report: {pages[0]}")
        for line in _next(model, folder, pages[0].parent.parent):
            echo_line(f"next: {line}")
    return EXIT_OK if found["verdict"]["word"] == "PASS" else EXIT_NO


def _next(model: Path, folder: Path, out: Path) -> Sequence[str]:
    """Commands that people type after a run: look at its answers, serve the model, take it elsewhere."""
    export = shlex.join(["steady", "export", str(out), "--to", f"{folder.resolve().name}-model"])
    return (
        shlex.join(["steady", "serve", "--model", str(model)]),
        shlex.join(["steady", "eval", "--model", str(model), "--domain", str(folder)]),
        export,
    )
