"""A trace, run again byte for byte: the same code, with every answer from outside taken from the trace itself.

What comes out differently was decided differently: by other code, or because somebody changed the trace. Needs no
service, no model and no log. What the domain's own reader and lists said is taken from the trace too, or asked anew
where the domain's folder is given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from steadyhand.agent.answer_plan import run_answer
from steadyhand.agent.config import AgentFile, AnswerPlan, load_agent
from steadyhand.agent.ending import Run
from steadyhand.agent.extractors import Entity, ExtractRow, Occurrence
from steadyhand.agent.free_plan import run_free
from steadyhand.agent.particular import Particular, particular_of
from steadyhand.agent.plan import TRACE_VERSION, run
from steadyhand.agent.policy import Code, Proposal
from steadyhand.agent.said import How, Questions, Said
from steadyhand.agent.writer import Outcome, State
from steadyhand.chat.messages import Json, Tool
from steadyhand.errors import DomainError, GateFailed, Place, PrerequisiteError, UsageError
from steadyhand.files import read_text
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.tools.result import Result, Status


def replay(path: Path, shown: list[tuple[Prompt, Completion]] | None = None, *, folder: Path | None = None) -> Run:
    """Runs the trace at `path` again; with the domain's `folder`, claims are read again as well. Raises GateFailed at
    the first line that comes out differently, UsageError for what is no trace, PrerequisiteError when it cannot be
    read. `shown` takes the model's requests and answers."""
    try:
        lines = read_text(path).removesuffix("\n").split("\n")
    except DomainError as error:
        raise PrerequisiteError(f"the trace cannot be read: {error.what}", where=error.where, next=error.next) from None
    try:
        particular = _particular(folder) if folder else None
        again = _again([json.loads(line) for line in lines], shown, particular)
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


def _particular(folder: Path) -> Particular | None:
    agent = load_agent(folder)
    return particular_of(agent) if isinstance(agent, AgentFile) else None


def _again(
    rows: list[dict[str, Any]],
    shown: list[tuple[Prompt, Completion]] | None = None,
    particular: Particular | None = None,
) -> Run:
    start = rows[0]
    if start["step"] != "start" or start["version"] != TRACE_VERSION:
        raise ValueError("its first line is another")
    recorded = _Recorded(rows, shown)
    if start.get("mode") == "answer":
        plan = AnswerPlan.model_validate(start["plan"])
        return run_answer(start["text"], plan, start["system"], recorded.query, recorded)
    particular = particular or recorded
    recorded.extract = ExtractRow.model_validate(start["agent"]["plan"]["extract"])
    if start.get("mode") == "free":
        return _free_again(start, recorded, particular)
    return run(
        start["text"],
        AgentFile.model_validate(start["agent"]),
        recorded.ask,
        recorded,
        tools=[Tool.from_openai(tool) for tool in start["tools"]],
        backend=recorded if start["model"] is not None else None,
        send=start["send"],
        particular=particular,
    )


def _free_again(start: dict[str, Any], recorded: _Recorded, particular: Particular) -> Run:
    return run_free(
        start["text"],
        AgentFile.model_validate({**start["agent"], "free": start["free"]}),
        recorded.ask,
        recorded,
        tools=[Tool.from_openai(tool) for tool in start["tools"]],
        backend=recorded,
        late=recorded.late,
        send=start["send"],
        particular=particular,
    )


class _Recorded:
    """Service, model, writer and the domain's reader at once, all from the record, each answer in its turn."""

    extract = ExtractRow()

    def __init__(self, rows: list[dict[str, Any]], shown: list[tuple[Prompt, Completion]] | None) -> None:
        self._shown = shown if shown is not None else []
        self.fingerprint = str(rows[0]["model"])
        self.control_tokens = tuple(rows[0].get("control_tokens", ()))
        self._reads = [row for row in rows if row["step"] == "read"]
        self._completions = [row["completion"] for row in rows if row["step"] == "model"]
        self._late = [row["late"] for row in rows if row["step"] == "turn"]
        self._outcomes = [row["outcome"] for row in rows if row["step"] == "write"]
        self._said = [row["said"] for row in rows if row["step"] == "said"]
        self._barred = [row["code"] for row in rows if row["step"] == "barred"]

    def find(self, text: str) -> list[Entity]:
        return self.extract.model_copy(update={"never_touch": ""}).extractor(None).find(text)

    def barred(self, value: str, lists: Sequence[str]) -> str:
        return str(self._barred.pop(0))

    def read(self, text: str, places: Sequence[Sequence[Occurrence]], how: How, ask: Questions | None) -> list[Said]:
        """What a model was asked on the way cannot be made again without the domain's reader, so it is refused."""
        if ask is not None:
            raise UsageError("a model read the claims of this trace", next="name the domain with --domain")
        return [Said(**row) for row in self._said.pop(0)]

    def query(self, text: str) -> Result:
        return self.ask("", [{}], 1)[0]

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

    def block(self, proposal: Proposal, code: str) -> None:
        """A replay leaves nothing behind."""

    def settle(self, proposal: Proposal, *, send: bool) -> Outcome:
        row = self._outcomes.pop(0)
        return Outcome(State(row["state"]), Code(row["code"]), row["answer"], row["detail"], row["key"])


def _different(path: Path, number: int, what: str) -> GateFailed:
    after = "it was changed, or another version of the code wrote it"
    return GateFailed(what, where=Place(str(path), number + 1), next=after)
