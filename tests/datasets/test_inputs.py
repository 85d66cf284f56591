from __future__ import annotations

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest

from steadyhand.chat.messages import Json
from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.inputs import Named, inputs, is_domain
from steadyhand.errors import DomainError, UsageError
from tests.corpora import corpus
from tests.domain.folder import make

ROW = {"instruction": "What is 2 + 2?", "output": "4"}


def write(path: Path, *rows: Json) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def names(found: Named) -> list[str]:
    return [one.path.name for one in found.inputs]


def test_folders_and_globs_name_their_data_files_once(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.json", "deep/c.csv", "d.jsonl.gz", "readme.md", "picture.png", ".hidden/e.jsonl"):
        write(tmp_path / name, ROW)
    found = inputs([tmp_path])
    assert sorted(names(found)) == ["a.json", "b.jsonl", "c.csv", "d.jsonl.gz"]
    assert [Path(name).name for name in found.passed_over] == ["picture.png", "readme.md"]
    assert names(inputs([tmp_path / "*.json*", tmp_path / "a.json"])) == ["a.json", "b.jsonl", "d.jsonl.gz"]
    assert names(inputs([tmp_path / "readme.md"])) == ["readme.md"]


def test_words_that_name_nothing_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for word, what in (("none.jsonl", "no such file"), ("*.jsonl", "no file matches"), ("empty", "no data files")):
        with pytest.raises(UsageError, match=what):
            inputs([tmp_path / word])
    (tmp_path / "empty" / "x.png").write_bytes(b"\x89PNG")
    with pytest.raises(UsageError, match="no data files"):
        inputs([tmp_path / "empty"])


def test_a_domain_folder_is_told_from_a_folder_of_data(tmp_path: Path) -> None:
    write(tmp_path / "data" / "a.jsonl", ROW)
    assert is_domain(make(tmp_path / "domain"))
    assert not is_domain(tmp_path / "data")
    assert not is_domain(tmp_path / "nowhere")


def test_a_dataset_info_names_files_and_their_columns(tmp_path: Path) -> None:
    turns = [{"who": "me", "text": "Hi"}, {"who": "you", "text": "Hello."}]
    write(tmp_path / "chat.jsonl", {"talk": turns, "messages": "another column"})
    write(tmp_path / "qa.jsonl", {"question": "Hi", "answer": "Hello.", "output": "not this"})
    write(tmp_path / "rank.jsonl", {"question": "Hi", "good": "Hello.", "bad": "Go."})
    write(tmp_path / "sub" / "part.jsonl", {"question": "Hi", "answer": "Hello."})
    write(tmp_path / "plain.jsonl", ROW)
    qa = {"prompt": "question", "response": "answer"}
    tags = {"role_tag": "who", "content_tag": "text", "user_tag": "me", "assistant_tag": "you"}
    info = {
        "chat": {
            "file_name": "chat.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "talk"},
            "tags": tags,
        },
        "qa": {"file_name": "qa.jsonl", "columns": qa},
        "rank": {
            "file_name": "rank.jsonl",
            "ranking": True,
            "columns": {"prompt": "question", "chosen": "good", "rejected": "bad"},
        },
        "sub": {"file_name": "sub", "columns": qa},
        "hub": {"hf_hub_url": "a/b"},
        "away": {"file_name": "away.json"},
    }
    (tmp_path / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    found = inputs([tmp_path / "dataset_info.json"])
    assert names(found) == ["chat.jsonl", "qa.jsonl", "rank.jsonl", "part.jsonl"]
    assert [Path(name).name for name in found.passed_over] == ["away.json"]
    chat, qa_rows, rank, part = (one.read() for one in found.inputs)
    for imported in (chat, qa_rows, part):
        assert [(m.role, m.content) for m in imported.rows[0].messages] == [("user", "Hi"), ("assistant", "Hello.")]
    pair = rank.preferences[0]
    assert (pair.prompt[0].content, pair.chosen and pair.chosen.content) == ("Hi", "Hello.")
    beside = {one.path.name: one.columns is not None for one in inputs([tmp_path]).inputs}
    assert beside["qa.jsonl"]
    assert not beside["plain.jsonl"]


def test_a_dataset_info_that_lists_nothing_here_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "dataset_info.json"
    path.write_text(json.dumps({"a": {"file_name": "away.json"}}), encoding="utf-8")
    with pytest.raises(UsageError, match="none of its files"):
        inputs([path])
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(DomainError, match="not a mapping"):
        inputs([path])
    assert names(inputs([write(tmp_path / "a.jsonl", ROW)])) == ["a.jsonl"]


PUBLIC = {
    "alpaca.csv": (3, 0), "alpaca2.csv": (3, 0), "swift_single.csv": (3, 0), "swift_pre.csv": (3, 3),
    "alpaca.jsonl": (3, 0), "chatml.jsonl": (3, 0), "conversations.jsonl": (3, 0), "sharegpt.jsonl": (3, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_public_files_of_ms_swift_are_read_whole(name: str) -> None:
    found = read_dialogues(corpus(f"ms-swift/{name}"))
    assert (found.total, len(found.rejects)) == PUBLIC[name]


def test_a_public_preference_set_is_read_through_its_info() -> None:
    one = next(one for one in inputs([corpus("llamafactory/dataset_info.json")]).inputs if "kto" in one.path.name)
    found = one.read()
    assert (len(found.preferences), len(found.rejects)) == (300, 0)


def test_the_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (json.dumps(ROW).encode() + b"\n", json.dumps([ROW]).encode(), gzip.compress(json.dumps(ROW).encode())):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        found = inputs([Path("-")]).inputs[0].read()
        assert (found.source, len(found.rows)) == ("<stdin>", 1)


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode() * 1 + b"\n" + b"{\n"))
    found: Imported = read_dialogues(path)
    assert [r.place.line for r in found.rejects] == [2]
    assert len(found.rows) == 1
    whole = gzip.compress(os.urandom(2000))
    path.write_bytes(whole[:-20])
    with pytest.raises(DomainError, match="broken gzip"):
        read_dialogues(path)


def test_reading_says_how_far_it_is(tmp_path: Path) -> None:
    rows = [{"instruction": f"q{n}", "output": "an answer"} for n in range(2500)]
    (one,) = inputs([write(tmp_path / "d.jsonl", *rows)]).inputs
    told: list[int] = []
    assert len(one.read(told.append).rows) == 2500
    assert (told, one.lines()) == ([1000, 2000], 2500)
    assert [named.lines() for named in inputs([Path("-")]).inputs] == [0]
