"""A growing raw text as the pieces that a client may see already. Knows no HTTP.

Text is held back while it may turn out to be something else: the beginning of a tag or of a stop text, white space that
may stand at the end, half a character. From the first tag of a call on nothing is shown before the whole answer is
parsed, because one broken call among good ones makes all of them text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Json
from steadyhand.serve.answer import Answer, cut_at

Delta = dict[str, Json]


class Deltas:
    """Fed with the raw text so far, again and again, then with the answer: together its deltas are the answer."""

    def __init__(self, stops: Sequence[str] = (), form: ChatFormat = HERMES) -> None:
        self._stops, self._form = tuple(stops), form
        self._held = (*form.held, *self._stops)
        self._reasoning = self._content = ""

    def feed(self, raw: str) -> Iterator[Delta]:
        yield from self._grow(*self._form.visible(self._settled(raw)))

    def finish(self, answer: Answer) -> Iterator[Delta]:
        """What is left to say. Where a late tag turned text that was sent into thinking, the answer follows it."""
        yield from self._grow(_after(self._reasoning, answer.reasoning), _after(self._content, answer.content))
        if answer.refusal:
            yield {"refusal": answer.refusal}
        for index, call in enumerate(answer.calls):
            row = call.to_openai()
            arguments = row["function"].pop("arguments")
            yield {"tool_calls": [{"index": index, **row, "function": {**row["function"], "arguments": ""}}]}
            yield {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}

    def _grow(self, reasoning: str, content: str) -> Iterator[Delta]:
        if len(reasoning) > len(self._reasoning) and reasoning.startswith(self._reasoning):
            new, self._reasoning = reasoning[len(self._reasoning) :], reasoning
            yield {"reasoning": new, "reasoning_content": new}
        if len(content) > len(self._content) and content.startswith(self._content):
            new, self._content = content[len(self._content) :], content
            yield {"content": new}

    def _settled(self, raw: str) -> str:
        raw = cut_at(raw, self._stops, self._form)[0].rstrip("\ufffd")
        return raw[: len(raw) - max((_overlap(raw, held) for held in self._held), default=0)]


def _after(sent: str, text: str) -> str:
    return text if text.startswith(sent) else f"{sent}\n{text}"


def _overlap(text: str, held: str) -> int:
    """How many characters at the end of `text` are a beginning of `held`."""
    return next((n for n in range(min(len(held) - 1, len(text)), 0, -1) if text.endswith(held[:n])), 0)
