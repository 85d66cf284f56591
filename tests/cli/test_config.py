from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from steadyhand.cli import main


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_show_lists_values_with_their_origin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "steady.toml").write_text("[sft]\nepochs = 7\n", encoding="utf-8")
    monkeypatch.setenv("STEADY_SEED", "5")
    out = shown(capsys, "config", "show", str(tmp_path), "--origin", "--set", "dpo.k=2")
    lines = {line.split(" = ")[0].strip(): line.split(" = ")[1] for line in out.splitlines()}
    assert lines["sft.epochs"] == f"7    # project {tmp_path}/steady.toml:2:1"
    assert lines["seed"] == "5    # env STEADY_SEED"
    assert lines["dpo.k"] == "2    # flag dpo.k"
    assert lines["dpo.beta"] == "0.1    # default"
    assert "#" not in shown(capsys, "config", "show", str(tmp_path))


def test_show_as_json_has_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "steady.toml").write_text("[sft]\nepochs = 7\n", encoding="utf-8")
    rows = json.loads(shown(capsys, "config", "show", str(tmp_path), "--json"))["settings"]
    place = {"file": str(tmp_path / "steady.toml"), "line": 2, "column": 1}
    assert rows["sft.epochs"] == {"value": 7, "origin": "project", "where": place}
    assert rows["sft.lora_rank"] == {"value": 8, "origin": "default", "where": None}


@pytest.mark.parametrize(
    "url", ["postgresql://u:s3cret@h/x", "postgresql://u:s3c@ret/s3cret@h/x", "postgresql://h/x?a=1&sslpassword=s3cret"]
)
def test_passwords_are_not_shown(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--origin"], ["--json"]):
        out = shown(capsys, "config", "show", "--set", f"ledger.url={url}", *words)
        assert "***" in out
        assert "s3c" not in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--set", "sft.epochs"], 2, "no value"),
        (["--set", "sft.epoch=3"], 2, "did you mean `sft.epochs`"),
        (["--set", "sft.lr=3"], 2, "did you mean `sft.learning_rate`"),
        (["--set", "dpo.r=3"], 2, "did you mean `dpo.lora_rank`"),
        (["--set", "sft.batch=3"], 2, "did you mean `sft.batch_tokens`"),
        (["--set", "sft.length=3"], 2, "did you mean `sft.max_length`"),
        (["--set", "optimizer=muon"], 2, "did you mean `sft.optimizer`"),
        (["--set", "fst.epochs=3"], 2, "did you mean `sft.epochs`"),
        (["--set", "zzz.yyy=3"], 2, "error: zzz.yyy: unknown setting `zzz.yyy`\n  next: `steady config docs`"),
        (["--set", "sft.epochs=many"], 2, "valid integer"),
        (["nowhere"], 3, "no such folder"),
    ],
)
def test_mistakes_are_told(words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", *words]) == code
    assert told in capsys.readouterr().err


def test_docs_are_a_settings_file_to_start_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(tomllib.loads(shown(capsys, "config", "docs"))) >= {"model", "sft", "dpo", "bars"}
    rows = json.loads(shown(capsys, "config", "docs", "--json"))["settings"]
    assert {"key": "sft.epochs", "takes": "whole number >= 1", "default": 3, "text": "Passes over the rows."} in rows
