"""`steady agent`: take inputs through the plan, approve proposals, run a trace again. Decides nothing itself."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadyhand.cli.console import echo_line, emit_json, progress, say
from steadyhand.cli.evaluate import backend_of
from steadyhand.cli.extract import texts
from steadyhand.cli.options import json_option, verify_option
from steadyhand.cli.run import settings_of
from steadyhand.errors import EXIT_JOB, EXIT_NO, EXIT_OK, UsageError
from steadyhand.telemetry import exporting

if TYPE_CHECKING:
    from steadyhand.agent.audit import Log
    from steadyhand.agent.config import AgentFile
    from steadyhand.agent.ending import Run
    from steadyhand.agent.writer import Writer
    from steadyhand.tools.config import Toolbox

AUDIT = Path("runs/agent/audit.jsonl")
_EXITS = {"complete": EXIT_OK, "waiting": EXIT_NO, "incomplete": EXIT_JOB}

audit_option = click.option(
    "--audit", type=click.Path(path_type=Path, dir_okay=False), default=AUDIT, show_default=True, help="The audit log."
)
domain_option = click.option(
    "--domain", "folder", type=click.Path(path_type=Path), default=".", show_default=True,
    help="The domain folder; its agent.yaml says how to work.",
)  # fmt: skip
otel_option = click.option(
    "--otel", is_flag=True, help="Export spans and metrics by OTLP, where OTEL_EXPORTER_OTLP_ENDPOINT says."
)
by_option = click.option("--by", default=None, help="Your name, for the record [the account's].")


@click.group("agent")
def agent_group() -> None:
    """Take inputs through a domain's plan; write once, and only what policy and a person allow."""


@agent_group.command("run")
@click.argument("paths", nargs=-1, required=True, metavar="INPUT...")
@domain_option
@click.option("--model", help="Ask this model as well: steady-nano, a folder, a hub name, or an endpoint's URL.")
@click.option("--served-model", help="With an endpoint: the name of the model that it serves.")
@click.option("--tokenizer", type=click.Path(path_type=Path), help="With an endpoint: the model's tokenizer folder.")
@click.option("--free", is_flag=True, help="Let the model plan by itself, within the budgets of `free` in agent.yaml.")
@click.option("--send", is_flag=True, help="Write what policy allows and a person has approved. Without: a dry run.")
@otel_option
@audit_option
@verify_option
@json_option
def run_command(
    paths: tuple[str, ...],
    folder: Path,
    model: str | None,
    served_model: str | None,
    tokenizer: Path | None,
    free: bool,
    send: bool,
    otel: bool,
    audit: Path,
    as_json: bool,
) -> int:
    """Take inputs through the domain's plan: compare and propose feedback, plan freely, or answer from a database.

    INPUT is a text file, a folder of them, or - for standard input. Running again never repeats a write: it reads what
    became of those in doubt, and goes on. Exit 1: something waits for an approval; 4: something is unfinished.
    """
    from steadyhand.agent.session import opened
    from steadyhand.models.generation.tracing import traced

    if free and model is None:
        raise UsageError("--free is about a model", next="add --model steady-nano, a folder, a hub name, or a URL")
    reports = [each for path in paths for each in texts(path, "utf-8")]
    found = []
    with exporting(otel), opened(folder, audit) as session, progress("inputs") as advance:
        loaded = backend_of(model, served_model, tokenizer, settings_of(folder, ())) if model else None
        backend = traced(loaded, served_model or str(model)) if loaded else None
        for number, (source, text) in enumerate(reports):
            advance(number, len(reports))
            freely = backend if free else None
            run = session.let(text, freely, send=send) if freely else session.take(text, backend=backend, send=send)
            found.append((source, run))
    if as_json:
        emit_json({"send": send, "audit": str(audit), "reports": [_row(source, run, audit) for source, run in found]})
    else:
        _show(found, audit)
    return max((_EXITS[run.state] for _, run in found), default=EXIT_OK)


@agent_group.command("approve")
@click.argument("digests", nargs=-1, required=True, metavar="DIGEST...")
@by_option
@click.option("--refuse", is_flag=True, help="Refuse instead, also what was approved before.")
@audit_option
@json_option
def approve_command(digests: tuple[str, ...], by: str | None, refuse: bool, audit: Path, as_json: bool) -> int:
    """Approve proposals by digest (8 signs of it or more): this entity, verdict, evidence and policy, nothing else."""
    from steadyhand.agent.writer import approve

    with open_log(audit) as log:
        records = [approve(log, digest, by or name_of_account(), granted=not refuse) for digest in digests]
    if as_json:
        emit_json({"records": [record.to_json() for record in records]})
    for record in records if not as_json else ():
        echo_line(f"{record.event} {record.data['digest'][:16]} by {record.data['by']}")
    return EXIT_OK


@agent_group.command("replay")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option("--domain", "folder", type=click.Path(path_type=Path), help="Read claims anew with this domain's reader.")
@json_option
def replay_command(trace: Path, folder: Path | None, as_json: bool) -> int:
    """Run a trace again, without service or model; exit 1 unless every byte comes out the same."""
    from steadyhand.agent.replay import replay

    run = replay(trace, folder=folder)
    if as_json:
        emit_json({"trace": str(trace), "lines": len(run.trace), "same": True, "state": run.state})
    else:
        echo_line(f"the same, all {len(run.trace)} lines")
    return EXIT_OK


@contextmanager
def open_log(path: Path) -> Iterator[Log]:
    """An audit log that must exist already. Raises UsageError, and JobError where one was."""
    from steadyhand.agent.audit import Log

    require_log(path)
    log = Log(path)
    try:
        yield log
    finally:
        log.close()


def require_log(path: Path) -> None:
    from steadyhand.agent.audit_head import kept

    if not path.is_file() and kept(path) is None:
        raise UsageError(
            "no such audit log", where=str(path), next="name it with --audit; `steady agent run` writes it"
        )


@contextmanager
def at_work(folder: Path, log: Log) -> Iterator[tuple[AgentFile, Toolbox, Writer]]:
    """The domain's agent with its tools bound and its writer on `log`."""
    from steadyhand.agent.config import writing_agent
    from steadyhand.agent.writer import Writer
    from steadyhand.tools.config import bind

    agent = writing_agent(folder)
    with bind(agent, folder) as tools:
        yield agent, tools, Writer(dict(tools), agent.policy, log)


def name_of_account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("this account has no name", next="add --by NAME") from error


def _row(source: str, run: Run, audit: Path) -> dict[str, Any]:
    from steadyhand.agent.session import trace_of

    rows = [{**asdict(row), "meaning": row.ending.sentence} for row in run.rows]
    return {
        "source": source,
        "report": run.report,
        "state": run.state,
        **({"stop": run.stop} if run.stop else {}),
        **({"answer": run.answer} if run.answer else {}),
        "trace": str(trace_of(audit, run)),
        "rows": rows,
    }


def _show(found: list[tuple[str, Run]], audit: Path) -> None:
    from steadyhand.agent.table import table

    for source, run in found:
        named = run.rows or run.answer or run.stop
        echo_line(f"{source}: {run.state}" if named else f"{source}: {run.state}, it names nothing to ask about")
        for line in run.answer.splitlines():
            echo_line(f"  {line}")
        for line in table(run):
            echo_line(f"  {line}")
    counts = Counter(row.ending.value for _, run in found for row in run.rows)
    say(f"{', '.join(f'{count} {word}' for word, count in sorted(counts.items())) or 'nothing'}; on record in {audit}")
    if counts["waiting"] or counts["proposed"]:
        say("to send: `steady agent approve DIGEST`, then run again with --send")
