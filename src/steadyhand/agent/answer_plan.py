"""A question in words, answered from a database: the model writes a query, code checks and runs it, the model reads.

The query is taken as an evaluation takes it (`exec_sql`): one statement that reads, within the limits of time and rows,
on a read-only connection. Nothing is repaired and nothing is asked twice. Rows are data: what stands in them is made
harmless before the model sees it, and it can call nothing. Knows no file; the trace replays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

from steadyhand.agent.config import AnswerFile, AnswerPlan
from steadyhand.agent.ending import Run
from steadyhand.agent.neutral import neutral
from steadyhand.agent.plan import TRACE_VERSION, language_of_input, trace_line
from steadyhand.chat.messages import Message
from steadyhand.checks.exec_sql import ExecSql
from steadyhand.domain.load import checks_of
from steadyhand.errors import UsageError
from steadyhand.models.backend import Backend, Completion, Prompt, Sampling, control_tokens
from steadyhand.tools.result import Result, Status

Query = Callable[[str], Result]  # the text of an answer -> its rows, or the code of why there are none


def run_answer(text: str, plan: AnswerPlan, system: str, query: Query, backend: Backend) -> Run:
    """Answers one question. `stop` of the result is the code of why a query was refused or failed; "" when it ran."""
    return _Answer(text, plan, system, query, backend).run()


class _Answer:
    def __init__(self, text: str, plan: AnswerPlan, system: str, query: Query, backend: Backend) -> None:
        self.text, self.plan, self.system, self.query, self.backend = text, plan, system, query, backend
        self.report = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.control = control_tokens(backend)
        self.trace: list[str] = []

    def run(self) -> Run:
        self._note(
            "start", version=TRACE_VERSION, mode="answer", report=self.report, text=self.text, system=self.system,
            plan=self.plan.model_dump(mode="json"), model=self.backend.fingerprint, control_tokens=list(self.control),
        )  # fmt: skip
        opening = (Message("system", self.system),) if self.system else ()
        asked = (*opening, Message("user", neutral(self.text, self.control)))
        written = self._say(asked)
        found = self.query(written)
        self._note("read", tool=self.plan.check, arguments={"query": written}, result=asdict(found))
        if not found.ok:
            return self._end("incomplete", f"{found.detail}\n\n{written}".strip(), str(found.value))
        shown = self._shown(found)
        if not self.plan.read:
            return self._end("complete", shown, "")
        told = self.plan.question(neutral(shown, self.control), language_of_input(self.text))
        return self._end("complete", self._say((*asked, Message("assistant", written), Message("user", told))), "")

    def _say(self, messages: tuple[Message, ...]) -> str:
        (completion,) = self.backend.generate([Prompt(messages)], Sampling(max_tokens=self.plan.tokens), batch_size=1)
        self._note("model", completion=asdict(completion))
        return _text(completion)

    def _shown(self, found: Result) -> str:
        rows = found.value if isinstance(found.value, list) else []
        shown = json.dumps(rows[: self.plan.rows], ensure_ascii=False)
        left = len(rows) - self.plan.rows
        return shown if left <= 0 else f"{shown} (and {left} more rows)"

    def _end(self, state: str, answer: str, stop: str) -> Run:
        self._note("end", state=state, stop=stop, answer=answer)
        return Run(self.report, state, (), tuple(self.trace), stop, answer)

    def _note(self, step: str, **data: object) -> None:
        self.trace.append(trace_line(step, **data))


def _text(completion: Completion) -> str:
    """What the model says, without its thinking; a call is no query."""
    parsed = completion.parsed()
    return completion.text if parsed.error else parsed.content


def means_of(agent: AnswerFile) -> tuple[str, Query]:
    """The domain's system prompt, and what runs a query. Raises UsageError when `plan.check` is no exec_sql check."""
    folder = agent.folder
    checks = checks_of(folder)
    check = checks.checkers.get(agent.plan.check)
    if not isinstance(check, ExecSql):
        what = f"plan.check names {agent.plan.check!r}, which is no check of kind exec_sql"
        raise UsageError(what, where=str(folder / "checks.yaml"), next="name the one that runs the queries")

    def query(text: str) -> Result:
        rows = check.rows_of(text)
        if isinstance(rows, list):
            return Result(Status.OK, [[_plain(value) for value in row] for row in rows])
        return Result(Status.REFUSED, rows.code, detail=rows.why)

    return checks.system, query


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
