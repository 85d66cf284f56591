"""No name and no content that somebody else chose reaches the terminal as more than text, whatever command shows it."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import pytest

from steadyhand.cli import COMMANDS, main
from steadyhand.cli.console import echo_data
from steadyhand.text.terminal import EscapedStream

HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b1A\u202egnp\u200b\nerror: all is well\r"
ROW = {"messages": [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": f"{HOSTILE} {HOSTILE}"}]}
CALLS: list[list[str]] = [
    [HOSTILE],
    [f"--{HOSTILE}"],
    ["init", "NEW"],
    ["init", "FILE/x"],
    ["check", "FILE"],
    ["check", "GONE"],
    ["check", "EMPTY"],
    ["check", "FILE", "--model", HOSTILE],
    ["check", "FILE", "--select", HOSTILE],
    ["check", "FILE", "--format", "github"],
    ["check", "FILE", "--explain", HOSTILE],
    ["check", "FILE", "--format", HOSTILE],
    ["split", "FILE", "--to", "NEW"],
    ["import", "FILE", "--to", "NEW"],
    ["import", "GONE", "--to", "NEW"],
    ["export", "FILE", "--to", "NEW", "--format", "alpaca"],
    ["export", HOSTILE, "--to", "NEW", "--format", "gguf"],
    ["quantize", HOSTILE, "--domain", "EMPTY"],
    ["extract", "FILE"],
    ["extract", "GONE"],
    ["extract", "FOLDER"],
    ["extract", "FILE", "--encoding", HOSTILE],
    ["diagnose", "EMPTY", "--model", HOSTILE],
    ["dose", "EMPTY", "--point", HOSTILE],
    ["sweep", "EMPTY"],
    ["train", "EMPTY", "--inspect", "--source", HOSTILE],
    ["run", "EMPTY", "--plan"],
    ["run", "EMPTY", "--model", HOSTILE, "--plan"],
    ["run", "EMPTY", "--set", f"sft.epochs={HOSTILE}"],
    ["run", "EMPTY", "--set", f"{HOSTILE}=1"],
    ["run", "FILE"],
    ["online", "EMPTY", "--plan"],
    ["eval", "--model", HOSTILE, "--domain", "EMPTY"],
    ["eval", "--model", f"http://127.0.0.1:9/{HOSTILE}", "--domain", "EMPTY", "--served-model", HOSTILE],
    ["compare", "FILE", "GONE"],
    ["gate", "GONE", "--base", "FILE"],
    ["serve", "--model", "EMPTY"],
    ["serve", "--model", HOSTILE, "--endpoint", HOSTILE],
    ["serve", "--model", "steady-nano", "--token-env", HOSTILE],
    ["agent", "run", "GONE", "--domain", "EMPTY"],
    ["agent", "run", "FILE", "--domain", "EMPTY", "--audit", "NEW/log"],
    ["agent", "approve", HOSTILE, "--audit", "GONE"],
    ["agent", "replay", "FILE"],
    ["audit", "verify", "--audit", "FILE"],
    ["audit", "show", "--audit", "GONE"],
    ["report", "EMPTY"],
    ["config", "show", "FOLDER"],
    ["config", "show", "GONE"],
    ["doctor", HOSTILE],
    ["badcases", "GONE"],
    ["badcases", "FILE"],
    ["completion", HOSTILE],
    ["judge", "EMPTY"],
    ["templates", "EMPTY"],
    ["templates", "GONE"],
    ["roi", "FILE"],
    ["roi", "GONE"],
    ["rollout", "init", "FILE/x"],
    ["rollout", "status", "GONE"],
    ["review", "status", "GONE"],
    ["review", "export", "FILE", "--to", "FILE"],
    ["studio", "FILE", "--host", HOSTILE],
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of hostile names: a data file, a folder of one, an empty folder, and places for what is not there."""
    (tmp_path / "FILE").with_name(f"{HOSTILE}.jsonl").write_text(json.dumps(ROW) + "\n" + json.dumps(ROW) + "\n")
    (tmp_path / f"{HOSTILE}d").mkdir()
    (tmp_path / f"{HOSTILE}d" / f"{HOSTILE}.txt").write_text(f"{HOSTILE} evil.example\n")
    (tmp_path / f"{HOSTILE}d" / f"{HOSTILE}.bin").write_bytes(b"\0")
    (tmp_path / f"{HOSTILE}e").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(call: list[str], place: Path) -> list[str]:
    names = {"FILE": ".jsonl", "FOLDER": "d", "EMPTY": "e", "GONE": "gone", "NEW": "new"}
    made = []
    for word in call:
        start, slash, rest = word.partition("/")
        made.append(f"{place / (HOSTILE + names[start])}{slash}{rest}" if start in names else word)
    return made


def obeyed(text: str) -> list[str]:
    return [
        char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\n\t"
    ]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: " ".join(call)[:30].encode("unicode_escape").decode())
def test_a_hostile_name_is_shown_and_not_obeyed(
    call: list[str], place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--json"]):
        code = main([*words(call, place), *more])
        out, err = capfd.readouterr()
        assert code in (0, 1, 2, 3, 4)
        assert out or err
        assert obeyed(out + err) == []
        assert not any(line.startswith("error: all is well") for line in (out + err).splitlines())
        if more and out.startswith("{"):
            json.loads(out)


def test_every_command_is_tried() -> None:
    assert {call[0] for call in CALLS} >= set(COMMANDS)


def test_a_diff_is_data_for_a_program_and_text_for_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    class Terminal(EscapedStream):
        def isatty(self) -> bool:
            return True

    for kind, shown in ((EscapedStream, "+a\r\u202e\n"), (Terminal, "+a\\r\\u202e\n")):
        before, sys.stdout = sys.stdout, kind(sys.stdout)
        try:
            echo_data("+a\r\u202e\n")
        finally:
            sys.stdout = before
        assert capfd.readouterr().out == shown
