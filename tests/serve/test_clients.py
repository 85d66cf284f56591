"""Real clients, as people use them: the openai SDK, pydantic-ai and openai-agents, streaming and not.

Each is skipped with a reason where it is not installed.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from steadyhand.models.backend import Prompt
from tests.serving import CALL, WEATHER, Scripted, Server, serving


def needs(module: str, name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{name} is not installed")


# Their own deprecations are theirs to mend; errors of ours would be assertions.
pytestmark = pytest.mark.filterwarnings("default")


def says(prompt: Prompt) -> str:
    """Calls while a tool is offered and nothing has answered; then tells the answer."""
    last = prompt.messages[-1]
    if last.role == "tool":
        return f"<think>\nthe tool has answered\n</think>\n\nIt is {last.content}."
    return f"<think>\na tool is due\n</think>\n\n{CALL}" if prompt.tools else "Hello there."


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"
    with serving(lambda: Scripted(says), token="geheim") as found:
        yield found


def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


@needs("openai", "the openai SDK")
class TestOpenai:
    @pytest.fixture
    def client(self, server: Server) -> Iterator[Any]:
        import openai

        with openai.OpenAI(base_url=f"{server.url}/v1", api_key="geheim", max_retries=0) as client:
            yield client

    def test_models(self, client: Any) -> None:
        assert [model.id for model in client.models.list()] == ["m"]

    def test_text_and_calls(self, client: Any) -> None:
        messages: list[Any] = [{"role": "user", "content": "hi"}]
        text = client.chat.completions.create(model="m", messages=messages)
        assert (text.choices[0].message.content, text.choices[0].finish_reason) == ("Hello there.", "stop")
        assert (text.usage.prompt_tokens, text.usage.completion_tokens) == (7, 12)
        called = client.chat.completions.create(model="m", messages=messages, tools=[WEATHER])
        message = called.choices[0].message
        assert (message.content, called.choices[0].finish_reason) == (None, "tool_calls")
        (call,) = message.tool_calls
        assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Graz"}')
        assert message.reasoning_content == "a tool is due"
        answer = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        messages += [message.model_dump(exclude_none=True), answer]
        told = client.chat.completions.create(model="m", messages=messages, tools=[WEATHER])
        assert told.choices[0].message.content == "It is sunny."

    def test_streams(self, client: Any) -> None:
        messages = [{"role": "user", "content": "hi"}]
        options = {"include_usage": True}
        chunks = list(client.chat.completions.create(model="m", messages=messages, stream=True, stream_options=options))
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello there."
        assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 19)
        with client.chat.completions.stream(model="m", messages=messages, tools=[WEATHER]) as stream:
            final = stream.get_final_completion()
        (call,) = final.choices[0].message.tool_calls
        assert (call.function.arguments, final.choices[0].finish_reason) == ('{"city": "Graz"}', "tool_calls")

    def test_errors_are_its_own(self, client: Any, server: Server) -> None:
        import openai

        messages = [{"role": "user", "content": "hi"}]
        with pytest.raises(openai.BadRequestError, match="n is not supported; it may only be 1") as caught:
            client.chat.completions.create(model="m", messages=messages, n=2)
        assert (caught.value.param, caught.value.code) == ("n", "unsupported_parameter")
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="other", messages=messages)
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=f"{server.url}/v1", api_key="x", http_client=client._client).models.list()


@needs("pydantic_ai", "pydantic-ai")
class TestPydanticAi:
    @staticmethod
    @asynccontextmanager
    async def agent(server: Server) -> AsyncIterator[Any]:
        """On a client of its own: the one that the library would make is closed by nobody."""
        from openai import AsyncOpenAI
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="geheim", max_retries=0) as client:
            agent = Agent(OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client)))
            agent.tool_plain(weather)
            yield agent

    def test_whole(self, server: Server) -> None:
        async def go() -> Any:
            async with self.agent(server) as agent:
                return (await agent.run("weather in Graz?")).output

        assert asyncio.run(go()) == "It is sunny in Graz."

    def test_streaming(self, server: Server) -> None:
        async def go() -> str:
            async with self.agent(server) as agent, agent.run_stream("weather in Graz?") as result:
                return "".join([piece async for piece in result.stream_text(delta=True)])

        assert asyncio.run(go()) == "It is sunny in Graz."


@needs("agents", "openai-agents")
class TestOpenaiAgents:
    def test_whole_and_streaming(self, server: Server) -> None:
        from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool
        from openai import AsyncOpenAI

        async def go() -> tuple[str, str, list[str]]:
            async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="geheim", max_retries=0) as client:
                model = OpenAIChatCompletionsModel(model="m", openai_client=client)
                agent = Agent(name="a", model=model, tools=[function_tool(weather)])
                whole = await Runner.run(agent, "weather in Graz?")
                stream = Runner.run_streamed(agent, "weather in Graz?")
                deltas = [
                    event.data.delta
                    async for event in stream.stream_events()
                    if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
                ]
                return whole.final_output, stream.final_output, deltas

        whole, streamed, deltas = asyncio.run(go())
        gc.collect()  # the streams that this client leaves open are reported here and not in a later test
        assert whole == streamed == "".join(deltas) == "It is sunny in Graz."
        assert len(deltas) > 1
