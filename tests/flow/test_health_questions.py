"""A run watches its trainings: with questions from the domain, and preference training against the base's rates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from steadyhand.domain.load import load
from steadyhand.flow.health_questions import questions, reference_of
from tests import tiny
from tests.flow import world

GENTLE: dict[str, Any] = {
    "watch__enabled": True,
    "watch__max_tokens": 8,
    "sft__learning_rate": 1e-6,
    "dpo__learning_rate": 1e-6,
}


def test_a_run_leaves_what_its_watch_saw(tmp_path: Path) -> None:
    """At next to no learning rate nothing is damaged; preference training is held to the rates of the base."""
    context = world.go(world.make(tmp_path / "d", tiny.save(tmp_path / "base")), tmp_path / "out", None, **GENTLE)
    seen = {stage: json.loads((context.artifact(stage) / "health.json").read_text("utf-8")) for stage in ("sft", "dpo")}
    assert seen["sft"]["reference"] == seen["dpo"]["reference"]
    assert reference_of(context.artifact("sft")) == {k: tuple(v) for k, v in seen["sft"]["reference"].items()}
    for record in seen.values():
        assert record["checks"]
        assert "damaged" not in {check["word"] for check in record["checks"]}


def test_nothing_private_is_asked(tmp_path: Path) -> None:
    domain = load(world.make(tmp_path / "d", tmp_path))
    asked = list(questions(domain))
    facts = [question for question in asked if question.rule is not None]
    assert [q.prompt.messages[-1].content for q in facts] == ["Capital of France?", "1 + 1?"]
    assert len(asked) == 2 + len(domain.rehearsal) + sum(s.split == "eval" for s in domain.scenarios)
    assert all(question.prompt.messages[-1].role == "user" for question in asked)
    assert list(questions(replace(domain, probes=(), rehearsal=(), rehearsal_tools=(), scenarios=()))) == []


def test_a_training_that_was_not_watched_has_no_reference(tmp_path: Path) -> None:
    assert reference_of(tmp_path) is None
