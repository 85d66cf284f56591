from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from steadyhand.cli import main

REPORT = "C2: hxxps[:]//evil[.]com/a.php and 1[.]2[.]3[.]4\n再见 evil[.]com。\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.txt"
    path.write_text(REPORT, encoding="utf-8", newline="")
    return path


def documents(capsys: pytest.CaptureFixture[str], *words: str | Path) -> list[dict[str, Any]]:
    assert main(["extract", *map(str, words), "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["version"] == 1
    return out["documents"]  # type: ignore[no-any-return]


def test_the_table_shows_each_value_once_with_its_first_place(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", str(report)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"uri     https://evil.com/a.php  {report}:1:5",
        f"domain  evil.com                {report}:1:15  (2 times)",
        f"ip      1.2.3.4                 {report}:1:36",
    ]
    assert err == "found 1 domain, 1 ip, 1 uri in 1 text\n"


def test_json_has_every_occurrence_with_its_place(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = documents(capsys, report)
    assert (document["source"], document["characters"]) == (str(report), len(REPORT))
    assert all(REPORT[row["start"] : row["end"]] == row["seen"] for row in document["entities"])
    last = document["entities"][-1]
    assert (last["kind"], last["value"], last["seen"]) == ("domain", "evil.com", "evil[.]com")
    assert (last["line"], last["column"]) == (2, 4)


def test_kinds(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = documents(capsys, report, "--kind", "ip", "--kind", "uri")
    assert [row["kind"] for row in document["entities"]] == ["uri", "ip"]
    assert main(["extract", str(report), "--kind", "hash"]) == 2


def test_a_folder_gives_its_texts_in_order_and_names_what_it_skips(
    tmp_path: Path, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.md").write_text("bad.org", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x").write_text("hidden.org", encoding="utf-8")
    (tmp_path / "a" / "image.png").write_bytes(b"\x89PNG\0")
    assert main(["extract", str(tmp_path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert [row["source"] for row in json.loads(out)["documents"]] == [str(tmp_path / "a" / "b.md"), str(report)]
    assert err == f"skipped: {tmp_path / 'a' / 'image.png'}: a binary file\n"


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(REPORT.encode("utf-8-sig"))))
    (document,) = documents(capsys, "-")
    assert document["source"] == "-"
    assert document["entities"][0]["start"] == 4  # the byte order mark is no part of the text


@pytest.mark.parametrize(("encoding", "option"), [("utf-16", []), ("gb18030", ["--encoding", "gb18030"])])
def test_other_encodings(tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str, option: list[str]) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(REPORT.encode(encoding))
    (document,) = documents(capsys, path, *option)
    assert len(document["entities"]) == 4


def test_nothing_found_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text("setup.py", encoding="utf-8")
    assert main(["extract", str(tmp_path / "x")]) == 0
    assert capsys.readouterr() == ("", "found nothing in 1 text\n")


def test_errors_say_what_and_what_next(tmp_path: Path, report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_bytes(b"a\0b")
    told = []
    for words, code in (
        ([str(tmp_path / "none")], 3),
        ([str(tmp_path / "x")], 2),
        ([str(report), "--encoding", "ascii"], 2),
        ([str(report), "--encoding", "rot13"], 2),
        ([], 2),
    ):
        assert main(["extract", *words]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "next: " in err
        told.append(err.splitlines()[0])
    assert told[0].endswith("none: no such file")
    assert told[1].endswith("x: a binary file")
    assert "not ascii: ordinal not in range(128) at byte 49" in told[2]
    assert "unknown encoding 'rot13'" in told[3]
