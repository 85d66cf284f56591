"""The command `steady`: which commands exist, and how every error becomes a message and an exit code.

Knows command modules by name only and imports one when it is called, so that `steady --help` is instant.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TextIO, cast

import click

from steadyhand.errors import (
    EXIT_INTERRUPTED,
    EXIT_JOB,
    EXIT_OK,
    EXIT_USAGE,
    JobError,
    Place,
    SteadyError,
    UsageError,
)
from steadyhand.extras import EXTRA_OF, not_installed
from steadyhand.text.redaction import scrubbed
from steadyhand.text.terminal import EscapedStream, unescaped


@dataclass(frozen=True)
class CommandEntry:
    """A command's group in `steady --help`, where its object stands (`module:object`), and its line there."""

    group: str
    target: str
    help: str


GROUPS = {
    "start": "from a file to a verdict",
    "look": "what came out",
    "ship": "hand it on, act with it",
    "dig": "find out why, try what is better",
}
COMMANDS = {
    "init": CommandEntry("start", ".data:init_command", "Make a domain folder from a template."),
    "check": CommandEntry("start", ".check:check_command", "Lint a dataset or a domain folder; no model needed."),
    "import": CommandEntry("start", ".data:import_command", "Turn a dataset in a common format into a domain folder."),
    "run": CommandEntry("start", ".run:run_command", "Take a domain folder to a signed-off model and a report."),
    "report": CommandEntry("look", ".report:report_command", "Write a run's report again."),
    "eval": CommandEntry("look", ".evaluate:eval_command", "Measure a model on a domain's scenarios and probes."),
    "compare": CommandEntry("look", ".evaluate:compare_command", "Compare two evaluations item by item."),
    "gate": CommandEntry("look", ".evaluate:gate_command", "Exit 1 when an evaluation misses its bars (for CI)."),
    "badcases": CommandEntry("look", ".badcases:badcases_group", "List what went wrong, why, and what to do."),
    "review": CommandEntry("look", ".review:review_group", "Judge rows or answers by keyboard, with others."),
    "studio": CommandEntry("look", ".studio:studio_command", "Show a domain, its runs, what to decide: in a browser."),
    "rollout": CommandEntry(
        "ship", ".rollout:rollout_group", "Give a new model traffic step by step, or take it back."
    ),
    "export": CommandEntry("ship", ".export:export_command", "Write a domain as a dataset, or a model to serve."),
    "quantize": CommandEntry(
        "ship", ".quantize:quantize_command", "Find the smallest weights that cost no tool calls."
    ),
    "serve": CommandEntry("ship", ".serve:serve_command", "Serve a model, and an agent, as OpenAI's interface does."),
    "agent": CommandEntry("ship", ".agent:agent_group", "Take reports to guarded feedback; approve; replay a trace."),
    "audit": CommandEntry("ship", ".audit:audit_group", "Verify the agent's audit log; settle or take back a write."),
    "diagnose": CommandEntry(
        "dig", ".diagnose:diagnose_command", "Say what a task lacks: knowledge, behavior, reasoning."
    ),
    "dose": CommandEntry(
        "dig", ".dose:dose_command", "Find how many cards of a point a base needs, and what they cost."
    ),
    "sweep": CommandEntry("dig", ".sweep:sweep_command", "Find the best of several branches without training all."),
    "online": CommandEntry("dig", ".online:online_command", "Train a run's model on its own answers, round by round."),
    "judge": CommandEntry("dig", ".judge:judge_command", "Train judges of a domain's comparisons, and compare them."),
    "templates": CommandEntry(
        "dig", ".templates:templates_command", "Make rows of data templates, and again when a template changes."
    ),
    "roi": CommandEntry("dig", ".roi:roi_command", "Say what training saves, when it pays back, and what matters."),
    "train": CommandEntry("dig", ".train:train_command", "Look at a training before it runs: its tokens, its memory."),
    "split": CommandEntry("dig", ".data:split_command", "Split a dataset into train and eval, near-copies together."),
    "extract": CommandEntry("dig", ".extract:extract_command", "Find domains, IP addresses and URIs in reports."),
    "config": CommandEntry("dig", ".config:config_command", "Show the settings, where each comes from, what it means."),
    "doctor": CommandEntry("dig", ".doctor:doctor_command", "Say what this machine can do and what is missing."),
    "completion": CommandEntry("dig", ".completion:completion_command", "Print what makes a shell complete `steady`."),
}


