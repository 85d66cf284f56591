"""Inputs that went wrong once, each with a judge that says whether the command now does what is expected.

`python -m bench.cases [FOLDER] [ID...]` reads FOLDER/cases.jsonl and the input files beside it, runs the judge of every
id and prints a table. A judge runs the command that its case names and looks at what comes out; it returns what it saw
and raises `Wrong` with what it saw instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from steadyhand.models.loading.resolve import resolve

LIMIT = 400  # seconds that one command may take
_START = "import sys; from steadyhand.cli import main; sys.exit(main())"


class Wrong(Exception):  # noqa: N818  a judgment, no fault of the program
    """What came out, where something else was expected."""


@dataclass(frozen=True)
class Ran:
    """What a command left behind. `json` reads its output."""

    rc: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.out)
        except ValueError:
            raise Wrong(f"exit {self.rc}, no JSON: {(self.err or self.out).strip()[-200:]}") from None

    def findings(self, *codes: str) -> list[dict[str, Any]]:
        """Those of `codes` (or their beginnings); of all rules when none is named."""
        return [one for one in self.json["findings"] if one["code"].startswith(codes or ("",))]


@dataclass(frozen=True)
class Desk:
    """Where a judge works: `cases` holds the input files, `room` is an empty folder of its own."""

    cases: Path
    room: Path

    def input(self, name: str) -> Path:
        return self.cases / name

    def rows(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.input(name).read_text("utf-8").splitlines()]

    def steady(self, *words: str | Path) -> Ran:
        command = [sys.executable, "-c", _START, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.room, timeout=LIMIT, env=_quiet())
        return Ran(done.returncode, done.stdout, done.stderr)

    def check(self, name: str | Path, *words: str | Path) -> Ran:
        """`steady check` of an input file. It must end by itself: a crash is wrong whatever is expected."""
        ran = self.steady("check", self.cases / name, "--json", *words)
        if ran.rc not in (0, 1, 2, 3):
            raise Wrong(f"exit {ran.rc}: {ran.err.strip()[-200:]}")
        return ran

    def exported(self, name: str | Path, form: str) -> list[Any]:
        """The rows of an input file in another format."""
        target = self.room / f"{form}.jsonl"
        target.unlink(missing_ok=True)
        ran = self.steady("export", self.cases / name, "--format", form, "--to", target)
        if ran.rc not in (0, 1):
            raise Wrong(f"exit {ran.rc}: {ran.err.strip()[-200:]}")
        return [json.loads(line) for line in target.read_text("utf-8").splitlines()]

    def imported(self, name: str | Path) -> tuple[Any, Path]:
        """(the summary, the new domain folder) of `steady import`."""
        folder = self.room / "domain"
        shutil.rmtree(folder, ignore_errors=True)
        return self.steady("import", self.cases / name, "--to", folder, "--json").json, folder

    def starter(self) -> Path:
        folder = self.room / "starter"
        if not folder.exists():
            self.steady("init", folder)
        return folder

    def model(self, template: str | None = None, text: str = "") -> Path:
        """A copy of the packaged model, with an input file (or `text`) as its chat template."""
        folder = self.room / f"model-{template or 'own'}"
        if not folder.exists():
            shutil.copytree(resolve("steady-nano"), folder)  # no links: a model folder with links is refused
            (folder / "chat_template.jinja").unlink()
            text = text or self.input(template).read_text("utf-8") if template else text
            (folder / "chat_template.jinja").write_text(text, "utf-8")
        return folder

    @contextmanager
    def served(self, model: str | Path) -> Iterator[tuple[httpx.Client, list[str]]]:
        """A client of `steady serve`, and what the server says on stderr."""
        command = [sys.executable, "-c", _START, "serve", "--model", str(model), "--name", "m", "--port", "0", "--json"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=self.room, env=_quiet()) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            said: list[str] = []
            threading.Thread(target=said.extend, args=(process.stderr,), daemon=True).start()
            try:
                first = process.stdout.readline()
                if not first:
                    raise Wrong(f"steady serve ended: {''.join(said)[-200:]}")
                text = first if first.rstrip().endswith("}") else first + _rest(process.stdout)
                with httpx.Client(base_url=json.loads(text)["url"], timeout=LIMIT) as client:
                    yield client, said
            finally:
                process.terminate()


def _rest(lines: Iterator[str]) -> str:
    """The rest of an indented object."""
    text = ""
    for line in lines:
        text += line
        if line.startswith("}"):
            break
    return text


def _quiet() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}


Judge = Callable[[Desk], str]
JUDGES: dict[str, Judge] = {}


def judge(id: str) -> Callable[[Judge], Judge]:
    """Registers the judge of the case `id`. Raises ValueError for a second one."""

    def register(function: Judge) -> Judge:
        if id in JUDGES:
            raise ValueError(f"two judges of {id!r}")
        JUDGES[id] = function
        return function

    return register


def expect(holds: object, got: object) -> None:
    """Raises Wrong with what was `got` unless something holds."""
    if not holds:
        raise Wrong(str(got))


def shown(rows: Sequence[Any]) -> str:
    """Findings by code, for the table."""
    codes = [one["code"] for one in rows]
    return ", ".join(f"{code} x{codes.count(code)}" for code in sorted(set(codes))) or "no finding"
