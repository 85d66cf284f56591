"""A valid domain folder as texts, for tests that break one thing at a time."""

from __future__ import annotations

import json
from pathlib import Path

QUERY = {
    "name": "query",
    "description": "Gives a level.",
    "parameters": {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]},
}
KNOWLEDGE = """\
points:
  - id: uss
    definition: USS rates URIs.
    cards:
      - {id: c1, q: What is USS?, a: A service.}
  - id: uss.level
    definition: The level decides.
    depends_on: [uss]
    rules: ["level > 50 means unsafe"]
    cards:
      - {id: c1, kind: boundary, lang: zh, q: level=51？, think: 比较。, a: 不安全}
"""
SCENARIOS = """\
scenarios:
  - id: s1
    split: train
    tools: [query]
    messages:
      - {role: user, content: Check a.example}
      - role: assistant
        think: Ask.
        calls: [{name: query, arguments: {uri: a.example}}]
      - {role: tool, content: {level: 73}}
      - {role: assistant, content: It is unsafe., answer: {must: [unsafe]}}
"""
PROBES = """\
clarify: {en: The topic is security.}
probes:
  - {id: p1, kind: public, question: Capital of France?, must: [Paris]}
"""
FILES = {
    "knowledge/k.yaml": KNOWLEDGE,
    "tools/query.json": json.dumps(QUERY),
    "scenarios/s.yaml": SCENARIOS,
    "probes/p.yaml": PROBES,
    "rehearsal/r.jsonl": json.dumps(
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}
    ),
}


def make(root: Path, **changed: str | None) -> Path:
    """The folder with some files replaced: `make(root, scenarios="...")` replaces the one file of scenarios/."""
    for name, text in FILES.items():
        room = name.split("/")[0]
        content = changed.get(room, text)
        if content is not None:
            put(root, name, content)
    return root


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
