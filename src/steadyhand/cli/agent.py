"""`steady agent`: take reports through the plan, approve proposals, run a trace again. Decides nothing itself."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadyhand.cli.console import emit_json, progress, say
from steadyhand.cli.evaluate import backend_of
from steadyhand.cli.extract import texts
from steadyhand.cli.options import json_option
from steadyhand.cli.run import settings_of
from steadyhand.errors import EXIT_JOB, EXIT_NO, EXIT_OK, JobError, UsageError

if TYPE_CHECKING:
    from steadyhand.agent.audit import Log
    from steadyhand.agent.config import AgentFile
    from steadyhand.agent.plan import Run
    from steadyhand.agent.writes import Writer
    from steadyhand.models.backend import Backend
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
by_option = click.option("--by", default=None, help="Your name, for the record [the account's].")


@click.group("agent")
def agent_group() -> None:
    """Take reports to verified feedback: extract, query, compare; write only what policy and a person allow."""


@agent_group.command("run")
@click.argument("paths", nargs=-1, required=True, metavar="REPORT...")
@domain_option
@click.option("--model", help="Ask this model as well: steady-nano, a folder, a hub name, or an endpoint's URL.")
@click.option("--served-model", help="With an endpoint: the name of the model that it serves.")
@click.option("--tokenizer", type=click.Path(path_type=Path), help="With an endpoint: the model's tokenizer folder.")
@click.option("--send", is_flag=True, help="Write what policy allows and a person has approved. Without: a dry run.")
@audit_option
@json_option
def run_command(
    paths: tuple[str, ...],
    folder: Path,
    model: str | None,
    served_model: str | None,
    tokenizer: Path | None,
    send: bool,
    audit: Path,
    as_json: bool,
) -> int:
    """Compare what reports say with what the service says, and propose feedback where they differ.

    REPORT is a text file, a folder of them, or - for standard input. Running again never repeats a write: it reads what
    became of those in doubt, and goes on. Exit 1: something waits for an approval; 4: something is unfinished.
    """
    reports = [each for path in paths for each in texts(path, "utf-8")]
    backend = backend_of(model, served_model, tokenizer, settings_of(folder, ())) if model else None
    found = []
    with _at_work(folder, audit) as (agent, tools, writer), progress("reports") as advance:
        for number, (source, text) in enumerate(reports):
            advance(number, len(reports))
            writer.sent = 0
            found.append((source, _run(text, agent, tools, writer, backend, send)))
            _keep(audit, found[-1][1])
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
    from steadyhand.agent.writes import approve

    with open_log(audit) as log:
        records = [approve(log, digest, by or name_of_account(), granted=not refuse) for digest in digests]
    if as_json:
        emit_json({"records": [asdict(record) for record in records]})
    for record in records if not as_json else ():
        click.echo(f"{record.event} {record.data['digest'][:16]} by {record.data['by']}")
    return EXIT_OK


@agent_group.command("replay")
@click.argument("trace", type=click.Path(path_type=Path))
@json_option
def replay_command(trace: Path, as_json: bool) -> int:
    """Run a trace again, without service or model; exit 1 unless every byte comes out the same."""
    from steadyhand.agent.replay import replay

    run = replay(trace)
    if as_json:
        emit_json({"trace": str(trace), "lines": len(run.trace), "same": True, "state": run.state})
    else:
        click.echo(f"the same, all {len(run.trace)} lines")
    return EXIT_OK


@contextmanager
def open_log(path: Path) -> Iterator[Log]:
    """An audit log that must exist already. Raises UsageError."""
    from steadyhand.agent.audit import Log

    if not path.is_file():
        raise UsageError(
            "no such audit log", where=str(path), next="name it with --audit; `steady agent run` writes it"
        )
    log = Log(path)
    try:
        yield log
    finally:
        log.close()


@contextmanager
def at_work(folder: Path, log: Log) -> Iterator[tuple[AgentFile, Toolbox, Writer]]:
    """The domain's agent with its tools bound and its writer on `log`."""
    from steadyhand.agent.config import load_agent
    from steadyhand.agent.writes import Writer
    from steadyhand.tools.config import bind

    agent = load_agent(folder)
    with bind(agent, folder) as tools:
        yield agent, tools, Writer(dict(tools), agent.policy, log)


@contextmanager
def _at_work(folder: Path, audit: Path) -> Iterator[tuple[AgentFile, Toolbox, Writer]]:
    from steadyhand.agent.audit import Log
    from steadyhand.agent.config import load_agent

    load_agent(folder)  # a mistake in the file shows before a log is made
    log = Log(audit)
    try:
        with at_work(folder, log) as ready:
            yield ready
    finally:
        log.close()


def _run(text: str, agent: AgentFile, tools: Toolbox, writer: Writer, backend: Backend | None, send: bool) -> Run:
    from steadyhand.agent.plan import parallel_asker, run

    offered = [tools[agent.plan.query].tool, tools[agent.plan.report].tool]
    return run(text, agent, parallel_asker(tools), writer, tools=offered, backend=backend, send=send)


def trace_of(audit: Path, run: Run) -> Path:
    return audit.parent / "traces" / f"{run.report[:16]}.jsonl"


def _keep(audit: Path, run: Run) -> None:
    """The latest trace of each report; whole or not there."""
    path = trace_of(audit, run)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text("\n".join(run.trace) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        raise JobError(f"the trace cannot be written: {error.strerror}", where=str(path)) from error


def name_of_account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("this account has no name", next="add --by NAME") from error


def _row(source: str, run: Run, audit: Path) -> dict[str, Any]:
    rows = [{**asdict(row), "meaning": row.ending.sentence} for row in run.rows]
    return {
        "source": source,
        "report": run.report,
        "state": run.state,
        "trace": str(trace_of(audit, run)),
        "rows": rows,
    }


def _show(found: list[tuple[str, Run]], audit: Path) -> None:
    for source, run in found:
        click.echo(f"{source}: {run.state}" if run.rows else f"{source}: {run.state}, it names nothing to ask about")
        widths = [max((len(cells[i]) for cells in map(_cells, run.rows)), default=0) for i in range(4)]
        for row in run.rows:
            cells = _cells(row)
            start = "  ".join(f"{cell:<{min(width, 60)}}" for cell, width in zip(cells, widths, strict=True))
            click.echo(f"  {start}  {_why(row)}".rstrip())
    counts = Counter(row.ending.value for _, run in found for row in run.rows)
    say(f"{', '.join(f'{count} {word}' for word, count in sorted(counts.items())) or 'nothing'}; on record in {audit}")
    if counts["waiting"] or counts["proposed"]:
        say("to send: `steady agent approve DIGEST`, then run again with --send")


def _cells(row: Any) -> tuple[str, str, str, str]:
    level = row.answer.get("level") if isinstance(row.answer, dict) else None
    standing = row.standing if level is None else f"{row.standing} ({level})"
    return row.entity, f"report {row.claim}", f"service {standing}", str(row.ending.value)


def _why(row: Any) -> str:
    parts = [row.code, row.detail, f"digest {row.digest[:12]}" if row.ending in ("proposed", "waiting") else ""]
    return "  ".join(part for part in parts if part)
