"""Which lines of a file differ from a commit of git. Asks git, and knows nothing of findings."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.files import open_file

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def changed_lines(commit: str, files: Iterable[str]) -> dict[str, frozenset[int]]:
    """File -> its lines (from 1) that `commit` does not have; all lines of a file that it does not have at all.

    Raises UsageError for a commit that is none, or a file outside of a repository, PrerequisiteError without git."""
    return {file: _changed(commit, Path(file)) for file in files}


def _changed(commit: str, file: Path) -> frozenset[int]:
    if not file.is_file():  # the standard input has no commit
        raise UsageError("no file of a repository", where=str(file), next="leave --changed out")
    words = ["-c", "core.quotepath=off", "diff", "--unified=0", "--no-color", "--no-ext-diff", commit, "--", file.name]
    shown = _git(words, file)
    if not shown and not _git(["ls-files", "--", file.name], file):  # not in git: all of it is new
        with open_file(file) as lines:
            return frozenset(range(1, sum(1 for _ in lines) + 1))
    hunks = [(int(first), int(count) if count else 1) for first, count in _HUNK.findall(shown)]
    return frozenset(line for first, count in hunks for line in range(first, first + count))


def _git(words: list[str], file: Path) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=file.resolve().parent, capture_output=True, text=True, errors="replace"
        )
    except FileNotFoundError as error:
        raise PrerequisiteError("--changed asks git, which is not installed", next="install git") from error
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["git fails"])[0]
        raise UsageError(f"git: {told}", where=str(file), next="name a commit that is there: fetch it first in CI")
    return done.stdout
