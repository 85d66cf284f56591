"""What evaluation, pairs and serving ask of a model, whoever runs it: messages and tools in, raw text out.

Scores are computed from the raw completion, never from a server's parse, so a backend returns text as generated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from steadyhand.chat.messages import Message, Tool

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Sampling:
    """How to decode. `temperature` 0 is greedy; `max_tokens` counts new tokens; `seed` matters only above 0."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int = 0


@dataclass(frozen=True)
class Prompt:
    """A dialogue to be continued by the assistant, with the tools it is offered."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True)
class Completion:
    """`text` is raw: special tokens such as `<tool_call>` stay, the end-of-turn token is cut.

    `prompt_hash` identifies the rendered prompt's token ids (sha256 hex), so that A/B can refuse unequal prompts.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    prompt_hash: str


class Progress(Protocol):
    """Called as work proceeds: `done` of `total` units."""

    def __call__(self, done: int, total: int) -> None: ...


class Backend(Protocol):
    """`generate` answers in the order of its prompts. `fingerprint` names weights + tokenizer + template (hash)."""

    @property
    def fingerprint(self) -> str: ...

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]: ...


def written_date(backend: Backend) -> str:
    """The day that the backend's chat template writes into prompts, as YYYY-MM-DD; "" for one that writes none, or that
    a server renders with."""
    renderer = getattr(backend, "renderer", None)
    return renderer.date if renderer is not None else ""


def control_tokens(backend: Backend | None) -> tuple[str, ...]:
    """Texts that the backend's tokenizer takes for control tokens; none where nobody knows the tokenizer."""
    renderer = getattr(backend, "renderer", None)
    return renderer.control_tokens if renderer is not None else getattr(backend, "control_tokens", ())


@runtime_checkable
class Streaming(Protocol):
    """A backend that shows an answer as it grows: the same answer as `generate` gives to this prompt alone."""

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        """`tell` gets the raw text so far whenever there is more of it, and says whether the answer shall end there (as
        "stop"); what it raises ends the work at once."""
        ...
