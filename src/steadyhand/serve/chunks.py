"""OpenAI's two shapes of an answer: one object, or server-sent events. Knows shapes only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from steadyhand.chat.messages import Json
from steadyhand.serve.answer import Answer
from steadyhand.serve.deltas import Delta

DONE = b"data: [DONE]\n\n"


def event(row: Json) -> bytes:
    return b"data: " + json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


class Chunks:
    """The pieces of the answer `name`; with `usage`, the last one counts tokens. `fingerprint` is asked when a piece is
    made: the first requests come before the model is loaded."""

    def __init__(self, name: str, model: str, fingerprint: Callable[[], str], usage: bool) -> None:
        self._usage, self._fingerprint = usage, fingerprint
        self._fixed: dict[str, Json] = {
            "id": name, "object": "chat.completion.chunk", "created": int(time.time()), "model": model,
        }  # fmt: skip

    @property
    def _row(self) -> dict[str, Json]:
        return {**self._fixed, "system_fingerprint": self._fingerprint() or None}

    def whole(self, answer: Answer) -> dict[str, Json]:
        choice = {"index": 0, "message": answer.message(), "logprobs": None, "finish_reason": answer.finish}
        choice |= _guard(answer)
        return {**self._row, "object": "chat.completion", "choices": [choice], "usage": answer.usage()}

    def delta(self, delta: Delta, finish: str | None = None, **more: Json) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, **more}
        return event({**self._row, "choices": [choice], **({"usage": None} if self._usage else {})})

    def closing(self, answer: Answer) -> Iterator[bytes]:
        yield self.delta({}, answer.finish, **_guard(answer))
        if self._usage:
            yield event({**self._row, "choices": [], "usage": answer.usage()})
        yield DONE


def _guard(answer: Answer) -> dict[str, Json]:
    """A field of our own, for programs: which check withheld the model's text, and why."""
    return {"guard": answer.withheld.to_json()} if answer.withheld else {}
