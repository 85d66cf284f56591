"""Several servers of one model over real HTTP: the same answers as from one, also when one of them dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from steadyhand.chat.messages import Message
from steadyhand.errors import JobError, UsageError
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
from steadyhand.models.endpoints.pool import EndpointPool
from tests.serving import Scripted, serving

PROMPTS = [Prompt((Message("user", f"question {number}"),)) for number in range(40)]
EXPECTED = [f"answer to question {number}" for number in range(40)]
DOWN = "http://127.0.0.1:9/v1"  # the discard port: nobody listens


def answer(prompt: Prompt) -> str:
    return f"answer to {prompt.messages[-1].content}"


def _same(model: Scripted) -> Scripted:
    return model


@contextmanager
def pool(models: list[Scripted], *more: str) -> Iterator[tuple[EndpointPool, list[str]]]:
    told: list[str] = []
    with ExitStack() as stack:
        urls = [f"{stack.enter_context(serving(partial(_same, one))).url}/v1" for one in models]
        made = [OpenAIEndpoint(url, "m", retries=1, wait=0.0) for url in [*more, *urls]]
        found = EndpointPool(made, told.append)
        try:
            yield found, told
        finally:
            found.close()


def texts(backend: EndpointPool | OpenAIEndpoint, batch_size: int = 2) -> list[str]:
    return [one.text for one in backend.generate(PROMPTS, Sampling(), batch_size=batch_size)]


def test_three_servers_give_the_answers_of_one_and_all_of_them_work() -> None:
    models = [Scripted(answer) for _ in range(3)]
    with pool(models) as (found, told):
        assert texts(found) == EXPECTED == texts(found.endpoints[0])
    assert told == []
    assert sum(len(one.seen) for one in models) == 80
    assert min(len(one.seen) for one in models[1:]) > 0


def test_a_server_that_is_down_is_left_out_and_told_once() -> None:
    models = [Scripted(answer) for _ in range(2)]
    with pool(models, DOWN) as (found, told):
        assert texts(found) == EXPECTED
        assert texts(found) == EXPECTED
    assert len(told) == 1
    assert DOWN in told[0]


def test_a_server_that_dies_in_the_middle_loses_nothing() -> None:
    lock, served = threading.Lock(), [0]

    def dying(prompt: Prompt) -> str:
        with lock:
            served[0] += 1
            if served[0] > 5:
                raise RuntimeError("the card fell out")
        return answer(prompt)

    seen: list[tuple[int, int]] = []
    with pool([Scripted(dying), Scripted(answer), Scripted(answer)]) as (found, told):
        given = found.generate(
            PROMPTS, Sampling(), batch_size=2, progress=lambda done, total: seen.append((done, total))
        )
    assert [one.text for one in given] == EXPECTED
    assert len(told) == 1
    assert seen[-1] == (40, 40)
    assert seen == sorted(seen)


def test_when_all_are_down_the_last_ones_reason_is_given() -> None:
    with pool([], DOWN, "http://127.0.0.1:19/v1") as (found, told):
        with pytest.raises(JobError, match="no answer after 2 attempts"):
            texts(found)
        assert len(told) == 2


def test_what_every_server_refuses_is_not_asked_for_ever() -> None:
    with pool([Scripted(answer), Scripted(answer)]) as (found, _), pytest.raises(JobError, match="HTTP 4"):
        found.generate(PROMPTS[:3], Sampling(max_tokens=-1), batch_size=2)


def test_a_pool_has_a_fingerprint_of_its_servers_in_any_order_and_takes_each_once() -> None:
    first, second = OpenAIEndpoint(DOWN, "m"), OpenAIEndpoint("http://127.0.0.1:19/v1", "m")
    assert EndpointPool([first, second]).fingerprint == EndpointPool([second, first]).fingerprint
    assert EndpointPool([first]).fingerprint != EndpointPool([first, second]).fingerprint
    for wrong in ([], [first, first]):
        with pytest.raises(UsageError, match="each of them once"):
            EndpointPool(wrong)
