"""What evaluation, pairs and serving ask of a model, whoever runs it: messages and tools in, raw text out.

Scores are computed from the raw completion, never from a server's parse, so a backend returns text as generated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.parsed import Parsed
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.formats.thinking import ThinkState
from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.chat.probe import Profile, usable
from steadyhand.errors import PrerequisiteError

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
    `format` names the format in which the model writes calls and thoughts, and in which `text` is to be read.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    prompt_hash: str
    format: str = HERMES.name

    def parsed(self, tools: Sequence[Tool] = (), *, lenient: bool = False) -> Parsed:
        """Calls, text and thinking of the answer to a prompt that offers `tools`; strictly read unless `lenient`."""
        return format_named(self.format).parse(self.text, tools, self.finish_reason, lenient=lenient)

    def thinking(self) -> ThinkState:
        """Where the answer thinks, and whether its thinking is whole."""
        return format_named(self.format).thinking(self.text)


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


def template_facts(backend: object) -> dict[str, Json]:
    """What a manifest says of the backend's chat template: the format of its calls, its hash, what it loses, and the
    day that it writes into prompts (YYYY-MM-DD) where it writes one. A server's own template cannot be seen."""
    renderer = getattr(backend, "renderer", None)
    if renderer is None:
        return {"format": HERMES.name}
    facts: dict[str, Json] = {"format": renderer.format.name, "chat_template": renderer.template_hash}
    facts |= {"template_loses": [loss.value for loss in renderer.profile.losses]}
    return facts | ({"date": renderer.date} if renderer.date else {})


def format_of(backend: object) -> ChatFormat:
    """The format of a backend's answers: its template's; Hermes where a server renders, whose answers are put together
    again in that format."""
    renderer = getattr(backend, "renderer", None)
    return renderer.format if renderer is not None else HERMES


def profile_of(backend: object) -> Profile | None:
    """What the backend's template does; None where a server renders."""
    renderer = getattr(backend, "renderer", None)
    return renderer.profile if renderer is not None else None


def check_template(backend: object, *, tools: bool) -> tuple[str, ...]:
    """What to warn of before a model is asked, trained or served; `tools`: whether that offers tools. Raises
    PrerequisiteError where its template makes that senseless (`chat.probe.usable`)."""
    renderer = getattr(backend, "renderer", None)
    return usable(renderer.profile, tools=tools, named=renderer.named) if renderer is not None else ()


def unserved(backend: object) -> str:
    """Why requests that offer tools cannot be served, or ""."""
    try:
        check_template(backend, tools=True)
    except PrerequisiteError as error:
        return error.what
    return ""


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
