"""`steady export` tells a domain from a model, and says what it made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.cli.export import KINDS as OFFERED
from steadyhand.export.gguf import KINDS
from tests import tiny
from tests.domain.folder import make


def test_a_model_is_exported_by_default_as_weights_with_a_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tiny.save(tmp_path / "base")
    assert main(["export", str(base), "--to", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["files"]) == {"model", "serve-vllm.sh", "serve-sglang.sh", "README.md", "SHA256SUMS"}
    assert (found["gguf"], found["parity"]["argmax_agreement"]) == (None, 1.0)
    assert main(["export", str(base), "--to", str(tmp_path / "g"), "--format", "gguf", "--type", "q8_0"]) == 0
    out, err = capsys.readouterr()
    assert "base-q8_0.gguf: q8_0 weights for llama.cpp; weights are off by" in out
    assert "note: Measure what a server makes of it" in err


def test_a_domain_is_exported_by_default_as_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(make(tmp_path / "d")), "--to", str(tmp_path / "rows.jsonl"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "openai"
    assert (
        main(["export", str(tmp_path / "d"), "--to", str(tmp_path / "x"), "--format", "openai", "--format", "gguf"])
        == 2
    )
    assert "formats that do not go together: openai, gguf" in capsys.readouterr().err


def test_the_formats_on_offer_are_those_that_can_be_written() -> None:
    assert OFFERED == KINDS


def test_a_data_file_becomes_another_format_and_says_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = {"prompt": "q", "chosen": "a", "rejected": "b"}
    rows: list[dict[str, object]] = [{"instruction": "q", "input": "", "output": "a"}, {**pair}, {"x": 1}]
    source, target = tmp_path / "rows.jsonl", tmp_path / "new.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["export", str(source), "--to", str(target), "--format", "sharegpt", "--json"]) == 1
    made = json.loads(capsys.readouterr().out)
    assert (made["read"], made["rows"], [one["row"] for one in made["rejects"]]) == (3, 1, [2, 3])
    turns = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
    assert json.loads(target.read_text(encoding="utf-8")) == {"conversations": turns}
    assert made["ignored"] == {}
    source.write_text(json.dumps({**rows[0], "score": 1}) + "\n", encoding="utf-8")
    assert main(["export", str(source), "--to", str(tmp_path / "scored.jsonl"), "--format", "alpaca"]) == 0
    assert "not read: score (1 rows)" in capsys.readouterr().err
    source.write_text(json.dumps(rows[1]) + "\n", encoding="utf-8")
    assert main(["export", str(source), "--to", str(tmp_path / "kto.jsonl"), "--format", "kto"]) == 0
    assert "2 rows" in capsys.readouterr().out
    folder = make(tmp_path / "domain")
    assert main(["export", str(folder), "--to", str(tmp_path / "d.jsonl"), "--format", "trl"]) == 2
    assert "holds no judged answers" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tiny.save(tmp_path / "base")
    words = ["export", str(base), "--to", str(tmp_path / "out"), "--push", "team/base", "--dry-run", "--json"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    pushed = json.loads(out)["push"]
    assert (pushed["repository"], pushed["public"], pushed["commit"]) == ("team/base", False, None)
    here = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"README.md", "model/model.safetensors", "SHA256SUMS"} <= set(pushed["files"]) == here
    assert f"would send {len(here)} files, {pushed['bytes']:,} bytes, to team/base, private" in err


@pytest.mark.parametrize("name", ["base", "team/", "team/a b", "../base", "team/..", "a/b/c"])
def test_a_name_that_no_hub_takes_is_refused_before_anything_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tiny.save(tmp_path / "base")
    assert main(["export", str(base), "--to", str(tmp_path / "out"), "--push", name]) == 2
    assert "is no name of a repository" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_rows_are_not_pushed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", str(make(tmp_path / "d")), "--to", str(tmp_path / "rows.jsonl"), "--push", "team/rows"]
    assert main(words) == 2
    assert "--push sends models, no rows" in capsys.readouterr().err