COMPLETING = "_STEADY_COMPLETE"


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and listed from `COMMANDS` without that."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (entry := COMMANDS.get(cmd_name)) is None:
            if ctx.resilient_parsing:  # a shell completes a line that is wrong already
                return None
            ctx.fail(_no_such_command(cmd_name))
        module, _, name = entry.target.partition(":")
        command: click.Command = getattr(import_module(module, __name__), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # caught before click turns it into exit code 1, which means "no" here
            return _reader_left()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for group, text in GROUPS.items():
            with formatter.section(f"{group}: {text}"):
                lines = [(f"{name:<{width}}", entry.help) for name, entry in COMMANDS.items() if entry.group == group]
                formatter.write_dl(lines)


def _no_such_command(name: str) -> str:
    import difflib  # only for a mistake

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"no such command {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from steadyhand.cli.version import version_lines

        click.echo("\n".join(version_lines()))
        context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show what is installed."
)
def cli() -> None:
    """Turn a small open model into a vertical agent that you can sign off.

    New here: steady check DATA.jsonl, or steady init mydomain.

    Exit codes: 0 ok, 1 the answer is no, 2 usage, 3 something is missing, 4 the job failed, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `steady` and return its exit code; never raises and never shows a traceback.

    A command's return value is its exit code when it is an int (None: 0).
    """
    if COMPLETING in os.environ:  # a shell asks what comes next; click answers in bytes, and ends the process
        cli.main(prog_name="steady", complete_var=COMPLETING)
    words = list(sys.argv[1:] if arguments is None else arguments)
    # read when torch is loaded: its waiting threads spin for microseconds and then sleep. Spinning on, as they would,
    # other work on the machine costs a training many times its share (`python -m bench.threads`)
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    with _harmless_output():
        try:
            code = cli.main(words, prog_name="steady", standalone_mode=False)
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted", err=True)
            return EXIT_INTERRUPTED
        except Exception as error:  # noqa: BLE001  the last resort: saved for the developers, one line for the user
            return _answer(error, words)
    return code if isinstance(code, int) else EXIT_OK


def _answer(error: Exception, words: Sequence[str]) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    if isinstance(error, click.ClickException):
        return _tell(_from_click(error), words)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in EXTRA_OF:
        error = not_installed(error.name or "", "this")
    return _tell(error if isinstance(error, SteadyError) else _from_unexpected(error), words)


def _tell(error: SteadyError, words: Sequence[str]) -> int:
    click.echo(f"error: {scrubbed(str(error))}", err=True)
    if "--json" in words:
        row: dict[str, object] = {"kind": type(error).__name__, "exit_code": error.exit_code, "what": error.what}
        row |= {"where": str(error.where) if error.where else None, "next": error.next}
        if isinstance(error.where, Place):
            row |= {"file": error.where.file, "line": error.where.line, "column": error.where.column}
        click.echo(json.dumps({"version": 1, "error": scrubbed(row)}))
    return error.exit_code


def _from_click(error: click.ClickException) -> SteadyError:
    """click's own errors are about the command line (exit 2); its hint becomes our next step."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "steady"
    return UsageError(error.format_message(), next=f"`{path} --help` shows how it is used")


def _from_unexpected(error: Exception) -> SteadyError:
    if _is_disk_full(error):
        where = getattr(error, "filename", None)
        after = "free some space and run the same command again; finished stages are kept"
        return JobError("the disk is full", where=str(where) if where else None, next=after)
    first = (str(error).strip().splitlines() or [""])[0]
    what = f"unexpected {type(error).__name__}: {first}".rstrip(": ")
    from steadyhand.cli.crash import save_crash  # only here: a healthy run needs none of its imports

    saved = save_crash(error)
    after = f"please report it with {saved}" if saved else "please report it (the details could not be saved)"
    return JobError(what, next=after)


def _is_disk_full(error: Exception) -> bool:
    """Writers in Rust and C++ wrap the system's error in their own, so its number may be left in the text only."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return "No space left on device" in str(error) or "os error 28" in str(error)


def _reader_left() -> int:
    """`steady ... | head`: say nothing, and keep the interpreter from flushing into the closed pipe at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_JOB


@contextmanager
def _harmless_output() -> Iterator[None]:
    """Whoever prints inside, what a terminal would obey is spelled out, and so is what its encoding does not have."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = (cast(TextIO, EscapedStream(unescaped(stream))) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
