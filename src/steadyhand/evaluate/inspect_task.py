"""A domain's held-out suite as a task of Inspect (UK AI Security Institute), against any model that Inspect speaks to.

    inspect eval steadyhand/domain -T folder=mydomain --model openai/gpt-5-mini

Judged by the same rules as `steady eval`, with one difference that cannot be mended here: Inspect hands over calls that
the provider has parsed, so what a server repaired or dropped is not seen. Imports inspect_ai: imported by Inspect only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, accuracy, scorer, stderr
from inspect_ai.scorer import Target as Wanted
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall as TheirCall
from inspect_ai.tool import ToolInfo, ToolParams

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.datasets.folder import load
from steadyhand.errors import UsageError
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import Suite, Target, targets
from steadyhand.models.backend import Completion, FinishReason

GROUP = "group"  # samples of one group are not independent: the key that standard errors are clustered by


@task  # type: ignore[untyped-decorator]
def domain(folder: str, suites: str = "tool,public,reasoning", max_tokens: int = 1024) -> Task:
    """The questions of `folder` in the `suites`, each decision of a scenario a sample. Answers that nothing judges are
    unscored. Raises UsageError for `anchoring`, whose dialogues go on with the model's own answers."""
    chosen = [word.strip() for word in suites.split(",") if word.strip()]
    if "anchoring" in chosen:
        after = "leave it out; `steady eval --model URL` plays them"
        raise UsageError(
            "anchoring dialogues are played with the model's own answers, not as single samples", next=after
        )
    asked = {f"{target.suite}/{target.id}": target for target in targets(load(folder), cast(list[Suite], chosen))}
    return Task(
        dataset=MemoryDataset([_sample(key, target) for key, target in asked.items()], name=folder),
        solver=answer_once(asked),
        scorer=strict(asked),
        config=GenerateConfig(temperature=0.0, seed=0, max_tokens=max_tokens),
    )


@solver  # type: ignore[untyped-decorator]
def answer_once(asked: Mapping[str, Target]) -> Solver:
    """One answer with the sample's own tools on offer; calls are judged, never carried out."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        tools = [_offered(tool) for tool in asked[str(state.sample_id)].prompt.tools]
        state.output = await get_model().generate(state.messages, tools=tools)
        state.messages.append(state.output.message)
        return state

    return solve


@scorer(metrics=[accuracy(), stderr(cluster=GROUP)])  # type: ignore[untyped-decorator]
def strict(asked: Mapping[str, Target]) -> Scorer:
    """Right when the calls match and everything that judges the text accepts it, as in `steady eval`."""

    async def judge(state: TaskState, target: Wanted) -> Score:
        one = asked[str(state.sample_id)]
        reason: FinishReason = "length" if state.output.stop_reason in {"max_tokens", "model_length"} else "stop"
        raw = written(state.output.message)
        item = score(one, one.prompt, Completion(raw, reason, 0, 0, "", HERMES.name))
        if item.passed is None:
            return Score.unscored(answer=raw, explanation="nothing judges this answer")
        return Score(
            value="C" if item.passed else "I", answer=raw, explanation=item.code or "", metadata=item.facts.to_json()
        )

    return judge


def written(answer: ChatMessageAssistant) -> str:
    """What a model of our own would have written: thinking, text, calls. A call that the provider could not parse
    stays broken."""
    parts = answer.content if isinstance(answer.content, list) else []
    thought = "\n".join(part.reasoning for part in parts if isinstance(part, ContentReasoning))
    calls = "\n".join(_call(call) for call in answer.tool_calls or [])
    text = "\n".join(filter(None, [answer.text.strip(), calls]))
    return HERMES.think.write(thought) + text if thought else text


def _call(call: TheirCall) -> str:
    whole = HERMES.write_calls([ToolCall(call.function, call.arguments)])
    return whole.replace("}", "", 1) if call.parse_error else whole


def _sample(key: str, target: Target) -> Sample:
    messages = [_message(message) for message in target.prompt.messages]
    return Sample(input=messages, target=target.expected, id=key, metadata={GROUP: target.cluster, "lang": target.lang})


def _message(message: Message) -> ChatMessage:
    if message.role == "system":
        return ChatMessageSystem(content=message.content)
    if message.role == "user":
        return ChatMessageUser(content=message.content)
    if message.role == "tool":
        return ChatMessageTool(content=message.content, tool_call_id=message.tool_call_id or None)
    thought = [ContentReasoning(reasoning=message.think)] if message.think else []
    calls = [TheirCall(call.id or f"call_{i}", call.name, call.arguments) for i, call in enumerate(message.calls)]
    return ChatMessageAssistant(content=[*thought, ContentText(text=message.content)], tool_calls=calls or None)


def _offered(tool: Tool) -> ToolInfo:
    schema = json.loads(json.dumps(tool.parameters))
    return ToolInfo(name=tool.name, description=tool.description, parameters=ToolParams(**schema))
