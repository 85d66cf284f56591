"""Served is measured, for every format: what a client gets is what the evaluation reads, streamed and not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.parsed import CannotWriteError
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.probe import Loss, Profile
from steadyhand.models.backend import Completion, Prompt, Sampling
from tests.serving import WEATHER, Scripted, serving

TOOL = Tool.from_openai(WEATHER)
CALL = ToolCall("weather", {"city": 'Graz </tool_call> "it\'s" </think>'})
SPOKEN = {
    "a call": Message("assistant", "", "A tool is due.", (CALL,)),
    "two calls": Message("assistant", "", None, (CALL, ToolCall("weather", {"city": "5"}))),
    "text and a call": Message("assistant", "One moment.", None, (CALL,)),
    "an answer": Message("assistant", "Sunny, 7 h.", "It was 7 h."),
}
every = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)


class Speaks(Scripted):
    """A model that answers in one format; `losses` are its template's."""

    def __init__(self, says: Callable[[Prompt], str], form: ChatFormat, losses: dict[Loss, str] | None = None) -> None:
        super().__init__(says)
        profile = Profile(form, True, losses or {})
        self.form = form
        self.renderer = SimpleNamespace(format=form, profile=profile, named=False, control_tokens=(), date="")

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        return replace(super().stream(prompt, sampling, tell), format=self.form.name)


@every
@pytest.mark.parametrize("name", SPOKEN)
def test_a_client_gets_what_the_evaluation_reads(form: ChatFormat, name: str) -> None:
    try:
        raw = form.write(SPOKEN[name])
    except CannotWriteError:
        pytest.skip(f"{form.name} has no way to write it")
    measured = Completion(raw, "stop", 1, 1, "", form.name).parsed([TOOL])
    with serving(lambda: Speaks(lambda _: raw, form)) as server:
        for message, finish in (server.message(tools=[WEATHER]), server.streamed(tools=[WEATHER])):
            calls = [one["function"] for one in message.get("tool_calls") or ()]
            assert [(c["name"], json.loads(c["arguments"])) for c in calls] == [
                (c.name, c.arguments) for c in measured.calls
            ]
            assert finish == ("tool_calls" if measured.calls else "stop")
            assert (message.get("reasoning_content") or None) == measured.think
            if measured.error is None:
                assert (message["content"] or "") == measured.content


@every
def test_a_broken_call_is_text_and_is_not_streamed_as_a_call(form: ChatFormat) -> None:
    raw = form.write(SPOKEN["a call"])
    start = form.last_call(raw)
    broken = raw[:start] + form.breakers[0](raw[start:])
    assert Completion(broken, "stop", 1, 1, "", form.name).parsed([TOOL]).error is not None
    with serving(lambda: Speaks(lambda _: broken, form)) as server:
        for message, finish in (server.message(tools=[WEATHER]), server.streamed(tools=[WEATHER])):
            assert "tool_calls" not in message
            assert finish == "stop"
            assert message["content"]


@every
def test_the_openai_client_reads_it(form: ChatFormat) -> None:
    openai = pytest.importorskip("openai", reason="the openai SDK is not installed")
    raws = [raw for message in SPOKEN.values() if (raw := written(form, message)) is not None]
    asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [WEATHER]}
    said = iter([raw for raw in raws for _ in range(2)])
    with (
        serving(lambda: Speaks(lambda _: next(said), form)) as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="x", max_retries=0) as client,
    ):
        for raw in raws:
            measured = Completion(raw, "stop", 1, 1, "", form.name).parsed([TOOL])
            whole = client.chat.completions.create(**asked).choices[0]
            with client.chat.completions.stream(**asked) as stream:
                streamed = stream.get_final_completion().choices[0]
            for choice in (whole, streamed):
                calls = [call.function for call in choice.message.tool_calls or ()]
                assert [(c.name, json.loads(c.arguments)) for c in calls] == [
                    (c.name, c.arguments) for c in measured.calls
                ]
                assert choice.finish_reason == ("tool_calls" if measured.calls else "stop")
                assert measured.error or (choice.message.content or "") == measured.content
    assert len(raws) >= 2


def written(form: ChatFormat, message: Message) -> str | None:
    try:
        return form.write(message)
    except CannotWriteError:
        return None


@pytest.mark.parametrize("loss", [loss for loss in Loss if loss.fatal])
def test_tools_are_refused_where_the_template_loses_them(loss: Loss) -> None:
    model = Speaks(lambda _: "Hello.", FORMATS["hermes"], {loss: ""})
    with serving(lambda: model) as server:
        refused = server.chat(tools=[WEATHER])
        assert refused.status_code == 400
        assert refused.json()["error"]["param"] == "tools"
        assert loss.sentence in refused.json()["error"]["message"]
        assert server.message()[0]["content"] == "Hello."
        assert server.message(tools=[WEATHER], tool_choice="none")[0]["content"] == "Hello."
