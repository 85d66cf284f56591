"""A trace, run again byte for byte: the same code, with every answer from outside taken from the trace itself.

What comes out differently was decided differently: by other code, or because somebody changed the trace. Needs no
service, no model and no log.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from steadyhand.agent.config import AgentFile
from steadyhand.agent.free_plan import run_free
from steadyhand.agent.plan import TRACE_VERSION, Run, run
from steadyhand.agent.policy import Code, Proposal
from steadyhand.agent.writer import Outcome, State
from steadyhand.chat.messages import Json, Tool
from steadyhand.errors import DomainError, GateFailed, Place, PrerequisiteError, UsageError
from steadyhand.files import read_text
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.tools.result import Result, Status


def replay(path: Path, shown: list[tuple[Prompt, Completion]] | None = None) -> Run:
    """Runs the trace at `path` again. Raises GateFailed at the first line that comes out differently, UsageError for
    what is no trace, PrerequisiteError when it cannot be read. `shown` takes the model's requests and answers."""
    try:
        lines = read_text(path).removesuffix("\n").split("\n")
    except DomainError as error:
        raise PrerequisiteError(f"the trace cannot be read: {error.what}", where=error.where, next=error.next) from None
    try:
        again = _again([json.loads(line) for line in lines], shown)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ValidationError) as error:
        what = f"not a trace of version {TRACE_VERSION}: {str(error).splitlines()[0]}"
        raise UsageError(what, where=str(path), next="give a file that `steady agent run` wrote") from error
    for number, line in enumerate(lines):
        if number >= len(again.trace) or line != again.trace[number]:
            raise _different(path, number, "this line comes out differently")
    if len(again.trace) != len(lines):
        raise _different(path, len(lines), "more comes out than was recorded")
    return again


def answered(path: Path) -> list[tuple[Prompt, Completion]]:
    """What the model was shown and what it answered, request by request: the trace is run again. Raises as `replay`
    does."""
    shown: list[tuple[Prompt, Completion]] = []
    replay(path, shown)
    return shown


def _again(rows: list[dict[str, Any]], shown: list[tuple[Prompt, Completion]] | None = None) -> Run:
    start = rows[0]
    if start["step"] != "start" or start["version"] != TRACE_VERSION:
        raise ValueError("its first line is another")
    recorded = _Recorded(rows, shown)
    if start.get("mode") == "free":
        return _free_again(start, recorded)
    return run(
        start["text"],
        AgentFile.model_validate(start["agent"]),
        recorded.ask,
        recorded,
        tools=[Tool.from_openai(tool) for tool in start["tools"]],
        backend=recorded if start["model"] is not None else None,
        send=start["send"],
    )


def _free_again(start: dict[str, Any], recorded: _Recorded) -> Run:
    return run_free(
        start["text"],
        AgentFile.model_validate({**start["agent"], "free": start["free"]}),
        recorded.ask,
        recorded,
        tools=[Tool.from_openai(tool) for tool in start["tools"]],
        backend=recorded,
        late=recorded.late,
        send=start["send"],
    )


class _Recorded:
    """Service, model and writer at once, all three from the record, each answer in its turn."""

    def __init__(self, rows: list[dict[str, Any]], shown: list[tuple[Prompt, Completion]] | None) -> None:
        self._shown = shown if shown is not None else []
        self.fingerprint = str(rows[0]["model"])
        self.control_tokens = tuple(rows[0].get("control_tokens", ()))
        self._reads = [row for row in rows if row["step"] == "read"]
        self._completions = [row["completion"] for row in rows if row["step"] == "model"]
        self._late = [row["late"] for row in rows if row["step"] == "turn"]
        self._outcomes = [row["outcome"] for row in rows if row["step"] == "write"]

    def ask(self, tool: str, arguments: Sequence[dict[str, Json]], parallel: int) -> list[Result]:
        recorded = [row["result"] for row in self._reads[: len(arguments)]]
        del self._reads[: len(arguments)]
        if len(recorded) < len(arguments):
            raise ValueError("more is asked than was recorded")
        return [Result(**{**row, "status": Status(row["status"])}) for row in recorded]

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        chosen, self._completions = self._completions[: len(prompts)], self._completions[len(prompts) :]
        found = [Completion(**row) for row in chosen]
        self._shown.extend(zip(prompts, found, strict=False))
        return found

    def late(self) -> bool:
        return bool(self._late.pop(0))

    def propose(self, proposal: Proposal) -> None:
        """A replay leaves nothing behind."""

    def block(self, proposal: Proposal, code: Code) -> None:
        """A replay leaves nothing behind."""

    def settle(self, proposal: Proposal, *, send: bool) -> Outcome:
        row = self._outcomes.pop(0)
        return Outcome(State(row["state"]), Code(row["code"]), row["answer"], row["detail"], row["key"])


def _different(path: Path, number: int, what: str) -> GateFailed:
    after = "it was changed, or another version of the code wrote it"
    return GateFailed(what, where=Place(str(path), number + 1), next=after)
