"""The blocks of a page, and what runs them: a shell block in bash, a Python block here, each with what it should print.

A block of text right after a shell block is its output: every line of it must come, in that order; `...` stands for
any lines. A block that cannot run here has a comment before it that says why: `<!-- not run: needs a card -->`; its
`steady` commands are still read as the command line would read them.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from steadyhand.cli import cli
from tests.test_house import ROOT

DOCS = ROOT / "docs"
BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\s*\Z")
SECONDS = 600


@dataclass(frozen=True)
class Block:
    kind: str  # sh, python, text, toml, ...
    text: str
    line: int
    not_run: str = ""  # why


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    source = page.read_text("utf-8")
    found = []
    for match in BLOCK.finditer(source):
        before = NOT_RUN.search(source[: match.start()])
        text = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        line = source.count("\n", 0, match.start()) + 1
        found.append(Block(match["kind"], text, line, before[1] if before else ""))
    return found


@dataclass
class Reader:
    """A person who follows a page in `folder`, block by block. What they start in the background ends with them."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    space: dict[str, object] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    ports: dict[str, str] = field(default_factory=dict)  # as pages write them: free ones here

    def __post_init__(self) -> None:
        here = self.folder / ".bin"
        here.mkdir(exist_ok=True)
        program = "import sys\nfrom steadyhand.cli import main\nsys.exit(main())\n"
        (here / "steady").write_text(f'#!/bin/sh\nexec {sys.executable} {here / "steady.py"} "$@"\n', "utf-8")
        (here / "steady.py").write_text(program, "utf-8")
        (here / "steady").chmod(0o755)
        if not (self.folder / "examples").exists():
            (self.folder / "examples").symlink_to(ROOT / "examples")
        with socket.socket() as free, socket.socket() as other:
            for one in (free, other):
                one.bind(("127.0.0.1", 0))
            self.ports = {"8322": str(free.getsockname()[1]), "8324": str(other.getsockname()[1])}
        path = f"{here}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.env = {
            **os.environ, "PATH": path, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "HOME": str(self.folder),
            "PYTHONWARNINGS": "default", "COLUMNS": "200", "OMP_NUM_THREADS": "1",
        }  # fmt: skip

    def follow(self, page: Path) -> list[str]:
        """Every block that can run; what a shell block printed, each."""
        told: list[str] = []
        for before, block in zip([None, *blocks(page)], blocks(page), strict=False):
            where = f"{page.relative_to(ROOT)}:{block.line}"
            if block.not_run and block.kind == "sh":
                assert_readable(block.text, where)
            elif block.kind == "sh":
                told.append(self.shell(block.text, where))
            elif block.kind == "python" and not block.not_run:
                self.python(block.text, where)
            elif block.kind == "text" and before is not None and before.kind == "sh" and not before.not_run:
                missing = next(absent(block.text, told[-1]), None)
                assert missing is None, f"{where}: not printed: {missing!r}\n--- printed:\n{told[-1]}"
        return told

    def shell(self, text: str, where: str) -> str:
        """What the block prints on both streams; it must end with 0. Variables that it exports stay for the next."""
        text = re.sub(r"^pip install .*$", ":", self.on_free_ports(text), flags=re.MULTILINE)
        printed, variables = self.folder / ".printed", self.folder / ".variables"
        program = f"set -e\n[ -f {variables} ] && . {variables}\n{text}\nexport -p > {variables}\n"
        with printed.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", program], stdout=out, stderr=subprocess.STDOUT, cwd=self.folder, env=self.env,
                start_new_session=True,
            )  # fmt: skip
            self.groups.append(process.pid)
            code = process.wait(SECONDS)
        told = printed.read_text("utf-8", "replace")
        assert code == 0, f"{where}: exit {code}\n{text}\n--- printed:\n{told}"
        return told

    def python(self, text: str, where: str) -> None:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            exec(compile(self.on_free_ports(text), where, "exec"), self.space)
        finally:
            os.chdir(before)

    def on_free_ports(self, text: str) -> str:
        for written, free in self.ports.items():
            text = text.replace(written, free)
        return text

    def leave(self) -> None:
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue  # nothing was left in the background


def absent(wanted: str, told: str) -> Iterator[str]:
    """The lines of `wanted` that do not come in `told`, in order."""
    lines = iter([line.strip() for line in told.splitlines()])
    for line in wanted.splitlines():
        if line.strip() not in {"", "..."} and not any(_alike(line.strip(), one) for one in lines):
            yield line


def _alike(wanted: str, line: str) -> bool:
    """Equal, where `...` within a line stands for any text."""
    return re.fullmatch(".*?".join(map(re.escape, wanted.split("..."))), line) is not None


def commands(text: str) -> Iterator[list[str]]:
    """The `steady` commands of a shell block, as words."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*|env|time", words[0]):
            words = words[1:]
        if words and words[0] == "steady":
            ends = [i for i, word in enumerate(words) if word in {"|", "||", "&&", ">", "2>", "&", ";"}]
            yield words[1 : min(ends, default=len(words))]


def assert_readable(text: str, where: str) -> None:
    """Each `steady` command of a block is one that the command line takes: its name, options and values."""
    for words in commands(text):
        context = click.Context(cli, info_name="steady")
        command: click.Command = cli
        while isinstance(command, click.Group) and words:
            found = command.get_command(context, words[0])
            assert found is not None, f"{where}: no such command: {words}"
            command, words = found, words[1:]
        command.make_context(command.name, list(words), parent=context).close()
