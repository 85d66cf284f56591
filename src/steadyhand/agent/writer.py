"""Writing once: intent before, result after, reading where the result is in doubt. Knows policy's limits and the log.

The audit log is the only memory. A key's state follows from its records; whatever moment a process dies at, the next
one finds an intent without a result, asks the service what became of it (`find`), and never sends on suspicion:

    (none) -> intent -> done | refused | failed | unknown -> (read) -> done | absent
    done -> undo intent -> undone | undo unknown -> (read or repeat; taking back twice is taking back once)

`absent` and `failed` may be sent again, under the same key, so that even a first request which arrives late is the same
write to the service. Where the service does not know keys, `absent` is not proof, and a person has to look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from steadyhand import locks
from steadyhand.agent.audit import Log, LogRecord
from steadyhand.agent.policy import Code, Policy, Proposal
from steadyhand.chat.messages import Json
from steadyhand.errors import GateFailed, JobError, UsageError
from steadyhand.tools.bound import BoundTool
from steadyhand.tools.result import Result, Status

_STRIPES = 64
_TEMPORARY = {401, 403, 408, 425, 429}  # refusals that say nothing about this write


class State(StrEnum):
    """Where a write stands."""

    NONE = "none"  # never sent, or known not to have been done: may be sent
    OPEN = "open"  # an intent without a result: its process died, or the answer was lost
    DONE = "done"  # the service has it
    REFUSED = "refused"  # the service does not want it; sending again would not help
    UNRESOLVED = "unresolved"  # nobody can tell by reading: a person has to look
    UNDOING = "undoing"  # it was done, and taking it back has begun
    UNDONE = "undone"  # it was done and taken back; it is not sent again


_FAR = (  # how far a write got, for one of which several were begun
    State.NONE, State.REFUSED, State.UNRESOLVED, State.UNDONE, State.UNDOING, State.DONE, State.OPEN,
)  # fmt: skip
_UNDONE = {Status.OK: State.UNDONE, Status.REFUSED: State.DONE, Status.INVALID: State.DONE}


@dataclass(frozen=True)
class Outcome:
    """`code` says why nothing was sent where the state is NONE; `answer` is the service's, `key` the write's."""

    state: State
    code: Code
    answer: Json = None
    detail: str = ""
    key: str = ""


class Writer:
    """Sends allowed proposals with `tools` (by name) under `policy`, recording everything in `log`. Safe for several
    threads, and for several processes on one log. `sent` counts the writes of this run."""

    def __init__(self, tools: dict[str, BoundTool], policy: Policy, log: Log) -> None:
        self.tools, self.policy, self.log = tools, policy, log
        self.sent = 0

    def propose(self, proposal: Proposal) -> None:
        """Records the proposal, once, so that a person can approve it by its digest."""
        self._once("proposal", self._row(proposal))

    def block(self, proposal: Proposal, code: str) -> None:
        """Records, once, that policy forbids the proposal; it cannot be approved."""
        self._once("blocked", {**self._row(proposal), "code": code})

    def _once(self, event: str, row: dict[str, Json]) -> None:
        with self.log.locked():
            if (event, row["digest"]) not in self.log.known.noted:
                self.log.append(event, row)

    def settle(self, proposal: Proposal, *, send: bool) -> Outcome:
        """Brings an allowed proposal as far as it may go now. Without `send` nothing is written, but an earlier write
        in doubt is still read after. Raises JobError when the log cannot be written."""
        key = self.key(proposal)
        with self._only(key):
            state, answer = self.state(key)
            if state is State.OPEN:
                state, answer = self._reconcile(key)
            if state is not State.NONE:
                return Outcome(state, Code.ALLOWED, answer, key=key)
            if not send:
                return Outcome(State.NONE, Code.DRY_RUN, key=key)
            if (code := self._intend(proposal, key)) is not Code.ALLOWED:
                return Outcome(State.NONE, code, key=key)
            result = self.tools[proposal.tool].call(proposal.arguments, key=key)
            self._note("result", key, result)
            state, answer = self.state(key)
            if state is State.OPEN:
                state, answer = self._reconcile(key)
            return Outcome(state, Code.ALLOWED, answer, result.detail, key)

    def key(self, proposal: Proposal) -> str:
        """The key under which this write is, or would be, sent. Version 0.1 made keys of the policy as well, so that
        the log may hold the same wish under others: it goes on under the one that got farthest."""
        service = self._service(proposal.tool)
        own = proposal.key(service)
        with self.log.locked():
            if own in self.log.known.by_key:
                return own
            wished = self.log.known.wishes.get(proposal.wish, ())
            older = [record.data["key"] for record in wished if self._is_of(record, service, proposal.tool)]
            return max(reversed(older), key=lambda key: _FAR.index(self.state(key)[0]), default=own)

    def _service(self, tool: str) -> str:
        return self.tools[tool].service if tool in self.tools else ""

    def _is_of(self, record: LogRecord, service: str, tool: str) -> bool:
        """Whether an intent went to `service`, which version 0.1 did not note: then the tool's name says it."""
        return bool(record.data.get("service", service) == service and record.data.get("tool") == tool)

    def undo(self, key: str, by: str) -> Outcome:
        """Takes a write back. Raises UsageError for a key that was not written, GateFailed when it cannot be undone."""
        with self._only(key):
            state, answer = self.state(key)
            if state is State.OPEN:
                state, answer = self._reconcile(key)
            if state is State.UNDONE:
                return Outcome(state, Code.ALLOWED, answer)
            if state not in (State.DONE, State.UNDOING):
                raise UsageError(
                    f"nothing to undo: the write is {state}", where=key, next="steady audit show lists keys"
                )
            tool = self._tool_of(key)
            if tool.undo is None:
                raise GateFailed("this tool has no undo", where=tool.name, next="take it back at the service by hand")
            given = answer if isinstance(answer, dict) else {}
            arguments = {name: given.get(name) for name in tool.undo.tool.parameters["properties"]}
            self.log.append("undo_intent", {"key": key, "arguments": arguments, "by": by})
            result = tool.undo.call(arguments)
            self._note("undo_result", key, result)
            if result.status in (Status.REFUSED, Status.INVALID):
                raise GateFailed(f"the service does not take it back: {result.detail}", where=key)
            state, answer = self.state(key)
            return Outcome(state, Code.ALLOWED, answer, result.detail)

    def pending(self) -> list[str]:
        """Keys of writes whose outcome is in doubt, oldest first."""
        with self.log.locked():
            return [key for key in self.log.known.by_key if self.state(key)[0] is State.OPEN]

    def recover(self) -> list[tuple[str, State]]:
        """Reads after every write in doubt; what is still OPEN after this could not be read now."""
        found = []
        for key in self.pending():
            with self._only(key):
                state = self.state(key)[0]
                found.append((key, self._reconcile(key)[0] if state is State.OPEN else state))
        return found

    def state(self, key: str) -> tuple[State, Json]:
        """Where the write of this key stands, and the service's answer to it."""
        with self.log.locked():
            state: State = State.NONE
            answer: Json = None
            for record in self.log.known.by_key.get(key, ()):
                state, answer = _after(state, answer, record)
            return state, answer

    def _intend(self, proposal: Proposal, key: str) -> Code:
        """Checks approval and caps and writes the intent, all in one hold of the log: two processes cannot both be the
        last one under a cap."""
        with self.log.locked():
            now = self.log.clock()
            if self.policy.approval and not self.approved(proposal.digest, now):
                return Code.APPROVAL
            if self.sent >= self.policy.per_run:
                return Code.RUN_CAP
            begun = self.log.known.begun.get(now.date().isoformat(), set())
            if len(begun) - (key in begun) >= self.policy.per_day:
                return Code.DAY_CAP
            approval = self.log.known.judged[proposal.digest].n if self.policy.approval else None
            self.log.append("intent", {**self._row(proposal), "key": key, "approval": approval})
            self.sent += 1
            return Code.ALLOWED

    def approved(self, digest: str, now: datetime | None = None) -> bool:
        """Fails closed: only a recorded approval of this very digest, neither expired nor from the future, counts."""
        record = self.log.known.judged.get(digest)
        if record is None or record.event != "approval":
            return False
        age = (now or self.log.clock()) - datetime.fromisoformat(record.time)
        return timedelta(0) <= age <= timedelta(hours=self.policy.approval_hours)

    def _reconcile(self, key: str) -> tuple[State, Json]:
        tool = self._tool_of(key)
        if tool.find is None:
            return State.UNRESOLVED, None
        result = tool.find.call({"key": key})
        if result.ok or result.code == 404:
            proven = result.ok or tool.keyed
            found = {"key": key, "found": result.ok, "proven": proven, "answer": result.value if result.ok else None}
            self.log.append("reconciled", found)
        return self.state(key)

    def _tool_of(self, key: str) -> BoundTool:
        name = next(r.data["tool"] for r in self.log.known.by_key[key] if r.event == "intent")
        if name not in self.tools:
            raise UsageError(
                f"the tool {name!r} of this write is not bound", where=key, next="restore it in agent.yaml"
            )
        return self.tools[name]

    def _row(self, proposal: Proposal) -> dict[str, Json]:
        names = ("digest", "tool", "arguments", "entity", "verdict", "standing", "report", "policy", "evidence")
        row: dict[str, Json] = {"key": self.key(proposal), "service": self._service(proposal.tool)}
        return row | {name: getattr(proposal, name) for name in names}

    def _note(self, event: str, key: str, result: Result) -> None:
        row = {"status": result.status.value, "code": result.code, "answer": result.value, "detail": result.detail}
        self.log.append(event, {"key": key, **row})

    @contextmanager
    def _only(self, key: str) -> Iterator[None]:
        """One process and thread at a time works on a key. The kernel frees the lock of whoever dies."""
        stripe = int(key[:8], 16) % _STRIPES
        path = self.log.path.with_suffix(".locks")
        try:
            path.mkdir(exist_ok=True)
            lock = os.open(path / f"{stripe:02}", locks.OPENED, 0o600)
        except (OSError, ValueError) as error:
            raise JobError(f"cannot lock: {error}", where=str(path)) from error
        try:
            locks.exclusive(lock)
            yield
        finally:
            os.close(lock)


