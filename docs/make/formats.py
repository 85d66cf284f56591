"""The page of call formats: how each writes two calls, and whose parsers read them. What it writes is written now."""

from __future__ import annotations

from docs.make.text import page, table
from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.parsed import CannotWriteError
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import ToolCall

LEAD = """The format of a model is found by asking its chat template, never by its name; `steady doctor MODEL` shows it.
[Call formats of models](../formats.md) says what a template can lose. Every example below is what the format's own
writer writes for two calls (for one, where a turn makes one), so none is copied by hand."""
CALLS = (ToolCall("weather", {"city": "Paris", "days": 2}), ToolCall("now", {}))


def formats_page() -> str:
    rows = [
        [f"[`{name}`](#{name})", _server(form.servers.vllm), _server(form.servers.sglang), form.servers.vllm_loses]
        for name, form in FORMATS.items()
    ]
    parts = [f"## {name} {{: #{name} }}\n\n```text\n{_written(form)}\n```" for name, form in FORMATS.items()]
    return page(
        "Call formats",
        LEAD,
        table(["`model.format`", "vLLM's parser", "SGLang's parser", "vLLM's parser ..."], rows),
        *parts,
    )


def _server(parser: str | None) -> str:
    return f"`{parser}`" if parser else "none known"


def _written(form: ChatFormat) -> str:
    try:
        return form.write_calls(CALLS)
    except CannotWriteError:
        return form.write_calls(CALLS[:1])
