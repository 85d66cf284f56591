"""A domain small enough to run whole in a test, its settings, and a watcher that can end a run anywhere."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from steadyhand.chat.messages import Json
from steadyhand.flow.context import RunContext
from steadyhand.flow.outcome import outcome
from steadyhand.flow.plan import Planned
from steadyhand.flow.run import run
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings, resolve
from tests import tiny
from tests.domain.folder import QUERY, put

STAGES = ("check", "eval_base", "sft", "gate", "eval_sft", "pairs", "dpo", "merge", "eval_dpo", "verdict", "report")
KNOWLEDGE = """\
points:
  - id: uss
    definition: USS rates URIs.
    cards:
      - {id: c1, q: What is USS?, think: a tool, a: It gives a level.}
      - {id: c2, q: Who asks USS?, a: the user}
  - id: uss.level
    definition: The level decides.
    depends_on: [uss]
    rules: ["level > 50 means unsafe"]
    cards:
      - {id: c3, kind: boundary, q: level 51?, think: above 50, a: It is unsafe.}
      - {id: c4, kind: boundary, q: level 50?, a: It is safe.}
"""
PROBES = """\
clarify: {en: The topic is a uri.}
probes:
  - {id: p1, kind: public, question: Capital of France?, must: [Paris]}
  - {id: p2, kind: public, question: "1 + 1?", must: ["2"]}
  - {id: a1, kind: anchoring, question: What is USS?, must: [level]}
  - {id: a2, kind: anchoring, question: What does it give?, must: [level]}
  - {id: r1, kind: reasoning, question: level 51. Decide., must: [unsafe]}
"""
REHEARSAL = [
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Thanks"}, {"role": "assistant", "content": "the user is safe"}]},
]
TOML = """\
[sft]
learning_rate = 2e-3
epochs = 1
batch_tokens = 1
save_steps = 2

[gate]
public_margin = 0.99
think_whole = 0.0
max_repetition = 1.0
max_garbage = 1.0

[dpo]
groups_per_step = 2
save_steps = 2

[eval]
determinism_runs = 2
determinism_items = 2

[sampling]
max_tokens = 8

[watch]
enabled = false
"""
PASSING = {
    "bars.tool_call_accuracy": 0,
    "bars.scenario_pass": 0,
    "bars.semantic_anchoring": 0,
    "bars.general_knowledge_margin": 0.99,
    "bars.cot_retention": 0,
    "bars.response_quality": 0,
    "bars.determinism": 0,
}


def scenario(name: str, split: str, host: str, level: int) -> str:
    """Two decisions: query the host, then read the level."""
    return f"""\
  - id: {name}
    split: {split}
    tools: [query]
    messages:
      - {{role: user, content: level of {host}?}}
      - {{role: assistant, think: ask, calls: [{{name: query, arguments: {{uri: {host}}}}}]}}
      - {{role: tool, content: {{level: {level}}}}}
      - role: assistant
        content: It is {"unsafe" if level > 50 else "safe"}.
        answer: {{must: [safe]}}
"""


def chat(name: str, split: str, question: str) -> str:
    """One decision: no call."""
    return f"""\
  - id: {name}
    split: {split}
    tools: [query]
    messages:
      - {{role: user, content: {question}}}
      - {{role: assistant, content: a tool, answer: {{}}}}
"""


SCENARIOS = "scenarios:\n" + "".join(
    [
        scenario("t1", "train", "a.example", 73),
        scenario("t2", "train", "b.example", 12),
        chat("t3", "train", "What is query?"),
        scenario("e1", "eval", "c.example", 88),
        scenario("e2", "eval", "d.example", 50),
        chat("e3", "eval", "Who is the user?"),
    ]
)


def make(root: Path, base: Path, **changed: str | None) -> Path:
    """The domain folder, with the texts of some rooms replaced or (None) left out."""
    texts: dict[str, tuple[str, str | None]] = {
        "knowledge": ("knowledge/k.yaml", KNOWLEDGE),
        "tools": ("tools/query.json", json.dumps(QUERY)),
        "scenarios": ("scenarios/s.yaml", SCENARIOS),
        "probes": ("probes/p.yaml", PROBES),
        "rehearsal": ("rehearsal/r.jsonl", "".join(json.dumps(row) + "\n" for row in REHEARSAL)),
        "settings": ("steady.toml", f"[model]\nbase = {json.dumps(str(base))}\n\n{TOML}"),
    }
    for room, (name, text) in texts.items():
        content = changed.get(room, text)
        if content is not None:
            put(root, name, content)
    return root


class Watcher:
    """Notes which stages were carried out; `at(stage, steps told)` may raise to end the run there."""

    def __init__(self, at: Callable[[str, int], None] = lambda stage, told: None) -> None:
        self.ran: list[str] = []
        self.told: list[tuple[int, int]] = []
        self._at, self._stage = at, ""

    def stage(self, planned: Planned, position: int, total: int) -> None:
        self._stage, self.told = planned.name, []
        if planned.state == "run":
            self.ran.append(planned.name)

    def progress(self, done: int, total: int, label: str) -> None:
        self.told.append((done, total))
        self._at(self._stage, len(self.told))


def settings(folder: Path, **flags: object) -> Settings:
    """`settings(folder, sft__epochs=3)`"""
    return resolve(folder, flags={name.replace("__", "."): value for name, value in flags.items()}).settings


def go(folder: Path, out: Path, watcher: Watcher | None = None, **flags: object) -> RunContext:
    return run(folder, settings(folder, **flags), out, watcher or Watcher())


@dataclass(frozen=True)
class Finished:
    """A run that nothing interrupted: its folders (base model, domain, out), its context and what its watcher saw."""

    base: Path
    folder: Path
    out: Path
    context: RunContext
    watcher: Watcher

    def copy(self, to: Path, *, without_from: str | None = None) -> Path:
        """The run's folder again, without the artifacts of a stage and of all after it."""
        shutil.copytree(self.out, to)
        for stage in STAGES[STAGES.index(without_from) :] if without_from else ():
            Store(to).discard(self.context.keys[stage])
        return to


def finished(factory: pytest.TempPathFactory) -> Finished:
    """Made once a session, whichever module asks first."""
    return _finished(factory.getbasetemp() / "finished")


@functools.cache
def _finished(root: Path) -> Finished:
    base = tiny.save(root / "base")
    folder, watcher = make(root / "uss", base), Watcher()
    return Finished(base, folder, root / "out", go(folder, root / "out", watcher), watcher)


def figures(context: RunContext) -> dict[str, Json]:
    """The outcome without what differs between two machines or folders."""
    return {name: value for name, value in outcome(context).items() if name not in ("seconds", "model_folder")}


def files(root: Path) -> dict[str, str]:
    """Relative path -> hash of content, and every folder."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(root.rglob("*"))
    }


def weights(context: RunContext, stage: str) -> bytes:
    return (context.artifact(stage) / "model" / "model.safetensors").read_bytes()
