"""Rule L202 in files: the same prompt on both sides, and not the same schema, system text or opening."""

from __future__ import annotations

import json
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.check.dataset import dataset_of_files
from steadyhand.check.leakage_rows import check_exact
from steadyhand.datasets.convert import read_dialogues

OPENING = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello, what can I do?"}]


def codes(folder: Path, *rows: Json) -> list[str]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return [one.code for one in check_exact(dataset_of_files([read_dialogues(path, preferences=True)]))]


def row(split: str, *turns: str, system: str = "", answer: str = "It is.") -> Json:
    said = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate((*turns, answer))]
    first = [{"role": "system", "content": system}] if system else []
    return {"messages": [*first, *said], "split": split}


def test_the_same_prompt_under_another_system_text_is_a_leak(tmp_path: Path) -> None:
    assert codes(tmp_path, row("train", "Open?", system="A"), row("eval", "Open?", system="B")) == ["L202"]


def test_a_prompt_that_a_longer_trained_dialogue_begins_with_is_a_leak(tmp_path: Path) -> None:
    assert codes(tmp_path, row("train", "Open?", "It is.", "Till when?"), row("eval", "Open?")) == ["L202"]


def test_a_shared_schema_or_opening_is_none(tmp_path: Path) -> None:
    same = ("Tables: a, b.", "Understood.")
    assert codes(tmp_path, row("train", *same, "How many?"), row("eval", *same, "Who pays?")) == []
    assert codes(tmp_path, row("train", "How many?", system="S"), row("eval", "Who pays?", system="S")) == []


def test_comparisons_that_only_begin_alike_are_none(tmp_path: Path) -> None:
    def judged(split: str, last: str) -> Json:
        prompt = [*OPENING, {"role": "user", "content": last}]
        return {"messages": prompt, "chosen": "a", "rejected": "b", "split": split}

    assert codes(tmp_path, judged("train", "It is dear."), judged("eval", "I wait.")) == []
    assert codes(tmp_path, judged("train", "It is dear."), judged("eval", "It is dear.")) == ["L202"]
