"""The two that answer: the bare model, and the agent that takes the last user message through its fixed plan.

Knows the backend and the agent; knows no HTTP. What users, tools and their descriptions say is made harmless before a
model sees it: a quoted control token must not become a real one.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

from steadyhand.agent.ending import Run
from steadyhand.agent.neutral import neutral
from steadyhand.agent.session import Session
from steadyhand.agent.table import table
from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Json, Message
from steadyhand.domain.checks import with_system
from steadyhand.models.backend import (
    Backend,
    Completion,
    Progress,
    Prompt,
    Sampling,
    Streaming,
    control_tokens,
    format_of,
    unserved,
)  # fmt: skip
from steadyhand.models.generation.tracing import traced
from steadyhand.serve.answer import Answer, answer_of, cut_at
from steadyhand.serve.guard import Guard
from steadyhand.serve.problem import UNREADY, Problem
from steadyhand.serve.queue import Job, Lanes, Tell
from steadyhand.serve.request import Asked
from steadyhand.tools.result import Result


class Served(Protocol):
    """What a model id stands for. `early`: whether the answer may be shown before its end; `guarded`: the answer, or
    what is served in its place."""

    @property
    def name(self) -> str: ...
    @property
    def lanes(self) -> Lanes: ...
    def submit(self, asked: Asked) -> Job[Completion]: ...
    def answer(self, asked: Asked, completion: Completion) -> Answer: ...
    def early(self, asked: Asked) -> bool: ...
    async def guarded(self, asked: Asked, answer: Answer) -> Answer: ...
    @property
    def form(self) -> ChatFormat: ...


class Model:
    """The bare model. `load` is called in its lane, once; with one lane its answers are computed one by one. `system`
    stands before every prompt that has no system message of its own; `guard` judges what is about to be served."""

    def __init__(
        self, name: str, load: Callable[[], Backend], *, lanes: int = 1, waiting: int = 64, system: str = "",
        guard: Guard | None = None,
    ) -> None:  # fmt: skip
        self.name, self._load, self._system, self._guard = name, load, system, guard
        self.backend: Backend | None = None
        self.fingerprint = self.unserved = ""
        self.lanes = Lanes("model", lanes, waiting)
        self._turn: AbstractContextManager[object] = threading.Lock() if lanes == 1 else nullcontext()

    async def load(self) -> None:
        """Raises what loading raises."""
        async for _ in self.lanes.submit(self._ready).events():
            pass

    def _ready(self, _: Tell) -> bool:
        backend = traced(self._load(), self.name)
        self.unserved = unserved(backend)
        self.fingerprint, self.backend = f"fp_{backend.fingerprint[:16]}", backend
        return True

    @property
    def form(self) -> ChatFormat:
        return format_of(self.backend)

    def submit(self, asked: Asked) -> Job[Completion]:
        if asked.prompt.tools and self.unserved:
            why = f"{self.name} cannot use tools: {self.unserved}"
            raise Problem(why, code="unsupported_parameter", param="tools")
        return self.lanes.submit(lambda tell: self._answered(self._behind_system(asked), tell))

    def _behind_system(self, asked: Asked) -> Asked:
        messages = with_system(asked.prompt.messages, self._system)
        return replace(asked, prompt=replace(asked.prompt, messages=messages))

    def _answered(self, asked: Asked, tell: Tell) -> Completion:
        return self.complete(harmless(asked.prompt, control_tokens(self.backend)), asked.sampling, asked.stop, tell)

    def complete(self, prompt: Prompt, sampling: Sampling, stops: Sequence[str], tell: Tell) -> Completion:
        """One answer, alone. From any thread."""
        if (backend := self.backend) is None:
            raise Problem("the model is still loading", status=UNREADY, code="not_ready", headers={"Retry-After": "2"})

        def told(text: str) -> bool:
            tell(text)
            return cut_at(text, stops, self.form)[1]

        with self._turn:
            if isinstance(backend, Streaming):
                return backend.stream(prompt, sampling, told)
            (completion,) = backend.generate([prompt], sampling, batch_size=1)
        return completion

    def answer(self, asked: Asked, completion: Completion) -> Answer:
        return answer_of(asked, completion)

    async def guarded(self, asked: Asked, answer: Answer) -> Answer:
        """Beside the event loop: a check may run a query."""
        return await asyncio.to_thread(self._guard.over, asked.prompt, answer) if self._guard else answer

    def early(self, asked: Asked) -> bool:
        """A required call is checked before anything is said: its absence is an error, not half a text. And under a
        guard nothing is said before all of it is judged."""
        return asked.choice != "required" and self._guard is None


class Agent:
    """The agent of a domain. `judge`: the model that judges as well; `send`: write what policy and a person allow."""

    def __init__(
        self, name: str, session: Session, *, judge: Model | None = None, send: bool = False, lanes: int = 4,
        waiting: int = 64,
    ) -> None:  # fmt: skip
        self.name, self.session, self.judge, self.send = name, session, judge, send
        self.form: ChatFormat = HERMES  # of a text that holds no call
        self.lanes = Lanes("agent", lanes, waiting)

    def submit(self, asked: Asked) -> Job[Completion]:
        if asked.prompt.tools or asked.choice == "required":
            raise Problem(f"{self.name} has its own tools, on this side", code="unsupported_parameter", param="tools")
        texts = [message.content for message in asked.prompt.messages if message.role == "user"]
        if not texts:
            raise Problem(f"{self.name} reads the last user message, and there is none", param="messages")
        return self.lanes.submit(lambda tell: self._take(texts[-1], tell))

    def _take(self, text: str, tell: Tell) -> Completion:
        judge = _Judge(self.judge, tell) if self.judge else None

        def ask(tool: str, arguments: Sequence[dict[str, Json]], parallel: int) -> list[Result]:
            tell("")  # the last moment at which nothing but time is lost when the client is gone
            return self.session.ask(tool, arguments, parallel)

        run = self.session.take(text, backend=judge, send=self.send, ask=ask)
        used = judge.used if judge else Counter[str]()
        return Completion(neutral(told(run, self.send)), "stop", used["prompt"], used["completion"], run.report)

    def answer(self, asked: Asked, completion: Completion) -> Answer:
        """The table is our own text: it is not parsed for calls."""
        return Answer(completion.text, "", (), "stop", completion.prompt_tokens, completion.completion_tokens)

    async def guarded(self, asked: Asked, answer: Answer) -> Answer:
        return answer

    def early(self, asked: Asked) -> bool:
        return False


class _Judge:
    """The served model as the plan's backend: one question at a time, in line with everybody else's."""

    def __init__(self, model: Model, tell: Tell) -> None:
        self._model, self._tell = model, tell
        self.used: Counter[str] = Counter()

    @property
    def fingerprint(self) -> str:
        return self._model.backend.fingerprint if self._model.backend else ""

    @property
    def control_tokens(self) -> tuple[str, ...]:
        return control_tokens(self._model.backend)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        answers = []
        for prompt in prompts:
            answers.append(self._model.complete(prompt, sampling, (), lambda _: self._tell("")))
            self.used.update(prompt=answers[-1].prompt_tokens, completion=answers[-1].completion_tokens)
        return answers


def told(run: Run, send: bool) -> str:
    """A run as text: its answer, or its state, the table, and what a person can do next."""
    if run.answer:
        return f"{run.state}: {run.stop}\n\n{run.answer}" if run.stop else run.answer
    if not run.rows:
        return f"{run.state}: it names nothing to ask about"
    counts = Counter(row.ending.value for row in run.rows)
    lines = [f"{run.state}: {', '.join(f'{count} {word}' for word, count in sorted(counts.items()))}", "", *table(run)]
    if counts["proposed"]:
        lines += ["", "Nothing was sent: a dry run. `steady agent approve DIGEST`, then `steady agent run --send`."]
    if counts["waiting"]:
        lines += ["", "Nothing was sent before a person approves: `steady agent approve DIGEST`, then ask again."]
    return "\n".join(lines)


def harmless(prompt: Prompt, tokens: Sequence[str]) -> Prompt:
    """The prompt without control tokens in what users and tools say, in arguments of calls and in what tools are
    described with. What a system or an assistant says is the client's own."""

    def safe(value: Json) -> Json:
        if isinstance(value, str):
            return neutral(value, tokens)
        if isinstance(value, dict):
            return {safe(key): safe(inner) for key, inner in value.items()}
        return [safe(inner) for inner in value] if isinstance(value, list) else value

    def said(message: Message) -> Message:
        if message.role in ("user", "tool"):
            return replace(message, content=neutral(message.content, tokens))
        return replace(message, calls=tuple(replace(call, arguments=safe(call.arguments)) for call in message.calls))

    tools = tuple(replace(t, description=safe(t.description), parameters=safe(t.parameters)) for t in prompt.tools)
    return replace(prompt, messages=tuple(map(said, prompt.messages)), tools=tools)
