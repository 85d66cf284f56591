"""Asks the worker process, and kills it when it does not answer. One process for all databases, started when needed."""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadyhand.checks.sql.rows import Row
from steadyhand.checks.sql.text import Ties, with_ties

GRACE = 0.5  # seconds past the limit in which the worker may still answer by itself
COPYING = 20.0  # seconds that an altered copy may take to make
_START = "from steadyhand.checks.sql.worker import main; main()"


@dataclass(frozen=True)
class Failure:
    """A query that returned nothing: a reason code and a sentence."""

    code: str
    why: str


class Worker:
    """A worker process. Its methods may be called from several threads, one request at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def rows(
        self,
        path: Path,
        sql: str,
        *,
        seconds: float,
        most: int,
        copy: str = "",
        constants: Sequence[object] = (),
        ties: Ties = "",
    ) -> list[Row] | Failure:
        """All rows of a query on the file, or on the altered copy of it that `copy` names."""
        request = {
            "path": str(path.resolve()),
            "sql": sql,
            "tied": with_ties(sql) if ties else sql,
            "seconds": seconds,
            "most": most,
            "copy": copy,
            "constants": list(constants),
            "ties": ties,
        }
        with self._lock:
            reply = self._ask(request, seconds + GRACE + (COPYING if copy else 0))
        if "rows" in reply:
            return [tuple(bytes.fromhex(v["hex"]) if isinstance(v, dict) else v for v in row) for row in reply["rows"]]
        return Failure(reply["code"], reply["why"])

    def _ask(self, request: dict[str, Any], patience: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = self._lines.get(timeout=patience)
        except (queue.Empty, OSError):
            self.stop()
            return {"code": "too_slow", "why": "it did not answer and was stopped"}
        if not line:
            self.stop()
            return {"code": "too_much", "why": "it ended the process that ran it"}
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._lines = queue.Queue()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env=_environment(),
            )
            threading.Thread(target=_read, args=(self._process, self._lines), daemon=True).start()
        return self._process

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


def _environment() -> dict[str, str]:
    """What finds this package again, and nothing of the caller's secrets."""
    package = Path(__file__).resolve().parents[3]
    passed_on = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    return passed_on | {"PYTHONPATH": str(package), "PYTHONIOENCODING": "utf-8"}


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    """Lines as they come; an empty one is the end."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.put(line)
    except ValueError:  # closed while it was read
        pass
    lines.put("")


WORKER = Worker()
atexit.register(WORKER.stop)
