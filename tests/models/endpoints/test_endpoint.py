"""The endpoint against a server that is played here: requests as sent, answers as scored, failures as errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Message, ToolCall
from steadyhand.chat.render import Renderer
from steadyhand.errors import JobError
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
from tests import tiny

URL = "http://server/v1"
Handler = Callable[[httpx.Request], httpx.Response]


def endpoint(handler: Handler, waits: list[float] | None = None, **options: Any) -> OpenAIEndpoint:
    sleep = (waits if waits is not None else []).append
    return OpenAIEndpoint(URL, "m", transport=httpx.MockTransport(handler), sleep=sleep, **options)


def completion(text: str, reason: str = "stop") -> httpx.Response:
    return httpx.Response(200, json={"choices": [{"text": text, "finish_reason": reason}], "usage": {}})


def chat(message: dict[str, Any], reason: str = "stop") -> httpx.Response:
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return httpx.Response(200, json={"choices": [{"message": message, "finish_reason": reason}], "usage": usage})


def test_with_a_renderer_the_prompt_is_ours_and_the_text_raw() -> None:
    renderer = Renderer(tiny.tokenizer())
    prompt = tiny.prompts(1)[0]
    sent: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/completions"
        assert request.headers["authorization"] == "Bearer secret"
        sent.append(json.loads(request.content))
        return completion('<think>\n\n</think>\n\n<tool_call>\n{"name": "x"}\n</tool_call><|im_end|>', "length")

    backend = endpoint(handler, renderer=renderer, api_key="secret")
    (answer,) = backend.generate([prompt], Sampling(0.5, 0.9, 12, 3))
    rendered = renderer.prompt(prompt.messages, prompt.tools)
    assert sent == [
        {
            "model": "m", "temperature": 0.5, "top_p": 0.9, "max_tokens": 12, "seed": 3,
            "skip_special_tokens": False, "prompt": list(rendered.ids),
        }
    ]  # fmt: skip
    assert answer.text == '<think>\n\n</think>\n\n<tool_call>\n{"name": "x"}\n</tool_call>'
    assert (answer.finish_reason, answer.prompt_tokens) == ("length", len(rendered.ids))
    assert answer.completion_tokens == len(renderer.encode_completion(answer.text)) - 1


def test_without_one_the_raw_text_is_put_together_again() -> None:
    call = ToolCall("query", {"uri": "a"})
    history = (Message("user", "q"), Message("assistant", calls=(call,)), Message("tool", "73"))
    sent: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/chat/completions"
        sent.append(json.loads(request.content))
        function = {"name": "query", "arguments": '{"uri": "b"}'}
        message = {"content": None, "reasoning_content": "hm", "tool_calls": [{"function": function}]}
        return chat(message, "tool_calls")

    (answer,) = endpoint(handler).generate([Prompt(history, (tiny.QUERY,))], Sampling())
    assert answer.text == (
        '<think>\nhm\n</think>\n\n<tool_call>\n{"name": "query", "arguments": {"uri": "b"}}\n</tool_call>'
    )
    assert (answer.finish_reason, answer.prompt_tokens, answer.completion_tokens) == ("stop", 7, 3)
    assert sent[0]["tools"] == [tiny.QUERY.to_openai()]
    assert sent[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"uri": "a"}'


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "hello"}, "hello"),
        ({}, ""),
        ({"content": "a", "tool_calls": [{"function": {"name": "f", "arguments": "{bad"}}]},
         'a\n<tool_call>\n{"name": "f", "arguments": {bad}\n</tool_call>'),
        ({"tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}] * 2},
         '\n'.join(['<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call>'] * 2)),
    ],
)  # fmt: skip
def test_raw_text(message: dict[str, Any], text: str) -> None:
    assert HERMES.from_message(message) == text


def test_answers_keep_the_order_of_the_prompts() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return chat({"content": json.loads(request.content)["messages"][0]["content"].upper()})

    prompts = [Prompt((Message("user", f"q{i}"),)) for i in range(20)]
    seen: list[int] = []
    answers = endpoint(handler).generate(prompts, Sampling(), batch_size=4, progress=lambda done, _: seen.append(done))
    assert [answer.text for answer in answers] == [f"Q{i}" for i in range(20)]
    assert seen == list(range(1, 21))
    assert len({answer.prompt_hash for answer in answers}) == 20


def test_busy_and_broken_servers_are_asked_again() -> None:
    failures: list[httpx.Response | httpx.TransportError] = [
        httpx.ConnectError("refused"),
        httpx.Response(429, headers={"retry-after": "9"}),
        httpx.Response(503),
        httpx.ReadTimeout("slow"),
    ]

    def handler(request: httpx.Request) -> httpx.Response:
        if not failures:
            return chat({"content": "ok"})
        failure = failures.pop(0)
        if isinstance(failure, httpx.TransportError):
            raise failure
        return failure

    waits: list[float] = []
    answers = endpoint(handler, waits).generate(tiny.prompts(1), Sampling())
    assert answers[0].text == "ok"
    assert waits == [1.0, 9.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(500), "no answer after 2 attempts: HTTP 500"),
        (httpx.Response(401), "refuses the API key"),
        (httpx.Response(404, text="no such model"), "HTTP 404: no such model"),
        (httpx.Response(200, text="<html>"), "not answer with JSON"),
        (httpx.Response(200, json=[1]), "not answer with an object"),
        (httpx.Response(200, json={"choices": []}), "has no choices"),
        (httpx.Response(200, json={"choices": [{"finish_reason": "content_filter"}]}), "content_filter"),
    ],
)
def test_what_is_no_answer_is_a_job_error(response: httpx.Response, says: str) -> None:
    with pytest.raises(JobError, match=says):
        endpoint(lambda _: response, retries=1).generate(tiny.prompts(2), Sampling())


def test_the_fingerprint_tells_servers_and_templates_apart() -> None:
    plain = endpoint(lambda _: completion(""))
    rendered = endpoint(lambda _: completion(""), renderer=Renderer(tiny.tokenizer()))
    assert len({plain.fingerprint, rendered.fingerprint, OpenAIEndpoint("http://other/v1", "m").fingerprint}) == 3


def sse(*chunks: dict[str, Any]) -> httpx.Response:
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return httpx.Response(
        200, text=": hi\n\n" + "".join(lines) + "data: [DONE]\n\n", headers={"content-type": "text/event-stream"}
    )


def delta(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": None}]}


def goes_on(told: list[str]) -> Callable[[str], bool]:
    def tell(text: str) -> bool:
        told.append(text)
        return False

    return tell


def test_a_streamed_chat_is_put_together_and_told_as_it_grows() -> None:
    first = {"index": 0, "id": "c", "function": {"name": "query", "arguments": ""}}
    chunks = [
        delta(role="assistant", content=""), delta(reasoning_content="hm"), delta(content="so "),
        delta(content="it is"), delta(tool_calls=[first]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"uri": "b"}'}}]),
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
    ]  # fmt: skip
    told: list[str] = []
    answer = endpoint(lambda _: sse(*chunks)).stream(tiny.prompts(1)[0], Sampling(), goes_on(told))
    assert answer.text == (
        '<think>\nhm\n</think>\n\nso it is\n<tool_call>\n{"name": "query", "arguments": {"uri": "b"}}\n</tool_call>'
    )
    assert (answer.finish_reason, answer.prompt_tokens, answer.completion_tokens) == ("stop", 7, 3)
    assert told[2:4] == ["<think>\nhm\n</think>\n\nso ", "<think>\nhm\n</think>\n\nso it is"]


def test_a_raw_stream_is_the_same_answer_and_ends_where_it_is_told_to() -> None:
    renderer = Renderer(tiny.tokenizer())

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/completions"
        assert json.loads(request.content)["stream"] is True
        pieces = [{"choices": [{"text": text, "finish_reason": None}]} for text in ("the level", " is 7", " of 9")]
        return sse(*pieces, {"choices": [{"text": "<|im_end|>", "finish_reason": "stop"}]})

    backend = endpoint(handler, renderer=renderer)
    assert backend.stream(tiny.prompts(1)[0], Sampling(), lambda _: False).text == "the level is 7 of 9"
    cut = backend.stream(tiny.prompts(1)[0], Sampling(), lambda text: "7" in text)
    assert (cut.text, cut.finish_reason) == ("the level is 7", "stop")
    assert cut.completion_tokens == len(renderer.encode_completion(cut.text)) - 1


def test_a_server_that_does_not_stream_gives_its_answer_at_once() -> None:
    told: list[str] = []
    answer = endpoint(lambda _: chat({"content": "ok"})).stream(tiny.prompts(1)[0], Sampling(), goes_on(told))
    assert (answer.text, told) == ("ok", ["ok"])


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(503), "HTTP 503"),
        (sse({"error": {"message": "out of memory"}}), "out of memory"),
        (sse(delta(content="half")), "ended an answer with 'None'"),
        (httpx.Response(200, text="data: {\n\n", headers={"content-type": "text/event-stream"}), "else than JSON"),
    ],
)
def test_a_broken_stream_is_a_job_error(response: httpx.Response, says: str) -> None:
    with pytest.raises(JobError, match=says):
        endpoint(lambda _: response).stream(tiny.prompts(1)[0], Sampling(), lambda _: False)


@pytest.mark.parametrize("code", [200, 400, 500])
def test_a_key_that_the_server_sends_back_is_in_no_answer_and_no_error(code: int) -> None:
    key = "key-8Q2xT7vL4mZ9w"

    def handler(request: httpx.Request) -> httpx.Response:
        told = request.headers["authorization"]
        if code == 200:
            return chat({"content": f"you sent {told}"})
        return httpx.Response(code, json={"error": f"bad key {told}", "url": str(request.url)})

    url = "http://ada:pass-w0rd-of-hers@server/v1"
    backend = OpenAIEndpoint(url, "m", api_key=key, retries=0, transport=httpx.MockTransport(handler))
    if code == 200:
        assert backend.generate(tiny.prompts(1), Sampling())[0].text == "you sent Bearer ***"
        return
    with pytest.raises(JobError) as caught:
        backend.generate(tiny.prompts(1), Sampling())
    assert key not in str(caught.value)
    assert "pass-w0rd" not in str(caught.value)