def approve(log: Log, digest: str, by: str, *, granted: bool = True) -> LogRecord:
    """Records that `by` approves (or refuses) the proposal with this digest (or the beginning of it, at least 8 signs).

    Raises UsageError when no proposal, or more than one, has it.
    """
    if not by.strip():
        raise UsageError("an approval needs a name", next="add --by NAME")
    with log.locked():
        known = [one for event, one in log.known.noted if event == "proposal"]
        near = [one for one in known if one.startswith(digest)] if len(digest) >= 8 else []
        if len(near) != 1:
            what = "no proposal" if not near else "more than one proposal"
            raise UsageError(
                f"{what} has the digest {digest!r}", where=str(log.path), next="`steady agent run` shows them"
            )
        return log.append("approval" if granted else "refusal", {"digest": near[0], "by": by})


def _after(state: State, answer: Json, record: LogRecord) -> tuple[State, Json]:
    """The state that follows from one more record of the key."""
    data = record.data
    if record.event == "intent":
        return State.OPEN, None
    if record.event == "reconciled":
        absent = State.NONE if data["proven"] else State.UNRESOLVED
        return State.DONE if data["found"] else absent, data["answer"]
    if record.event == "result":
        return _after_result(Status(data["status"]), data["code"], data["answer"])
    if record.event == "undo_intent":
        return State.UNDOING, answer
    if record.event == "undo_result":
        return _UNDONE.get(Status(data["status"]), State.UNDOING), answer
    return state, answer


def _after_result(status: Status, code: int, answer: Json) -> tuple[State, Json]:
    if status is Status.OK:
        return State.DONE, answer
    if status is Status.UNKNOWN:
        return State.OPEN, None
    if status is Status.REFUSED and code not in _TEMPORARY:
        return State.REFUSED, answer
    return State.NONE, None
