"""How to serve an exported model: vLLM's command line with the right parsers, and a Modelfile for Ollama.

A server whose parser does not fit the chat template answers HTTP 200 with the call left in the text. So the flags are
read off the template itself, and where it is none that is known, none are given. Runs no server.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHATML = ("<|im_start|>", "<tools>", "<tool_call>", "<tool_response>")  # what Qwen2.5 and Qwen3 write


@dataclass(frozen=True)
class Parsers:
    """vLLM's names for how calls and thinking are told from the answer; None: no parser is known to fit."""

    tools: str | None
    reasoning: str | None


def parsers_of(template: str, prompt: str) -> Parsers:
    """Reads vLLM's parsers off a chat template and off `prompt`, a dialogue rendered up to the assistant's turn.

    JSON between <tool_call> tags is "hermes", XML functions between them "qwen3_coder". Thinking that the model opens
    itself is "qwen3"; where the template opens it (the completion holds only the closing tag) it is "deepseek_r1".
    """
    tools = None
    if "<tool_call>" in template:
        tools = "qwen3_coder" if "<function=" in template else "hermes"
    reasoning = None
    if "<think>" in template:
        reasoning = "deepseek_r1" if prompt.rstrip().endswith("<think>") else "qwen3"
    return Parsers(tools, reasoning)


def vllm_command(
    model: str, name: str, parsers: Parsers, context: int, *, adapter: Path | None = None, rank: int = 0
) -> str:
    """One line for a shell. `context` is the longest dialogue in tokens; with `adapter`, `model` is its base."""
    words = ["vllm", "serve", model, "--served-model-name", name if adapter is None else f"{name}-base"]
    words += ["--max-model-len", str(context)]
    if parsers.tools:
        words += ["--enable-auto-tool-choice", "--tool-call-parser", parsers.tools]
    if parsers.reasoning:
        words += ["--reasoning-parser", parsers.reasoning]
    if adapter is not None:
        words += ["--enable-lora", "--max-lora-rank", str(max(8, rank)), "--lora-modules", f"{name}={adapter}"]
    return shlex.join(words)


def speaks_chatml(template: str) -> bool:
    """Whether `ollama_template` says what this chat template says. One that writes a system message of its own where a
    dialogue has none (Qwen2.5) says something else, and so does one that cannot be rendered here."""
    marked = all(mark in template for mark in CHATML) and "<function=" not in template
    return marked and _plain_question(template) == _PLAIN


_PLAIN = "<|im_start|>user\nsteady-question<|im_end|>\n<|im_start|>assistant\n"


def _plain_question(template: str) -> str | None:
    """A question without a system message or tools, as the template writes it; None where it fails."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    rooms = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    asked = [{"role": "user", "content": "steady-question"}]
    try:
        return rooms.from_string(template).render(messages=asked, tools=None, add_generation_prompt=True)
    except Exception:  # noqa: BLE001  a template is a program that others wrote: it raises what it likes
        return None


def modelfile(gguf: str, context: int, stops: Sequence[str]) -> str:
    """An Ollama Modelfile for the GGUF file named `gguf`, greedy as evaluations are.

    Ollama writes tool schemas and arguments in its own JSON spelling, so its prompts differ from those of training in
    white space: measure what it serves before trusting it.
    """
    lines = [
        f"FROM ./{gguf}",
        "PARAMETER temperature 0",
        f"PARAMETER num_ctx {context}",
        *(f'PARAMETER stop "{stop}"' for stop in stops),
        f'TEMPLATE """{ollama_template()}"""',
    ]
    return "\n".join(lines) + "\n"


def ollama_template() -> str:
    """The dialogue format of Qwen3 in Go's template language: thinking is kept after the last message of the user
    only, tool results of one turn share one message, and the assistant's turn is opened."""
    return _TEMPLATE


_TEMPLATE = """\
{{- $user := -1 }}{{ $open := false }}
{{- range $i, $_ := .Messages }}{{ if eq .Role "user" }}{{ $user = $i }}{{ end }}{{ end }}
{{- if or .System .Tools }}<|im_start|>system
{{ .System }}{{ if and .System .Tools }}

{{ end }}{{ if .Tools }}# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{{- range .Tools }}
{"type": "function", "function": {{ .Function }}}
{{- end }}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>{{ end }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 }}{{ $gap := "" }}
{{- if and $open (ne .Role "tool") }}<|im_end|>
{{ $open = false }}{{ end }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if and (gt $i $user) .Thinking }}<think>
{{ .Thinking }}
</think>

{{ end }}{{ .Content }}{{ if .Content }}{{ $gap = "\\n" }}{{ end }}
{{- if .ToolCalls }}{{ range .ToolCalls }}{{ $gap }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>{{ $gap = "\\n" }}{{ end }}{{ end }}{{ if not $last }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}{{ if not $open }}<|im_start|>user{{ $open = true }}{{ end }}
<tool_response>
{{ .Content }}
</tool_response>
{{- end }}
{{- if and $last (ne .Role "assistant") }}{{ if $open }}<|im_end|>
{{ end }}<|im_start|>assistant
{{ if and $.IsThinkSet (not $.Think) }}<think>

</think>

{{ end }}{{ end }}
{{- end }}"""
