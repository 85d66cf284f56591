"""A domain folder with anything in the place of any of its files: findings or one error, and nothing unexpected."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from steadyhand.cli import main
from tests.domain.folder import make

PLACES = (
    "steady.toml", "checks.yaml", "agent.yaml", "badcases.yaml", "knowledge/k.yaml", "knowledge/k.jsonl",
    "tools/query.json", "scenarios/s.yaml", "scenarios/s.jsonl", "probes/p.yaml", "rehearsal/r.jsonl",
    "preferences/p.jsonl",
)  # fmt: skip
LAUGHS = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(12))
CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "zero bytes": b"\0" * 100,
    "UTF-16": "points: [{id: é}]\n".encode("utf-16"),
    "no text": bytes(range(256)),
    "a byte order mark alone": b"\xef\xbb\xbf",
    "a number": b"7\n",
    "a text": b'"x"\n',
    "a list of lists": b"[[[]]]\n",
    "nothing at all": b"null\n",
    "an object of nobody": b'{"points": 1, "scenarios": {}, "probes": "x", "messages": [[]], "name": [], "tools": 0}\n',
    "keys that are none": b"{1: 2, null: 3, [a]: 4, true: {}}\n",
    "one key twice": b'{"id": 1, "id": 2, "messages": [], "messages": {}}\n',
    "numbers without end": b'{"id": 1e999, "points": [' + b"9" * 5000 + b"], messages: .inf}\n",
    "no numbers": b'{"id": NaN, "points": [Infinity], "messages": [-Infinity]}\n',
    "half a pair": b'{"id": "\\ud800", "points": [{"id": "\\udfff"}], "messages": [{"role": "user"}, "\\ud800"]}\n',
    "deep lists": b"[" * 50_000,
    "deep objects": b'{"a":' * 50_000,
    "deep bullets": b"- " * 50_000,
    "laughs": LAUGHS.encode(),
    "a circle": b"points: &p\n  - *p\nscenarios: *p\nprobes: *p\n",
    "an object of Python": b"points: !!python/object/apply:os.system ['true']\n",
    "a date": b"points: [{id: 2020-01-01, definition: 12:30:00, cards: [{id: 1, q: 2, a: 3}]}]\n",
    "what steers a terminal": b'{"\x1b[2J\xe2\x80\xae": "\x1b]0;x\x07"}\n',
    "one long line": b'{"messages": "' + b"x" * 2_000_000 + b'"}\n',
    "many lines": b'{"id": "x"}\n' * 3_000,
    "tables within tables": b"[a." + b".".join([b"b"] * 3_000) + b"]\nx = 1\n",
    "a pattern that is slow": b'checks: {a: {pattern: "(a+)+$"}}\nmust: ["(a|aa)+$", "("]\n',
}  # fmt: skip


def terabyte(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**12)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder": lambda path: path.mkdir(),
    "a terabyte": terabyte,
}
KINDS = [*CONTENTS, *ODD]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_unexpected_leaves_it(
    place: str, kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make(tmp_path / "d")
    path = folder / place
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if kind in CONTENTS:
        path.write_bytes(CONTENTS[kind])
    else:
        ODD[kind](path)
    (tmp_path / "report.txt").write_text("evil-host7.com is a phishing page.\n")
    commands = [["check", "d"], ["config", "show", "d"], ["check", f"d/{place}"]]
    commands += [["agent", "run", "report.txt", "--domain", "d", "--audit", "log"]] if place == "agent.yaml" else []
    for words in commands:
        assert main(words) in (0, 1, 2, 3, 4)
        said = capfd.readouterr()
        assert "unexpected" not in said.err, (words, said.err)
        assert "\x1b" not in said.out + said.err
