"""`steady audit`: is the record whole, what stands in it, read after writes in doubt, take one back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.agent import at_work, audit_option, by_option, domain_option, name_of_account, open_log, require_log
from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_JOB, EXIT_OK

if TYPE_CHECKING:
    from steadyhand.agent.audit import Verified

_SHOWN = ("entity", "verdict", "service", "status", "code", "found", "by", "detail")


@click.group("audit")
def audit_group() -> None:
    """Verify and read the agent's audit log, settle writes in doubt, take a write back."""


@audit_group.command("verify")
@audit_option
@click.option("--expect", metavar="HASH", help="A head noted earlier: it must be in the chain, or lines were cut off.")
@json_option
def verify_command(audit: Path, expect: str | None, as_json: bool) -> int:
    """Check every line: its hash, its mac where a key is set, its time, and that approvals come before what they allow.

    Exit 4 at the first line that is wrong, and when lines are gone that were there. Noting the head elsewhere proves
    the same to others.
    """
    from steadyhand.agent.audit import verify

    found = verify(audit, expect)
    if as_json:
        emit_json({"audit": str(audit), **asdict(found)})
    else:
        echo_line(f"whole: {found.records} records, head {found.head}")
        echo_line(f"{found.writes} writes begun, {found.unapproved} of them without an approval; {_macs(found)}")
    if found.clock:
        say(f"the clock was set back {found.clock} times; `steady audit show` has them as clock")
    if found.torn:
        say(f"{found.torn} bytes at the end are what a crash left; the next record replaces them")
    return EXIT_OK


def _macs(found: Verified) -> str:
    if not found.keyed:
        return "no key is in use"
    checked = "of the key that is set" if found.checked else "of a key that is not set here, so they were not checked"
    return f"{found.keyed} of {found.records} records have a mac, {checked}"


@audit_group.command("show")
@audit_option
@click.option("--key", default="", help="Only records of this write (the beginning of its key).")
@json_option
def show_command(audit: Path, key: str, as_json: bool) -> int:
    """List the records, oldest first. Only reads: the log may be somebody else's."""
    from steadyhand.agent.audit import read

    require_log(audit)
    records = [record for record in read(audit) if str(record.data.get("key", "")).startswith(key)]
    if as_json:
        emit_json({"records": [record.to_json() for record in records]})
    for record in records if not as_json else ():
        told = "  ".join(f"{name}={record.data[name]}" for name in _SHOWN if record.data.get(name) not in (None, ""))
        name = str(record.data.get("key") or record.data.get("digest") or "")[:12]
        echo_line(f"{record.n:>5}  {record.time[:19]}  {record.event:<12} {name:<12}  {told}".rstrip())
    return EXIT_OK


@audit_group.command("forget")
@audit_option
@json_option
def forget_command(audit: Path, as_json: bool) -> int:
    """Let a new log begin where one was moved, deleted or broken. What the old one holds is not known to the new one.

    So keep the old one for the inquiry, and settle its writes first: a write that is known to no log is sent again.
    """
    from steadyhand.agent.audit_head import forget, kept

    head = kept(audit)
    forget(audit)
    if as_json:
        emit_json({"audit": str(audit), "forgotten": asdict(head) if head else None})
    elif head:
        echo_line(f"forgotten: a log of {head.records} records, head {head.hash}")
    else:
        echo_line("nothing was known of a log here")
    return EXIT_OK


@audit_group.command("recover")
@domain_option
@audit_option
@json_option
def recover_command(folder: Path, audit: Path, as_json: bool) -> int:
    """Read what became of every write in doubt; exit 4 while one cannot be read. Sends nothing."""
    with open_log(audit) as log, at_work(folder, log) as (_, _, writer):
        found = writer.recover()
    if as_json:
        emit_json({"writes": [{"key": key, "state": state.value} for key, state in found]})
    for key, state in found if not as_json else ():
        echo_line(f"{key}  {state.value}")
    say(f"{len(found)} in doubt" if found else "nothing is in doubt")
    return EXIT_JOB if any(state.value == "open" for _, state in found) else EXIT_OK


@audit_group.command("undo")
@click.argument("key")
@domain_option
@by_option
@audit_option
@json_option
def undo_command(key: str, folder: Path, by: str | None, audit: Path, as_json: bool) -> int:
    """Take the write with this KEY back (`steady audit show` lists keys); again is no error."""
    with open_log(audit) as log, at_work(folder, log) as (_, _, writer):
        known = [full for full in log.known.by_key if full.startswith(key)] if len(key) >= 8 else []
        full = known[0] if len(known) == 1 else key
        outcome = writer.undo(full, by or name_of_account())
    if as_json:
        emit_json({"key": full, "state": outcome.state.value, "answer": outcome.answer, "detail": outcome.detail})
    else:
        echo_line(f"{full[:12]}  {outcome.state.value}  {outcome.detail}".rstrip())
    return EXIT_OK if outcome.state.value == "undone" else EXIT_JOB
