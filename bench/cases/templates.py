"""Judges of chat templates: what they cannot write is said before anything is measured, trained or served."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import transformers.utils.chat_template_utils as templates

from bench.cases import Desk, Wrong, expect, judge, shown
from bench.cases.fake import answering
from steadyhand.agent.neutral import neutral
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.parse import parse_strict
from steadyhand.chat.render import Renderer
from steadyhand.export.serve import speaks_chatml
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
from steadyhand.models.loading.load import load_tokenizer

TOOL = {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]}
OFFER = {"type": "function", "function": {"name": "stock_price", "description": "d", "parameters": TOOL}}
HISTORY = (
    Message("user", "Price of KLM?"),
    Message("assistant", calls=(ToolCall("stock_price", {"symbol": "KLM"}),)),
    Message("tool", "90"),
)


@judge("template-crash-1")
def arguments_as_text(desk: Desk) -> str:
    model = desk.model("template_arguments_text.jinja")
    ran = desk.steady("check", desk.input("rows_call.jsonl"), "--model", model, "--json")
    expect(ran.rc in (0, 1, 2, 3) and "unexpected" not in ran.err, f"exit {ran.rc}: {ran.err.strip()[-120:]}")
    messages = desk.rows("rows_call.jsonl")[0]["messages"][:3]
    with desk.served(model) as (client, _):
        answer = client.post("chat/completions", json={"model": "m", "messages": messages, "max_tokens": 4})
    expect(answer.status_code != 500, f"serve answers {answer.status_code}")
    return f"check: exit {ran.rc}, {shown(ran.findings('T')) if ran.rc < 2 else 'refused'}; serve: {answer.status_code}"


@judge("template-calls-1")
def unreadable_calls(desk: Desk) -> str:
    """A format of calls that has become readable is measured without a warning, and its answer is a right call."""
    model = desk.model("template_parameters_key.jinja")
    ran = desk.steady("eval", "--model", model, "--domain", desk.starter(), "--json")
    if ran.rc in (2, 3):
        return f"refused: {ran.err.strip()[-120:]}"
    expect(ran.rc == 0, f"exit {ran.rc}: {ran.err.strip()[-120:]}")
    expect("call" in ran.err, "measured without a word")
    return f"warned: {ran.err.strip()[-120:]}"


@judge("template-tools-1")
def unseen_tools(desk: Desk) -> str:
    model = desk.model("template_content_only.jinja")
    findings = desk.check("rows_offer.jsonl", "--model", model).findings("T105")
    expect(findings, "check: no T105")
    with desk.served(model) as (client, said):
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [OFFER], "max_tokens": 4}
        answer = client.post("chat/completions", json=body)
        plain = client.post("chat/completions", json={**body, "tools": []})
    warned = "tool" in "".join(said)
    expect(answer.status_code == 400 or warned, f"serve answers {answer.status_code} without a warning")
    expect(plain.status_code == 200, f"without tools serve answers {plain.status_code}")
    return f"T105; serve: {answer.status_code}"


@judge("template-ids-1")
def nine_letter_ids(desk: Desk) -> str:
    model = desk.model("template_nine_letter_ids.jinja")
    findings = desk.check("rows_call.jsonl", "--model", model).findings("T104")
    expect(not findings, f"T104: {findings[0]['message'] if findings else ''}")
    return "rendered"


@judge("template-date-1")
def dated(desk: Desk) -> str:
    model = desk.model("template_dated.jinja")
    one, other = (_rendered(model, datetime(2031, 3, day)) for day in (4, 5))
    if one[0] == other[0]:
        return "the same prompt on both days"
    if one[1] != other[1]:
        return "other prompts, and other fingerprints"
    warned = "date" in desk.steady("check", desk.input("rows_offer.jsonl"), "--model", model).out
    expect(warned, "other token ids, equal fingerprint, no warning")
    return "check warns"


def _rendered(model: Path, day: datetime) -> tuple[tuple[int, ...], str]:
    """(ids of a prompt, fingerprint) on that day."""

    class Fixed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return day

    kept = templates.datetime
    templates.datetime = Fixed
    try:
        renderer = Renderer(load_tokenizer(model))
        return renderer.prompt([Message("user", "Hi")], ()).ids, renderer.fingerprint
    finally:
        templates.datetime = kept


@judge("template-think-1")
def think_but_after_tools(desk: Desk) -> str:
    renderer = Renderer(load_tokenizer(desk.model("template_think_but_after_tools.jinja")))
    tool = Tool("stock_price", "d", TOOL)
    with answering({"choices": [{"text": "It costs 90.", "finish_reason": "stop"}]}) as (url, _):
        endpoint = OpenAIEndpoint(url, "m", renderer=renderer)
        after, first = endpoint.generate([Prompt(HISTORY, (tool,)), Prompt(HISTORY[:1], (tool,))], Sampling())
    content = parse_strict(after.text).content.strip()
    expect(content == "It costs 90.", f"after a result: {after.text!r}")
    expect(first.text.startswith("<think>"), f"after a question: {first.text!r}")
    return "the answer after a result is content"


@judge("inspect-empty-1")
def inspect_empty(desk: Desk) -> str:
    words = ("--inspect", "--source", "scenario", "--set", "sft.scenarios=true")
    model = desk.model("template_content_only.jinja")
    ran = desk.steady("train", desk.starter(), *words, "--model", model)
    expect(ran.rc in (0, 1, 2, 3), f"exit {ran.rc}: {ran.err.strip()[-120:]}")
    said = (ran.out + ran.err).lower()
    noted = [line for line in said.splitlines() if "end of turn" in line or "end-of-turn" in line]
    expect(noted, "no note about rows whose only trained token is the end of turn")
    return noted[0].strip()


@judge("neutral-1")
def control_tokens(desk: Desk) -> str:
    text = neutral(desk.input("control_tokens.txt").read_text("utf-8"))
    left = [token for token in ("<start_of_turn>", "<end_of_turn>", "[TOOL_CALLS]") if token in text]
    expect(not left, f"still real: {left}")
    return "no control token is left"


@judge("modelfile-1")
def default_system(desk: Desk) -> str:
    """The start of Qwen2.5's template: a default system message where the dialogue has none."""
    template = (
        "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] }}{%- else %}"
        "{{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.' }}{%- endif %}"
        "<tools></tools><tool_call></tool_call><tool_response></tool_response>{%- if add_generation_prompt %}"
        "{{- '<|im_start|>assistant\\n' }}{%- endif %}"
    )
    if speaks_chatml(template):
        raise Wrong("Qwen3's Modelfile would be written for it, without the default system message")
    return "no Modelfile of Qwen3's"
