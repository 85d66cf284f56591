"""`steady review` from decisions in a file to the file again, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from tests.review.rows import COMPARISONS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in COMPARISONS.values()), "utf-8")
    return path


def test_from_decisions_to_the_file_again(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "told.jsonl"
    rows = [{"row": 1, "by": "mei", "word": "rejected"}, {"row": 2, "by": "mei", "word": "tie"}]
    told.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert main(["review", "apply", str(file), str(told)]) == 0
    assert main(["review", "apply", str(file), str(told)]) == 1  # decided already; nothing is overwritten
    assert main(["review", "status", str(file), "--json"]) == 0
    out = capsys.readouterr().out
    status = json.loads(out[out.index("{") :])
    assert (status["decided"], status["reviewers"]) == (2, {"mei": 2})
    assert main(["review", "export", str(file), "--to", str(tmp_path / "out.jsonl")]) == 0
    before, after = file.read_bytes().splitlines(), (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert after[1:] == before[2:]
    for form in ("groups", "decisions"):
        main(["review", "export", str(file), "--to", str(tmp_path / f"{form}.jsonl"), "--as", form])
        assert (tmp_path / f"{form}.jsonl").read_text("utf-8").strip()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["status", "nothing.jsonl"], 3),
        (["status", "."], 2),
        (["export", "in.jsonl", "--to", "out.csv"], 2),
        (["export", "in.jsonl", "--to", "out.jsonl", "--by", "nobody"], 2),
        (["open", "in.jsonl", "--host", "0.0.0.0"], 2),
        (["open", "in.jsonl", "--overlap", "0.1"], 2),
    ],
)
def test_what_it_refuses(file: Path, words: list[str], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert main(["review", *words]) == code
