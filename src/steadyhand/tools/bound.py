"""A tool together with the way it is carried out, and the one way to call it.

Arguments are validated before anything is sent, answers after. Only reads are repeated, with growing pauses: a write
that got no answer may have been done, and only reading can tell (agent/ does that). Never raises for what a service
does; what is wrong with the tool itself was found when it was bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import schema_errors
from steadyhand.telemetry import operation
from steadyhand.tools.result import Result, Status

Effect = Literal["read", "write"]
ANYTHING: dict[str, Json] = {}


class Carrier(Protocol):
    """Carries out one attempt within `seconds`. `key` is the idempotency key of a write, "" for none."""

    def __call__(self, arguments: Mapping[str, Json], key: str, seconds: float) -> Result: ...


@dataclass(frozen=True)
class Patience:
    """`timeout` bounds each attempt, in seconds; `retries` counts further attempts of a read, after pauses that double
    from `wait` seconds (or as long as the service asks, at most `longest`)."""

    timeout: float = 10.0
    retries: int = 3
    wait: float = 0.2
    longest: float = 30.0


@dataclass(frozen=True)
class BoundTool:
    """`answers` is the JSON Schema of the tool's answer. A write may have `find`, which reads by idempotency key what
    became of it (arguments: `key`), and `undo` (arguments: those of the write's own answer that it names). `keyed`:
    the service does the same key only once. `service` is the name of where it is done."""

    tool: Tool
    effect: Effect
    carry: Carrier
    answers: dict[str, Json] = field(default_factory=lambda: ANYTHING)
    patience: Patience = Patience()
    keyed: bool = False
    find: BoundTool | None = None
    undo: BoundTool | None = None
    service: str = ""

    @property
    def name(self) -> str:
        return self.tool.name

    def call(
        self, arguments: Mapping[str, Json], *, key: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> Result:
        """The tool's result for these arguments; see `Status` for what each kind means."""
        noted = {"gen_ai.tool.name": self.name, "gen_ai.tool.type": "function"}
        with operation("execute_tool", self.name, noted | ({"gen_ai.tool.call.id": key} if key else {})) as done:
            result = self._called(arguments, key, sleep)
            if not result.ok:
                done.failed(result.status.value)
        return result

    def _called(self, arguments: Mapping[str, Json], key: str, sleep: Callable[[float], None]) -> Result:
        if problems := schema_errors(self.tool, dict(arguments)):
            return Result(Status.INVALID, detail=problems[0])
        attempts = 1 + (self.patience.retries if self.effect == "read" else 0)
        for attempt in range(attempts):
            result = self._attempt(arguments, key)
            if result.again is None or attempt + 1 == attempts:
                return result
            sleep(min(max(result.again, self.patience.wait * 2**attempt), self.patience.longest))
        raise AssertionError("there is at least one attempt")

    def _attempt(self, arguments: Mapping[str, Json], key: str) -> Result:
        result = self.carry(arguments, key, self.patience.timeout)
        if not result.ok:
            return result
        problems = schema_errors(Tool(f"answer of {self.name}", "", self.answers), result.value)
        if not problems:
            return result
        detail = f"the answer breaks its schema: {problems[0].removeprefix('arguments')}"
        return replace(result, status=Status.UNKNOWN, value=None, detail=detail, again=0.0)
