"""Judges of `steady serve`, of the client of endpoints, and of the page that shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bench.cases import Desk, expect, judge
from bench.cases.fake import answering
from steadyhand.models.loading.resolve import resolve

DOCS = Path(__file__).resolve().parents[2] / "docs" / "serve.md"


@judge("serve-args-1")
def empty_arguments(desk: Desk) -> str:
    body = json.loads(desk.input("request_empty_arguments.json").read_text("utf-8"))
    with desk.served("steady-nano") as (client, _):
        answer = client.post("chat/completions", json={**body, "model": "m", "max_tokens": 4})
    expect(answer.status_code == 200, f"{answer.status_code}: {answer.text[:120]}")
    return "200"


@judge("endpoint-ids-1")
def own_server(desk: Desk) -> str:
    with desk.served("steady-nano") as (client, _):
        words = ("eval", "--model", str(client.base_url).rstrip("/"), "--served-model", "m", "--domain", desk.starter())
        ran = desk.steady(*words, "--json")
    expect(ran.rc == 0, f"exit {ran.rc}: {ran.err.strip()[-200:]}")
    return f"an evaluation of {len(ran.json['metrics'])} metrics"


@judge("endpoint-bos-1")
def begin_of_text(desk: Desk) -> str:
    """A template that writes the BOS itself: the packaged one behind a first token of its own tokenizer."""
    bos = "<|endoftext|>"
    text = (resolve("steady-nano") / "chat_template.jinja").read_text("utf-8")
    folder = desk.model("bos", f"{{{{- '{bos}' }}}}{text}")
    config = folder / "tokenizer_config.json"
    settings = json.loads(config.read_text("utf-8")) | {"bos_token": bos}
    config.unlink()
    config.write_text(json.dumps(settings), "utf-8")
    row = {"choices": [{"text": "Hello.", "finish_reason": "stop"}], "usage": {"completion_tokens": 2}}
    with answering(row) as (url, bodies):
        words = ("--served-model", "m", "--tokenizer", folder, "--domain", desk.starter())
        ran = desk.steady("eval", "--model", url, *words)
    expect(ran.rc == 0 and bodies, f"exit {ran.rc}: {ran.err.strip()[-200:]}")
    doubled = [body for body in bodies if _gets_second_bos(body, bos)]
    expect(not doubled, f"{len(doubled)} of {len(bodies)} prompts go as text that begins with the BOS")
    return f"{len(bodies)} prompts, none gets a second BOS"


def _gets_second_bos(body: Any, bos: str) -> bool:
    prompt = body.get("prompt")
    return isinstance(prompt, str) and prompt.startswith(bos) and body.get("add_special_tokens") is not False


@judge("docs-serve-1")
def example(desk: Desk) -> str:
    """The first request of the page with a body, against the answer that the page shows under it."""
    text = re.sub(r"\n    ", " ", DOCS.read_text("utf-8"))
    asked = re.search(r"-d '(\{.*?\})'", text, re.DOTALL)
    expect(asked, "the page has no request")
    assert asked is not None
    answered = _first_json(text[asked.end() :])
    with desk.served("steady-nano") as (client, _):
        body = {**json.loads(asked[1]), "model": "m"}
        answer = client.post("chat/completions", json=body).json()
    page, real = _said(answered), _said(answer)
    expect(page == real, f"the page shows {page}, the server says {real}")
    return f"as the page shows: {real}"


def _first_json(text: str) -> Any:
    return json.JSONDecoder(strict=False).raw_decode(text, text.index("{"))[0]


def _said(row: Any) -> tuple[Any, ...]:
    """(what is said, calls, why it ended) without ids."""
    (choice,) = row["choices"]
    calls = [call["function"] for call in choice["message"].get("tool_calls") or ()]
    named = [(call["name"], json.loads(call["arguments"])) for call in calls]
    return choice["message"]["content"], named, choice["finish_reason"]
