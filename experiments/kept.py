"""Cells of a comparison, each a process of its own whose figures are kept, and the table of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from steadyhand.errors import EXIT_INTERRUPTED, EXIT_OK, JobError, SteadyError


def figures(
    module: str, name: str, words: Sequence[object], place: Path, position: str, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The figures of the cell `name` at `place`, from disk when they are there, else from `python -m module WORDS`,
    which writes them there, with `more` in its environment. Raises JobError when the process fails."""
    path = place / "figures.json"
    if path.is_file():
        print(f"{position} {name}: done before", file=sys.stderr)
    else:
        print(f"{position} {name}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", module, *map(str, words)]
        code = subprocess.run(command, check=False, env=os.environ | dict(more or {})).returncode
        if code == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        if code:
            raise JobError(f"the cell {name} ended with exit code {code}", next="see above; run again to go on")
    return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]


def written(out: Path, work: Callable[[], dict[str, Any]]) -> int:
    """The exit code of a cell's process: its figures are written last."""
    try:
        found = work()
    except SteadyError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    out.mkdir(parents=True, exist_ok=True)
    (out / "figures.json").write_text(json.dumps(found), "utf-8")
    return EXIT_OK


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of even width, to the right but for the rule under the first."""
    cells = [head, ["---" if i == 0 else "---:" for i in range(len(head))], *rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join(
        "| " + " | ".join(text.rjust(w) for text, w in zip(line, widths, strict=True)) + " |" for line in cells
    )


def share(row: dict[str, Any], name: str) -> str:
    """`passed/asked percent` of a figure, a dash where there is none."""
    k, n = row.get(name, (None, 0))
    return f"{k}/{n} {100 * k / n:.1f} %" if n and k is not None else "-"
