"""Only a tokenizer that llama.cpp can follow exactly gets a text tokenizer in the file."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from steadyhand.errors import PrerequisiteError
from steadyhand.export.vocabulary import CONTROL, NORMAL, QWEN2, UNUSED, USER_DEFINED, read_vocabulary, split_name

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
QWEN: dict[str, Any] = {
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False},
            BYTES,
        ],
    },
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]], "ignore_merges": False},
    "added_tokens": [
        {"id": 3, "content": "<|im_end|>", "special": True},
        {"id": 4, "content": "<think>", "special": False},
    ],
}


def write(folder: Path, spec: Any, **config: Any) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps(spec), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return folder


def test_every_row_of_the_embedding_gets_a_token(tmp_path: Path) -> None:
    found = read_vocabulary(write(tmp_path, QWEN, eos_token="<|im_end|>", pad_token={"content": "<nope>"}), 7)
    assert found.tokens == ("a", "b", "ab", "<|im_end|>", "<think>", "[unused5]", "[unused6]")
    assert found.kinds == (NORMAL, NORMAL, NORMAL, CONTROL, USER_DEFINED, UNUSED, UNUSED)
    assert (found.merges, found.pre, found.special, found.template) == (("a b",), "qwen2", {"eos": 3}, "")


def test_merges_and_templates_in_the_older_spelling(tmp_path: Path) -> None:
    spec = deepcopy(QWEN)
    spec["model"]["merges"] = ["a b"]
    assert read_vocabulary(write(tmp_path, spec, chat_template="{{ x }}"), 5).merges == ("a b",)
    assert read_vocabulary(tmp_path, 5).template == "{{ x }}"
    (tmp_path / "chat_template.jinja").write_text("{{ y }}", "utf-8")
    assert read_vocabulary(tmp_path, 5).template == "{{ y }}"


@pytest.mark.parametrize(
    ("at", "value", "name"),
    [
        ((), None, "qwen2"),
        (("normalizer",), None, "qwen2"),
        (("normalizer",), {"type": "NFKC"}, None),
        (("model", "ignore_merges"), True, None),
        (("model", "merges"), [], None),
        (("model", "byte_fallback"), True, None),
        (("pre_tokenizer", "pretokenizers", 0, "behavior"), "Removed", None),
        (("pre_tokenizer", "pretokenizers", 0, "invert"), True, None),
        (("pre_tokenizer", "pretokenizers", 0, "pattern"), {"Regex": r"\p{N}{1,3}"}, None),
        (("pre_tokenizer", "pretokenizers", 0, "pattern"), {"String": " "}, None),
        (("pre_tokenizer", "pretokenizers", 1, "add_prefix_space"), True, None),
        (("pre_tokenizer", "pretokenizers", 1, "use_regex"), True, None),
        (("pre_tokenizer",), None, None),
        (("pre_tokenizer",), BYTES, None),
        (("pre_tokenizer",), BYTES | {"use_regex": True}, "gpt-2"),
    ],
)
def test_one_difference_from_a_known_way_of_splitting_is_no_known_way(at: Any, value: Any, name: str | None) -> None:
    spec: Any = deepcopy(QWEN)
    place = spec
    for step in at[:-1]:
        place = place[step]
    if at:
        place[at[-1]] = value
    assert split_name(spec) == name


def test_what_cannot_be_a_vocabulary_says_so(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match=r"no tokenizer\.json"):
        read_vocabulary(tmp_path, 5)
    with pytest.raises(PrerequisiteError, match="do not belong together"):
        read_vocabulary(write(tmp_path, QWEN), 4)
    with pytest.raises(PrerequisiteError, match="not Unigram"):
        read_vocabulary(write(tmp_path, {"model": {"type": "Unigram"}}), 4)
