"""What is fuzzed: everything that reads bytes of strangers. A target lets no exception out but a wrong of its own.

Each takes bytes and swallows the errors that a user is told (SteadyError, and Problem for a request). `SEEDS` are
inputs that are right, to begin from.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from examples.uss.reading.claims import read_claim
from steadyhand.agent.extractors import entities_of
from steadyhand.agent.neutral import neutral
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import Message, Tool
from steadyhand.chat.schema import check_tool_schema, schema_errors
from steadyhand.chat.template import ChatTemplate
from steadyhand.datasets.convert import read_dialogues
from steadyhand.datasets.dataset_info import read_info
from steadyhand.domain.load import load
from steadyhand.errors import SteadyError
from steadyhand.serve.problem import Problem
from steadyhand.serve.request import read_body, read_request
from steadyhand.settings.resolve import resolve
from steadyhand.source.jsonfile import read_json
from steadyhand.source.yamlfile import read_yaml
from steadyhand.text.patterns import ecma_pattern, python_pattern

Target = Callable[[bytes], None]
SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".jsonl.gz", ".txt")
ROOMS = ("knowledge/x.yaml", "knowledge/x.jsonl", "scenarios/x.yaml", "scenarios/x.jsonl", "tools/x.json",
         "probes/x.yaml", "rehearsal/x.jsonl", "checks.yaml", "steady.toml")  # fmt: skip
QUERY = Tool("query", "", {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]})


def _split(data: bytes, count: int) -> tuple[int, bytes]:
    """The first byte chooses one of `count`."""
    return (data[0] if data else 0) % count, data[1:]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def data_file(data: bytes) -> None:
    number, rest = _split(data, len(SUFFIXES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{SUFFIXES[number]}"
        path.write_bytes(rest)
        found = read_dialogues(path, preferences=True)
        parts = (found.rows, found.preferences, found.rejects)
        numbers = [one.number for part in parts for one in part]
        assert sorted(numbers) == list(range(1, found.total + 1)), "a row is lost"


def dataset_info(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dataset_info.json"
        path.write_bytes(data)
        for columns in read_info(path).values():
            columns.renamed({"instruction": "q", "output": "a"})


def domain_folder(data: bytes) -> None:
    number, rest = _split(data, len(ROOMS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ROOMS[number]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(rest)
        resolve(Path(folder))
        load(folder)


def source_text(data: bytes) -> None:
    for read in (read_yaml, read_json):
        with suppress(SteadyError):
            read(_text(data), "x")


def request(data: bytes) -> None:
    read_request(read_body(data), most=64)


def completion(data: bytes) -> None:
    text = _text(data)
    for form in FORMATS.values():
        found = form.parse(text, (QUERY,))
        assert not (found.error and found.calls), "half of a broken answer"
        form.thinking(text)
        form.visible(text)


def schema(data: bytes) -> None:
    """A schema, and arguments of its own making."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return
    tool = Tool("f", "", given if isinstance(given, dict) else {"x": given})
    if not check_tool_schema(tool):
        schema_errors(tool, {"x": given})


def pattern(data: bytes) -> None:
    source, _, text = _text(data).partition("\n")
    for read in (ecma_pattern, python_pattern):
        with suppress(SteadyError):
            read(source).search(text)


class _Tokenizer:
    special_tokens_map: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, template: str) -> None:
        self.chat_template = template


def template(data: bytes) -> None:
    ChatTemplate(_Tokenizer(_text(data))).render([Message("user", "x")], (QUERY,), generation=True)


def report(data: bytes) -> None:
    text = _text(data)
    for entity in entities_of(text, ("domain", "ip", "uri"))[:20]:
        read_claim(text, entity.places)
    assert neutral(neutral(text)) == neutral(text), "not harmless at once"


TARGETS: dict[str, Target] = {
    one.__name__: one
    for one in (
        data_file, dataset_info, domain_folder, source_text, request, completion, schema, pattern, template, report,
    )
}  # fmt: skip
_CARD = b"points:\n  - {id: p, definition: &d x, cards: [{id: c, q: *d, a: y}]}\n"
SEEDS: dict[str, tuple[bytes, ...]] = {
    "data_file": (
        b'\x01{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "tools": "[]"}\n',
        b'\x00[{"instruction": "q", "input": "", "output": "<think>t</think>a", "history": [["x", "y"]]}]\n',
        b'\x01{"prompt": "q", "chosen": "a", "rejected": "b"}\n{"messages": [], "label": true}\n',
        b'\x02instruction,output\n"q","a ""b"""\n',
    ),
    "dataset_info": (b'{"a": {"file_name": "x", "columns": {"prompt": "p"}, "tags": {"role_tag": "r"}}}',),
    "domain_folder": (
        b"\x00" + _CARD, b'\x03{"id": "s", "split": "train", "messages": [{"role": "user", "content": "q"}]}',
    ),
    "source_text": (_CARD, b'{"a": [1, 2.5, null, "\\u4e2d"]}'),
    "request": (
        b'{"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}], "stop": ["a"]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function":'
        b' {"name": "f", "parameters": {"type": "object", "properties": {"x": {"enum": [1]}}}}}]}',
    ),
    "completion": (
        b'<think>t</think><tool_call>\n{"name": "query", "arguments": {"uri": "a"}}\n</tool_call>',
        b"<tool_call>\n<function=query>\n<parameter=uri>\na\n</parameter>\n</function>\n</tool_call>",
        b'[TOOL_CALLS][{"name": "query", "arguments": {"uri": "a"}}]', b'[query(uri="a")]',
        b"<start_function_call>call:query{uri:<escape>a<escape>}<end_function_call>",
    ),
    "schema": (b'{"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"pattern": "^a+$"}}}',),
    "pattern": (rb"^(?<y>\d{4})-[\w-.]+(?=a|b)$" + b"\n2020-ab", rb"(?<!not )\bsafe\b" + b"\nnot safe"),
    "template": (b"{% for m in messages %}[{{ m.role | upper }}]{{ m.content }}{% endfor %}{{ tools | tojson }}",),
    "report": (
        "# IoC\n- evil-host7[.]com (C2)\n| a | b |\n|---|---|\n| hxxp://x[.]xyz/a | malicious |\n"
        "The loader calls bad-host.xyz. 该域名 evil.top 是钓鱼网站。<!-- 1.2.3.4 -->".encode(),
    ),
}  # fmt: skip


def tried(name: str, data: bytes) -> None:
    """Calls a target; what a user is told is no finding."""
    with suppress(SteadyError, Problem):
        TARGETS[name](data)
