"""How to serve an exported model: vLLM's and SGLang's command lines with the right parsers, and a Modelfile for Ollama.

A server whose parser does not fit the chat template answers HTTP 200 with the call left in the text. So the flags are
those of the format that the template's probes found, and where none was found, none are given. Runs no server.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.marks import RESULT_OPEN
from steadyhand.chat.formats.qwen_xml import FUNCTION
from steadyhand.chat.probe import Loss, Profile
from steadyhand.errors import SteadyError

CHATML = ("<|im_start|>", "<tools>", HERMES.open, RESULT_OPEN)  # what Qwen2.5 and Qwen3 write


@dataclass(frozen=True)
class Parsers:
    """vLLM's names for how calls and thinking are told from the answer, and SGLang's for calls; None: no parser is
    known to fit. `loses` says what vLLM's reads otherwise than the model writes it; "" for nothing known."""

    tools: str | None
    reasoning: str | None
    sglang: str | None = None
    loses: str = ""

    @property
    def warning(self) -> str:
        """A note for whoever serves with vLLM, or ""."""
        if not self.loses:
            return ""
        return f"vLLM's parser `{self.tools}` {self.loses}. What it serves is not what was measured."


SGLANG_REASONING = {  # by vLLM's name
    "qwen3": "qwen3", "deepseek_r1": "deepseek-r1", "openai_gptoss": "gpt-oss", "gemma4": "gemma4",
    "mistral": "mistral",
}  # fmt: skip


def parsers_of(profile: Profile, *, opened: bool) -> Parsers:
    """The parsers of the format that a chat template writes, as its probes found; `opened`: whether its prompts end in
    the mark that opens a thought. None for calls that nobody reads, and for thinking that the template does not write.

    parsers_of(renderer.profile, opened=False)  # Parsers("hermes", "qwen3", "qwen25") for Qwen3
    """
    servers = profile.format.servers
    partly = profile.losses.get(Loss.THINKING, "").startswith("thinking, then")
    thinks = Loss.THINKING not in profile.losses or partly
    reasoning = (servers.opened if opened else servers.reasoning) if thinks else None
    if not profile.found:
        return Parsers(None, reasoning)
    return Parsers(servers.vllm, reasoning, servers.sglang, servers.vllm_loses)


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


def sglang_command(model: str, name: str, parsers: Parsers, context: int) -> str:
    """One line for a shell, for merged weights. `context` is the longest dialogue in tokens."""
    words = ["python", "-m", "sglang.launch_server", "--model-path", model, "--served-model-name", name]
    words += ["--context-length", str(context)]
    if parsers.sglang:
        words += ["--tool-call-parser", parsers.sglang]
    if reasoning := SGLANG_REASONING.get(parsers.reasoning or ""):
        words += ["--reasoning-parser", reasoning]
    return shlex.join(words)


def speaks_chatml(template: str) -> bool:
    """Whether `ollama_template` says what this chat template says. One that writes a system message of its own where a
    dialogue has none (Qwen2.5) says something else, and so does one that cannot be rendered here."""
    marked = all(mark in template for mark in CHATML) and FUNCTION not in template
    return marked and _plain_question(template) == _PLAIN


_PLAIN = "<|im_start|>user\nsteady-question<|im_end|>\n<|im_start|>assistant\n"


def _plain_question(template: str) -> str | None:
    """A question without a system message or tools, as the template writes it; None where it fails."""
    from jinja2 import TemplateError

    from steadyhand.chat.sandbox import render  # bounded: a template is a program that others wrote

    asked = [{"role": "user", "content": "steady-question"}]
    try:
        return render(template, {"messages": asked, "tools": None, "add_generation_prompt": True})
    except (SteadyError, TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
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
    return (resources.files("steadyhand.chat.formats") / "ollama_chatml.gotmpl").read_text("utf-8")
