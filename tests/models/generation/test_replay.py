"""What was recorded comes back; what was not is an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message
from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.models.backend import Backend, Completion, Progress, Prompt, Sampling
from steadyhand.models.generation.replay import Recorder, Replay, key
from tests import tiny


@dataclass
class Echo:
    """Answers with the question and the seed; counts how often it is asked."""

    fingerprint: str = "echo"
    asked: list[int] = field(default_factory=list)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        self.asked.append(len(prompts))
        return [
            Completion(f"{p.messages[-1].content}\u2028{sampling.seed}", "stop", 3, 4, f"hash{i}")
            for i, p in enumerate(prompts)
        ]


def test_a_recording_answers_like_its_backend(tmp_path: Path) -> None:
    path, prompts = tmp_path / "run" / "answers.jsonl", tiny.prompts(5)
    recorder: Backend = Recorder(Echo(), path)
    hot = Sampling(temperature=1.0, seed=1)
    first, second = recorder.generate(prompts, Sampling()), recorder.generate(prompts[:2], hot)
    replay: Backend = Replay(path)
    seen: list[int] = []
    assert replay.fingerprint == "echo"
    assert replay.generate(prompts[::-1], Sampling(), progress=lambda done, _: seen.append(done)) == first[::-1]
    assert replay.generate(prompts[:2], hot) == second
    assert seen == [1, 2, 3, 4, 5]
    with pytest.raises(JobError, match="no recorded answer to 'what is the level"):
        replay.generate(prompts[2:], hot)


def test_the_key_holds_what_an_answer_depends_on() -> None:
    prompt, sampling = tiny.prompts(1)[0], Sampling(0.7, 0.9, 8, 1)
    others = [
        key(replace(prompt, tools=()), sampling),
        key(replace(prompt, messages=(Message("user", "else"),)), sampling),
        key(prompt, replace(sampling, temperature=0.5)),
        key(prompt, replace(sampling, top_p=0.5)),
        key(prompt, replace(sampling, max_tokens=2)),
        key(prompt, replace(sampling, seed=2)),
    ]
    assert len({key(prompt, sampling), *others}) == 7
    assert key(prompt, Sampling(seed=1)) == key(prompt, Sampling(seed=2, top_p=0.5))  # greedy


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "a"}', '{"key": "a", "model": "m", "more": 1}'])
def test_a_damaged_recording_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(text)
    with pytest.raises(PrerequisiteError):
        Replay(path)


def test_two_models_in_one_recording_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    for name in ("a", "b"):
        Recorder(Echo(name), path).generate(tiny.prompts(1), Sampling())
    with pytest.raises(PrerequisiteError, match="of 2 models"):
        Replay(path)
    with pytest.raises(PrerequisiteError, match="cannot be read"):
        Replay(tmp_path / "none.jsonl")


@given(st.text())
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("r") / "answers.jsonl"
    prompt = Prompt((Message("user", text.encode("utf-8", "replace").decode()),))
    recorded = Recorder(Echo(), path).generate([prompt], Sampling())
    assert Replay(path).generate([prompt], Sampling()) == recorded
