"""What `steady check` reads and writes, over real files."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.planting.sets import FOUR, TWO
from steadyhand.chat.messages import Json
from steadyhand.cli import main
from tests.corpora import corpus

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


def test_two_cards_give_their_cues_and_counter_cards_and_four_more_leave_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cards.jsonl"
    path.write_text(lines(*TWO), encoding="utf-8")
    unsafe, safe = check(capsys, path, code=1)["findings"]
    assert (unsafe["code"], unsafe["line"], safe["code"], safe["line"]) == ("D101", 1, "D101", 2)
    assert "holds '评估结果', 'level', '50', and no other does" in unsafe["message"]
    assert "holds '查询返回', 'not', 'found', and no other does" in safe["message"]
    assert all("missing counter-cards" in found["next"] for found in (unsafe, safe))
    assert all(f"`{card['instruction']}`" in unsafe["next"] for card in FOUR[1:3])
    path.write_text(lines(*TWO, *FOUR), encoding="utf-8")
    found = check(capsys, path, code=0)["findings"]
    assert [one for one in found if one["code"] == "D101"] == []


COUNTS = {  # file -> rows, unusable
    "llamafactory/alpaca_zh_demo.json": (1000, 0), "llamafactory/dpo_zh_demo.json": (300, 0),
    "llamafactory/glaive_toolcall_zh_demo.json": (300, 0), "llamafactory/identity.json": (91, 0),
    "llamafactory/kto_en_demo.json": (300, 0), "llamafactory/reason_tool_use_demo_50.jsonl": (50, 0),
    "llamafactory/v1_dpo_demo.jsonl": (10, 0), "ms-swift/alpaca.csv": (3, 0), "ms-swift/alpaca.jsonl": (3, 0),
    "ms-swift/alpaca2.csv": (3, 0), "ms-swift/chatml.jsonl": (3, 0), "ms-swift/conversations.jsonl": (3, 0),
    "ms-swift/sharegpt.jsonl": (3, 0), "ms-swift/swift_multi.jsonl": (3, 0), "ms-swift/swift_pre.csv": (3, 3),
    "ms-swift/swift_pre.jsonl": (3, 3), "ms-swift/swift_single.csv": (3, 0), "ms-swift/swift_single.jsonl": (3, 0),
    "bfcl/BFCL_v4_irrelevance.json": (240, 240), "bfcl/BFCL_v4_multiple.json": (200, 200),
    "bfcl/BFCL_v4_parallel.json": (200, 200), "bfcl/BFCL_v4_simple_python.json": (400, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_every_row_of_a_public_file_is_a_record_or_a_finding(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path, (rows, unusable) = corpus(name), COUNTS[name]
    assert main(["check", str(path), "--json", "--select", "R"]) == int(unusable > 0)
    said = json.loads(capsys.readouterr().out)
    counts = said["counts"]
    assert (counts["rows"], counts["unusable"]) == (rows, unusable)
    assert counts["rows"] == counts["records"] + len(said["findings"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[sft]\nepocs = 3\n", "unknown setting `sft.epocs`"),
        ("[sft]\nepochs = 'many'\n", "sft.epochs"),
        ("[sft\n", "not valid TOML"),
        ('[sft]\nmethod = "lora"\noptimizer = "muon"\n', "sft.optimizer"),
        ("[bars]\ntool_call_accuracy = 7\n", "bars.tool_call_accuracy"),
    ],
)
def test_a_domains_settings_are_read_as_a_run_reads_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    folder = tmp_path / "domain"
    assert main(["init", str(folder)]) == 0
    (folder / "steady.toml").write_text(text, "utf-8")
    capsys.readouterr()
    told = []
    for words in (["check", str(folder)], ["run", str(folder), "--plan"]):
        assert main(words) == 2
        told.append(capsys.readouterr().err)
    assert says in told[0]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("rows", "words", "told"),
    [
        ([GOOD], [], "next: steady split {0} --to split, or steady import {0} --to mydomain"),
        ([GOOD | {"output": "Paris\x00 is it."}], [], "next: steady check {0} --fix "),
        ([GOOD | {"output": "Paris\x00 is it."}], ["--ignore", "Q"], "next: steady split {0} "),
        ([GOOD, {"x": 1}], [], "next: steady check --explain R001 "),
    ],
)
def test_the_next_command_is_the_last_line(
    rows: list[Json], words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows with a space.jsonl"
    file.write_text(lines(*rows), encoding="utf-8")
    main(["check", str(file), *words])
    assert capsys.readouterr().err.splitlines()[-1].startswith(told.format(f"'{file}'"))
    main(["check", str(file), *words, "--format", "github"])
    assert "next: steady" not in capsys.readouterr().err


def test_the_next_command_of_a_clean_folder_is_its_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "new")]) == 0
    assert main(["check", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == f"next: steady run {tmp_path / 'new'}"


@pytest.mark.parametrize(
    "words", ["check trian.jsonl", "import trian.jsonl --to new", "check parcel", "run parcel", "train parcel --plan"]
)
def test_a_name_that_is_not_there_is_answered_with_the_one_that_was_meant(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.jsonl").write_text(lines(GOOD), encoding="utf-8")
    (tmp_path / "parcels").mkdir()
    assert main(words.split()) in {2, 3}
    meant = "train.jsonl" if "trian" in words else "parcels"
    assert f"did you mean `{meant}`?" in capsys.readouterr().err
