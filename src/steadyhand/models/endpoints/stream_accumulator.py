"""A streamed answer, put together: OpenAI's chunks in, the object out that the server would have sent at once.

Knows the two shapes (texts of /completions, deltas of /chat/completions); knows no HTTP and no parsing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_TEXTS = ("content", "reasoning", "reasoning_content")


class Gathered:
    """`row` is the answer so far, `choice` its one choice."""

    def __init__(self) -> None:
        self.message: dict[str, Any] = {"tool_calls": []}
        self.choice: dict[str, Any] = {"text": "", "message": self.message, "finish_reason": None}
        self.row: dict[str, Any] = {"choices": [self.choice], "usage": {}, "pieces": 0}

    def add(self, chunk: Mapping[str, Any]) -> bool:
        """Whether the chunk says something of the answer (usage alone does not)."""
        self.row["usage"] = chunk.get("usage") or self.row["usage"]
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return False
        choice = choices[0]
        self.row["pieces"] += 1
        self.choice["text"] += str(choice.get("text") or "")
        self.choice["finish_reason"] = choice.get("finish_reason") or self.choice["finish_reason"]
        self._delta(choice.get("delta") or choice.get("message") or {})
        return True

    def _delta(self, delta: Mapping[str, Any]) -> None:
        for name in _TEXTS:
            if delta.get(name):
                self.message[name] = self.message.get(name, "") + str(delta[name])
        for position, piece in enumerate(delta.get("tool_calls") or ()):
            self._call(int(piece.get("index", position)), piece.get("function") or {})

    def _call(self, index: int, function: Mapping[str, Any]) -> None:
        calls = self.message["tool_calls"]
        if index >= len(calls):  # one more at most, however large a number the server writes
            calls.append({"function": {"name": "", "arguments": ""}})
        found = calls[min(index, len(calls) - 1)]["function"]
        found["name"] += str(function.get("name") or "")
        found["arguments"] += str(function.get("arguments") or "")


def events(lines: Iterable[str]) -> Iterator[str]:
    """The data of server-sent events, up to [DONE]; comments and other fields are passed over."""
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        yield data
