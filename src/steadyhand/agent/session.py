"""A domain's agent, ready to take inputs: its tools bound, its audit log open, each run's trace kept.

Several threads may take inputs at once; the cap on writes of a run counts for each input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from steadyhand.agent.answer_plan import Query, means_of, run_answer
from steadyhand.agent.audit import Log
from steadyhand.agent.config import AgentFile, AnswerFile, load_agent
from steadyhand.agent.ending import Run
from steadyhand.agent.extraction import extraction, with_extraction
from steadyhand.agent.free_plan import run_free
from steadyhand.agent.plan import Asker, parallel_asker, run
from steadyhand.agent.writer import Writer
from steadyhand.chat.messages import Tool
from steadyhand.errors import JobError, UsageError
from steadyhand.files import write_whole
from steadyhand.models.backend import Backend
from steadyhand.telemetry import operation
from steadyhand.tools.config import Toolbox, bind

AGENT = "steady-agent"


class Session:
    """`ask` reads with the bound tools; who wants to stop between reads hands another one to `take`. `extract`: the
    tool that is carried out on the input itself, for a model that plans freely."""

    def __init__(self, agent: AgentFile | AnswerFile, tools: Toolbox, log: Log, extract: Tool | None = None) -> None:
        self.agent, self.tools, self.log, self.extract = agent, tools, log, extract
        self.ask: Asker = parallel_asker(tools)
        self._means: tuple[str, Query] | None = means_of(agent) if isinstance(agent, AnswerFile) else None

    @property
    def needs_model(self) -> bool:
        """Whether the plan does nothing without a model."""
        return self.agent.plan.kind != "feedback"

    def take(self, text: str, *, backend: Backend | None = None, send: bool = False, ask: Asker | None = None) -> Run:
        """Takes one input through the plan and keeps its trace beside the log. Raises JobError, and UsageError when the
        plan needs a model and there is none."""
        if self.needs_model and backend is None:
            what = f"a plan of kind {self.agent.plan.kind} needs a model"
            raise UsageError(what, next="add --model FOLDER (to `steady serve`: --judge)")
        if isinstance(self.agent, AnswerFile):
            assert self._means
            assert backend
            plan, (system, query), model = self.agent.plan, self._means, backend
            return self._kept(lambda: run_answer(text, plan, system, query, model))
        if self.agent.plan.kind == "free" and backend is not None:
            return self.let(text, backend, send=send, ask=ask)
        agent = self.agent
        offered = [self.tools[name].tool for name in (agent.plan.query, agent.plan.write)]
        writer = Writer(dict(self.tools), agent.policy, self.log)
        return self._kept(lambda: run(text, agent, ask or self.ask, writer, tools=offered, backend=backend, send=send))

    def let(self, text: str, backend: Backend, *, send: bool = False, ask: Asker | None = None) -> Run:
        """Lets the model plan freely on one input, within `free` of agent.yaml; its trace is kept. Raises JobError, and
        UsageError for an agent that only answers."""
        agent, asking = self.agent, ask or self.ask
        if isinstance(agent, AnswerFile):
            raise UsageError("an agent that only answers cannot plan freely", next="leave out --free")
        reads = [tool.tool for tool in self.tools.values() if tool.effect == "read"]
        offered = [*reads, self.tools[agent.plan.write].tool]
        if self.extract:
            offered, asking = [self.extract, *offered], with_extraction(asking, self.extract, text)
        writer, ends = Writer(dict(self.tools), agent.policy, self.log), monotonic() + agent.free.seconds

        def late() -> bool:
            return monotonic() > ends

        return self._kept(
            lambda: run_free(text, agent, asking, writer, tools=offered, backend=backend, late=late, send=send)
        )

    def _kept(self, work: Callable[[], Run]) -> Run:
        with operation("invoke_agent", AGENT, {"gen_ai.agent.name": AGENT}) as done:
            found = work()
            done.note({"steadyhand.report": found.report[:16], "steadyhand.state": found.state})
        _keep(trace_of(self.log.path, found), found)
        return found


@contextmanager
def opened(folder: Path, audit: Path) -> Iterator[Session]:
    """The agent of the domain in `folder`, with its log at `audit`. Raises SteadyError."""
    agent = load_agent(folder)  # a mistake in the file shows before a log is made
    extract = None
    if isinstance(agent, AgentFile) and agent.free.extract:
        extract = extraction(folder, agent.free.extract)
    log = Log(audit)
    try:
        with bind(agent, folder) as tools:
            yield Session(agent, tools, log, extract)
    finally:
        log.close()


def trace_of(audit: Path, run: Run) -> Path:
    return audit.parent / "traces" / f"{run.report[:16]}.jsonl"


def _keep(path: Path, run: Run) -> None:
    """The latest trace of each input; whole or not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, "\n".join(run.trace) + "\n")
    except OSError as error:
        raise JobError(f"the trace cannot be written: {error.strerror}", where=str(path)) from error
