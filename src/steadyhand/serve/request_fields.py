"""Which fields of a request are honored, which change nothing, and which are refused because they would.

A field that changes the answer and is dropped in silence is a wrong answer, so it is an error unless it says what would
be done anyway. A field that nobody knows is named in the response's `x-steady-ignored`; one that looks like a slip of a
known name is an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from steadyhand.chat import exact
from steadyhand.chat.messages import Json
from steadyhand.serve.problem import Problem

HONORED = (
    "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "max_tokens",
    "max_completion_tokens", "seed", "stop", "stream", "stream_options",
)  # fmt: skip
HARMLESS = (
    "user", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
    "prediction", "priority", "request_id", "cache_salt",
)  # fmt: skip
# What each may say, because it is what happens; null always may.
NEUTRAL: dict[str, tuple[Json, ...]] = {
    "n": (1,), "best_of": (1,), "logprobs": (False,), "top_logprobs": (0,), "prompt_logprobs": (0,),
    "response_format": ({"type": "text"},), "modalities": (["text"],), "audio": (), "web_search_options": (),
    "presence_penalty": (0,), "frequency_penalty": (0,), "repetition_penalty": (1,), "length_penalty": (1,),
    "logit_bias": ({},), "top_k": (0, -1), "min_p": (0,), "min_tokens": (0,), "functions": ([],), "function_call": (),
    "reasoning_effort": (), "verbosity": (), "thinking": (), "enable_thinking": (), "echo": (False,), "suffix": ("",),
    "use_beam_search": (False,), "ignore_eos": (False,), "stop_token_ids": ([],), "allowed_token_ids": (),
    "bad_words": ([],), "include_stop_str_in_output": (False,), "skip_special_tokens": (), "documents": ([],),
    "truncate_prompt_tokens": (), "chat_template": (), "chat_template_kwargs": ({},), "add_generation_prompt": (True,),
    "continue_final_message": (False,), "guided_json": (), "guided_regex": (), "guided_choice": (),
    "guided_grammar": (), "structured_outputs": (), "json_schema": (), "grammar": (), "regex": (), "ebnf": (),
}  # fmt: skip


def sifted(body: Mapping[str, Json]) -> tuple[str, ...]:
    """The names of fields that nobody knows. Raises Problem for one that would change the answer."""
    unknown = []
    for name, value in body.items():
        if value is None or name in HONORED or name in HARMLESS:
            continue
        if name not in NEUTRAL:
            _not_a_slip(name)
            unknown.append(name)
        elif not any(exact.equal(value, neutral) for neutral in NEUTRAL[name]):
            raise Problem(_refusal(name), code="unsupported_parameter", param=name)
    return tuple(unknown)


def _refusal(name: str) -> str:
    allowed = [repr(value) for value in NEUTRAL[name]]
    said = f"; it may only be {' or '.join(allowed)}" if allowed else ""
    return f"{name} is not supported{said}: leave it out"


def _not_a_slip(name: str) -> None:
    near = difflib.get_close_matches(name[:64], (*HONORED, *NEUTRAL), n=1, cutoff=0.84)
    if near:
        raise Problem(
            f"unknown field {name[:64]!r}; did you mean {near[0]!r}?", code="unknown_parameter", param=name[:64]
        )
