from __future__ import annotations

import json
from pathlib import Path

from steadyhand.chat.render import Renderer
from steadyhand.check.dataset import dataset_of_files
from steadyhand.check.finding import Finding
from steadyhand.check.tokenizer import Rendering, check_tokenizer, read_config
from steadyhand.datasets.convert import read_dialogues
from tests.tiny import tokenizer

SPECIAL = ("<|im_end|>", "[gMASK]", "<s>")


def found(folder: Path, text: str, **about: object) -> list[Finding]:
    path = folder / "d.jsonl"
    path.write_text(json.dumps({"query": "What is it?", "response": text}) + "\n", encoding="utf-8")
    rendering = Rendering(Renderer(tokenizer()), None, SPECIAL, folder, **about)  # type: ignore[arg-type]
    return list(check_tokenizer(dataset_of_files([read_dialogues(path)]), rendering))


def test_special_tokens_of_this_tokenizer_in_a_text(tmp_path: Path) -> None:
    finding = found(tmp_path, "It is [gMASK], no more.")[0]
    assert (finding.code, finding.place.line, finding.place.column) == ("T107", 1, 45)
    assert found(tmp_path, "It is [gMASKED] <span>.") == []
    assert found(tmp_path, "The end.<|im_end|>") == []  # T103 says it, without a tokenizer


def test_a_tokenizer_that_is_not_the_models(tmp_path: Path) -> None:
    ids = {"a": 0, "b": 9}
    assert found(tmp_path, "ok", ids=ids, eos=9, config={"vocab_size": 10, "eos_token_id": [8, 9]}) == []
    assert found(tmp_path, "ok", ids=ids, eos=9, config={}) == []
    assert found(tmp_path, "ok", ids=ids, eos=None, config={"eos_token_id": None}) == []
    large, other = found(tmp_path, "ok", ids=ids, eos=9, config={"vocab_size": 9, "eos_token_id": 1})
    assert (large.code, other.code) == ("T108", "T108")
    assert "ids up to 9, the model has 9 embeddings" in large.message
    assert "ends texts with id 9, the model with 1" in other.message


def test_a_config_is_read_where_there_is_one(tmp_path: Path) -> None:
    assert read_config(tmp_path) == {}
    (tmp_path / "config.json").write_text('{"vocab_size": 3}', encoding="utf-8")
    assert read_config(tmp_path) == {"vocab_size": 3}
