"""Are the parsers that `steady export` names for vLLM and SGLang there in their sources?

    python -m bench.parser_names vllm sglang/python      # checkouts, or where the packages are installed

Reads their registries as files, imports nothing of them, and exits 1 for a name that is not there.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from steadyhand.chat.formats.registry import FORMATS
from steadyhand.export.serve import SGLANG_REASONING

REGISTRIES = {
    "vLLM, calls": "vllm/tool_parsers/__init__.py",
    "vLLM, thinking": "vllm/reasoning/__init__.py",
    "SGLang, calls": "sglang/srt/function_call/function_call_parser.py",
    "SGLang, thinking": "sglang/srt/parser/reasoning_parser.py",
}


def wanted() -> dict[str, set[str]]:
    """The names that we give, by registry."""
    servers = [form.servers for form in FORMATS.values()]
    thinking = {name for one in servers for name in (one.reasoning, one.opened) if name}
    return {
        "vLLM, calls": {one.vllm for one in servers if one.vllm},
        "vLLM, thinking": thinking,
        "SGLang, calls": {one.sglang for one in servers if one.sglang},
        "SGLang, thinking": set(SGLANG_REASONING.values()),
    }


def registered(source: str) -> set[str]:
    """The keys of the dictionaries in a program: a registry maps each name to a class or to where it is."""
    literals = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Dict)]
    keys = (key.value for literal in literals for key in literal.keys if isinstance(key, ast.Constant))
    return {key for key in keys if isinstance(key, str)}


def missing(roots: list[Path]) -> Iterator[str]:
    """A sentence for each registry that is not found, and for each name that is not in one."""
    for kind, names in wanted().items():
        place = next((root / REGISTRIES[kind] for root in roots if (root / REGISTRIES[kind]).is_file()), None)
        if place is None:
            yield f"{kind}: no {REGISTRIES[kind]} below {', '.join(map(str, roots)) or 'nothing'}"
            continue
        lost = sorted(names - registered(place.read_text(encoding="utf-8")))
        yield from (f"{kind}: no parser is called {name!r}" for name in lost)


if __name__ == "__main__":
    found = list(missing([Path(root) for root in sys.argv[1:]]))
    print("\n".join(found) or "every name is there")
    sys.exit(bool(found))
