"""A backend whose answers become `chat` spans, when somebody watches. Knows what to count, and changes no answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steadyhand.models.backend import Backend, Completion, Progress, Prompt, Sampling, Streaming, control_tokens
from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
from steadyhand.telemetry import Operation, is_on, operation


def traced(backend: Backend, name: str) -> Backend:
    """`backend` as the model `name`; itself, when nothing is exported."""
    if not is_on():
        return backend
    return _TracedStreaming(backend, name) if isinstance(backend, Streaming) else _Traced(backend, name)


class _Traced:
    """One span for a call; a batch is one as well, for nobody knows how long each of it took."""

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend, self._name = backend, name
        self.renderer = getattr(backend, "renderer", None)
        self.control_tokens = control_tokens(backend)
        self._remote = isinstance(backend, OpenAIEndpoint)

    @property
    def fingerprint(self) -> str:
        return self._backend.fingerprint

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        if len(prompts) != 1:
            return self._batch(prompts, sampling, batch_size, progress)
        with operation("chat", self._name, self._asked(sampling), remote=self._remote) as done:
            (completion,) = self._backend.generate(prompts, sampling, batch_size=batch_size, progress=progress)
            self._answered(done, completion)
        return [completion]

    def _batch(
        self, prompts: Sequence[Prompt], sampling: Sampling, batch_size: int, progress: Progress | None
    ) -> list[Completion]:
        noted = {**self._asked(sampling), "steadyhand.batch": len(prompts)}
        with operation("chat", self._name, noted, remote=self._remote) as done:
            found = self._backend.generate(prompts, sampling, batch_size=batch_size, progress=progress)
            done.note({
                "gen_ai.usage.input_tokens": sum(one.prompt_tokens for one in found),
                "gen_ai.usage.output_tokens": sum(one.completion_tokens for one in found),
            })  # fmt: skip
        return found

    def _asked(self, sampling: Sampling) -> dict[str, str | int | float]:
        return {
            "gen_ai.request.model": self._name, "gen_ai.request.max_tokens": sampling.max_tokens,
            "gen_ai.request.temperature": sampling.temperature, "gen_ai.request.top_p": sampling.top_p,
            "gen_ai.request.seed": sampling.seed,
        }  # fmt: skip

    def _answered(self, done: Operation, completion: Completion) -> None:
        done.note({
            "gen_ai.response.model": self._name, "gen_ai.response.finish_reasons": [completion.finish_reason],
            "gen_ai.usage.input_tokens": completion.prompt_tokens,
            "gen_ai.usage.output_tokens": completion.completion_tokens,
        })  # fmt: skip


class _TracedStreaming(_Traced):
    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        assert isinstance(self._backend, Streaming)
        noted = {**self._asked(sampling), "gen_ai.request.stream": True}
        with operation("chat", self._name, noted, remote=self._remote) as done:

            def told(text: str) -> bool:
                done.spoke()
                return tell(text)

            completion = self._backend.stream(prompt, sampling, told)
            self._answered(done, completion)
        return completion
