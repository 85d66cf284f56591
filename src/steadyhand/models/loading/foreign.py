"""Runs a library over a stranger's files: whatever it raises there, a panic of Rust included, is one error of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from steadyhand.errors import PrerequisiteError, SteadyError, first_line
from steadyhand.models.loading.quiet import quiet


@contextlib.contextmanager
def foreign(what: str, where: Path, next: str) -> Iterator[None]:
    """Quiet inside, too. Raises PrerequisiteError with the library's own reason behind `what`."""
    try:
        with quiet():
            yield
    except (SteadyError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise PrerequisiteError(f"{what} ({first_line(error)})", where=str(where), next=next) from error
