"""Recorded answers as a backend, and the recorder: measurements that can be repeated without the model.

A row is keyed by the dialogue, its tools and the sampling, so that replay needs no tokenizer; the recorded
`prompt_hash` of the rendered tokens comes back with the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from steadyhand.chat.messages import Json, to_openai
from steadyhand.errors import DomainError, JobError, PrerequisiteError
from steadyhand.files import read_text
from steadyhand.models.backend import Backend, Completion, Progress, Prompt, Sampling


def key(prompt: Prompt, sampling: Sampling) -> str:
    """sha256 (hex) of messages, tools and sampling. A greedy answer does not depend on seed and top_p."""
    chosen = asdict(sampling)
    if sampling.temperature <= 0:
        del chosen["seed"], chosen["top_p"]
    parts = [to_openai(prompt.messages), [tool.to_openai() for tool in prompt.tools], chosen]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Recorder:
    """Backend that asks another one and appends each answer to `path` (JSON Lines)."""

    def __init__(self, backend: Backend, path: Path) -> None:
        self.backend, self.path = backend, path
        self.renderer = getattr(backend, "renderer", None)

    @property
    def fingerprint(self) -> str:
        return self.backend.fingerprint

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        answers = self.backend.generate(prompts, sampling, batch_size=batch_size, progress=progress)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            for prompt, answer in zip(prompts, answers, strict=True):
                row = {"key": key(prompt, sampling), "model": self.fingerprint, **asdict(answer)}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return answers


class Replay:
    """Backend that answers from a recording; a later row of the same key wins.

    Raises PrerequisiteError for a file that is missing, damaged or recorded from two models, and JobError for a
    prompt that was never recorded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._answers: dict[str, Completion] = {}
        self._models: set[str] = set()
        try:
            lines = read_text(path).split("\n")  # not splitlines: answers may hold U+2028
        except DomainError as error:
            what = f"the recording cannot be read: {error.what}"
            raise PrerequisiteError(what, where=error.where, next=error.next) from None
        for number, line in enumerate(lines, 1):
            if line:
                self._read(line, number)
        if len(self._models) != 1:
            raise PrerequisiteError(
                f"a recording of {len(self._models)} models; one is needed", where=str(path), next="record each apart"
            )

    def _read(self, line: str, number: int) -> None:
        try:
            row: dict[str, Json] = json.loads(line)
            name, model = row.pop("key"), row.pop("model")
            self._answers[name] = Completion(**row)
            self._models.add(model)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise PrerequisiteError(
                "not a recorded answer", where=f"{self.path}:{number}", next="remove the line or record again"
            ) from error

    @property
    def fingerprint(self) -> str:
        return next(iter(self._models))

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        answers = []
        for prompt in prompts:
            answer = self._answers.get(key(prompt, sampling))
            if answer is None:
                raise JobError(
                    f"no recorded answer to {prompt.messages[-1].content[:60]!r} at temperature {sampling.temperature}",
                    where=str(self.path),
                    next="record with the same prompts, tools and sampling",
                )
            answers.append(answer)
            if progress:
                progress(len(answers), len(prompts))
        return answers
