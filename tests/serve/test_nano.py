"""The embedded model, served: the same answer whole, streamed, alone, among others, and as `generate` gives it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from steadyhand.chat.messages import Message, Tool
from steadyhand.chat.parse import parse_strict
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.generation.local import LocalModel
from steadyhand.models.loading.load import load
from tests.serving import WEATHER, Server, serving

ASKED = ("What is the weather in Paris?", "Hello!", "Two plus three?", "天气怎么样？")


@pytest.fixture(scope="module")
def nano() -> LocalModel:
    return load("steady-nano")


@pytest.fixture(scope="module")
def server(nano: LocalModel) -> Iterator[Server]:
    with serving(lambda: nano, most=48) as found:
        yield found


def plain(message: dict[str, Any]) -> tuple[Any, ...]:
    calls = [(c["function"]["name"], c["function"]["arguments"]) for c in message.get("tool_calls", ())]
    return message.get("content") or "", message.get("reasoning") or "", calls


def test_one_request_one_answer(server: Server, nano: LocalModel) -> None:
    tool = Tool.from_openai(WEATHER)
    alone = [server.message(text, tools=[WEATHER]) for text in ASKED]
    with ThreadPoolExecutor(8) as pool:
        others = list(pool.map(lambda text: server.message(text, tools=[WEATHER]), ASKED * 2))
        streams = list(pool.map(lambda text: server.streamed(text, tools=[WEATHER]), ASKED))
    for found in (others[: len(ASKED)], others[len(ASKED) :], streams):
        assert [(plain(m), finish) for m, finish in found] == [(plain(m), finish) for m, finish in alone]
    for text, (message, _) in zip(ASKED, alone, strict=True):
        (direct,) = nano.generate([Prompt((Message("user", text),), (tool,))], Sampling(max_tokens=48), batch_size=1)
        parsed = parse_strict(direct.text, direct.finish_reason)
        assert len(message.get("tool_calls", ())) in (0, len(parsed.calls))
        if not parsed.error and not parsed.calls:
            assert message["content"] == parsed.content


def test_sampling_repeats_by_seed(server: Server) -> None:
    answers = [server.message("Hello!", temperature=1.0, seed=seed, max_tokens=16)[0] for seed in (1, 1, 2)]
    assert answers[0] == answers[1]
    assert server.chat("Hello!", max_tokens=3).json()["usage"]["completion_tokens"] == 3


def test_a_prompt_beyond_the_context_is_refused(server: Server) -> None:
    response = server.chat("word " * 20_000)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "context_length_exceeded")
