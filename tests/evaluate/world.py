"""A small domain in memory and a model that answers from a script, for the tests of evaluation."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from steadyhand.chat.messages import Message, Tool, ToolCall, to_openai
from steadyhand.domain.model import AnswerRule, Domain, Probe, Scenario
from steadyhand.errors import Place
from steadyhand.models.backend import Completion, FinishReason, Progress, Prompt, Sampling

HERE = Place("test.yaml", 1)
QUERY = Tool(
    "query_uss",
    "Look a URI up.",
    {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"], "additionalProperties": False},
)
THINK = "<think>\nIntent: answer. Plan: say it. Check: nothing invented.\n</think>\n\n"


def call(uri: str, name: str = "query_uss") -> str:
    return "<tool_call>\n" + json.dumps({"name": name, "arguments": {"uri": uri}}) + "\n</tool_call>"


def scenario(number: int) -> Scenario:
    """Two decisions: look the URI up, then read the level."""
    uri = f"http://host{number}.test"
    messages = (
        Message("user", f"Is {uri} safe?"),
        Message("assistant", calls=(ToolCall("query_uss", {"uri": uri}),)),
        Message("tool", json.dumps({"level": 73, "uri": uri})),
        Message("assistant", "It is unsafe."),
    )
    rule = {3: AnswerRule(("unsafe|不安全",), ())}
    loose = {"query_uss": {"uri": "uri"}}
    name = f"s{number}"
    return Scenario(name, name, "eval", "common", "en", ("query_uss",), messages, HERE, rule, loose)


def chat(number: int) -> Scenario:
    """One decision: no call is due."""
    messages = (Message("user", f"Thanks, that was report {number}."), Message("assistant", "You are welcome."))
    rule = {1: AnswerRule(("welcome",))}
    return Scenario(f"c{number}", f"c{number}", "eval", "common", "en", ("query_uss",), messages, HERE, rule)


def probes(public: int, dialogues: int) -> tuple[Probe, ...]:
    """Turns of the first dialogue of a language are named a-en-0 and so on, of the second a-en-1-0."""
    found = [Probe(f"p{i}", "public", "en", f"Public fact {i}?", AnswerRule(("fact",)), HERE) for i in range(public)]
    for lang, words in (("en", "service"), ("zh", "服务")):
        for talk, turn in itertools.product(range(dialogues), range(10)):
            name, rule = f"{talk}-{turn}" if talk else f"{turn}", AnswerRule((words,), ("bus",))
            question, cluster = f"USS {lang} {name}?", f"d{talk}" if talk else ""
            found.append(Probe(f"a-{lang}-{name}", "anchoring", lang, question, rule, HERE, cluster))  # type: ignore[arg-type]
    found.append(Probe("r0", "reasoning", "en", "Why is level 73 unsafe?", AnswerRule(("50",)), HERE))
    return tuple(found)


def domain(scenarios: int = 3, public: int = 4, dialogues: int = 1) -> Domain:
    rows = [*(scenario(i) for i in range(scenarios)), *(chat(i) for i in range(scenarios))]
    train = replace(scenario(99), id="t99", split="train")
    clarify = {"en": "The topic is network security.", "zh": "主题是网络安全。"}
    tools = {"query_uss": QUERY}
    return Domain(Path("memory"), "memory", (), tools, (*rows, train), probes(public, dialogues), clarify=clarify)


def right(prompt: Prompt) -> str:
    """What a perfectly tuned model says."""
    last = prompt.messages[-1]
    if last.role == "tool":
        return THINK + f"{json.loads(last.content)['uri']} is unsafe, its level is 73."
    if last.content.startswith("Is http"):
        return THINK + call(last.content.split()[1])
    answers = {"Thanks": "You are very welcome.", "Public": "That is a known fact.", "Why": "Its level is above 50."}
    start = last.content.split(",")[0].split()[0]
    if start == "USS":
        return THINK + ("USS 是一个安全服务。" if " zh " in last.content else "USS is a reputation service.")
    return THINK + answers.get(start, "Yes, I understand the topic.")


class Scripted:
    """A backend that asks `answer` for every prompt; `overrides` maps a last message's text to another raw answer.

    Keeps what it was asked, so that tests can see prompts and batches.
    """

    def __init__(
        self,
        answer: Callable[[Prompt], str] = right,
        overrides: Mapping[str, str] | None = None,
        finish: FinishReason = "stop",
        template: str = "t",
    ) -> None:
        self.answer, self.overrides, self.finish, self.template = answer, dict(overrides or {}), finish, template
        self.asked: list[list[Prompt]] = []
        self.sizes: list[int] = []

    @property
    def fingerprint(self) -> str:
        return f"scripted-{self.template}"

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        self.asked.append(list(prompts))
        self.sizes.append(batch_size)
        done = []
        for number, prompt in enumerate(prompts, start=1):
            text = self.overrides.get(prompt.messages[-1].content) or self.answer(prompt)
            shown = self.template + json.dumps(to_openai(prompt.messages)) + str(prompt.tools)
            done.append(Completion(text, self.finish, 10, len(text), hashlib.sha256(shown.encode()).hexdigest()))
            if progress:
                progress(number, len(prompts))
        return done
