"""A whole run, from base to report, on models that are not Qwen3: their own layers, and templates of real families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Json
from steadyhand.flow.artifacts import read_json
from steadyhand.flow.run import publish_report
from steadyhand.models.loading.load import load
from steadyhand.models.loading.quiet import quiet
from tests import architectures
from tests.flow import world

pytest.importorskip("trl")
RUNS = [
    # architecture, template of trl's wheel, its format, what stands in the notes
    ("qwen3_5", "qwen3_5_think", "qwen_xml", "answers share their prompt's state"),
    ("gemma3", "gemma4_v5", "gemma4", ""),
]


def base(folder: Path, name: str, template: str) -> Path:
    """The architecture with the tokenizer that the template speaks to."""
    from bench.templates import templates, tokenizer

    path = next(path for path in templates() if path.stem == template)
    made = tokenizer(path.read_text("utf-8"))
    with quiet():
        architectures.model(name, vocab_size=len(made), max_position_embeddings=4096).save_pretrained(folder)
        made.save_pretrained(folder)
    return folder


class Noting(world.Watcher):
    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize(("name", "template", "form", "noted"), RUNS)
def test_a_run_goes_from_base_to_report(name: str, template: str, form: str, noted: str, tmp_path: Path) -> None:
    folder, watcher = world.make(tmp_path / "uss", base(tmp_path / "base", name, template)), Noting()
    # random models keep no dialogue to lose
    flags: dict[str, Any] = {"dpo__gradient_checkpointing": name == "qwen3_5", "dpo__accept_damaged": True}
    context = world.go(folder, tmp_path / "out", watcher, **flags)
    assert tuple(watcher.ran) == world.STAGES
    assert not noted or any(noted in note for note in watcher.notes)
    assert any("times the tokens" in note for note in watcher.notes) is (name == "qwen3_5")
    publish_report(context, tmp_path)
    report: Json = read_json(tmp_path / "report" / "report.json")
    assert set(world.figures(context)["models"]) == {"base", "sft", "dpo"}
    assert report["manifest"]["stages"] == context.keys
    tuned = load(context.artifact("merge") / "model")
    assert tuned.renderer.format is format_named(form)
