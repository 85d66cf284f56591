"""What `steady check` reads and writes, over real files."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from steadyhand.chat.messages import Json
from steadyhand.cli import main

GOOD = {"instruction": "Name the capital of France.", "output": "The capital of France is Paris."}


def lines(*rows: Json) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def check(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int) -> Any:
    assert main(["check", *map(str, words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_folder_of_many_kinds_is_checked_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text(lines(GOOD, {"x": 1}), encoding="utf-8")
    (tmp_path / "b.csv").write_text("query,response\nWho wrote Faust?,Goethe wrote it.\n", encoding="utf-8")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(lines({"query": "2+2?", "response": "It is 4."}).encode()))
    (tmp_path / "broken.json").write_text('[{"query": "q", "resp', encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    found = check(capsys, tmp_path, "--select", "R", code=1)
    assert found["counts"] == {"files": 3, "unreadable": 1, "rows": 4, "records": 3, "unusable": 1}
    assert [(f["code"], Path(f["file"]).name, f["line"]) for f in found["findings"]] == [
        ("R001", "a.jsonl", 2),
        ("R002", "broken.json", 1),
    ]
    main(["check", str(tmp_path), "--select", "R"])
    assert "not read: 1 files" in capsys.readouterr().err


def test_the_standard_input_is_checked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines(GOOD, 3).encode())))
    found = check(capsys, "-", code=1)
    assert [(f["code"], f["file"], f["line"]) for f in found["findings"]] == [("R001", "<stdin>", 2)]


def test_the_page_with_plots_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text(lines(GOOD, {"x": 1}), encoding="utf-8")
    assert main(["check", str(tmp_path / "a.jsonl"), "--report", str(tmp_path / "page.html")]) == 1
    assert "page.zh.html" in capsys.readouterr().err
    assert "R001" in (tmp_path / "page.html").read_text(encoding="utf-8")
