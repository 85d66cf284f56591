"""The error tree. Every error that a user can meet says what, where and what to do next.

SteadyError                 exit code
├── UsageError                  2   the command line or a setting is wrong
│   └── DomainError             2   a file of the domain folder is wrong (file:line:column)
├── PrerequisiteError           3   a model, a tokenizer, a package or a file is missing
├── JobError                    4   the work itself failed (loss is NaN, endpoint down)
│   ├── DiskFullError           4   whatever is tried next would fail too
│   └── LimitError              4   an input asks for more work than is allowed
└── GateFailed                  1   the work ran and the answer is no
"""

from __future__ import annotations

from dataclasses import dataclass

from steadyhand.text.terminal import one_line

EXIT_OK, EXIT_NO, EXIT_USAGE, EXIT_PREREQUISITE, EXIT_JOB, EXIT_INTERRUPTED = 0, 1, 2, 3, 4, 130


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `line` and `column` count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([one_line(self.file), *(str(n) for n in (self.line, self.column) if n)])


def first_line(error: BaseException | None, most: int = 200) -> str:
    """What another program's error says, for a sentence of our own: its first line, or its name where it says
    nothing."""
    said = str(error).strip() if error is not None else ""
    return said.splitlines()[0][:most] if said else type(error).__name__


class SteadyError(Exception):
    """`what` went wrong, `where`, and what to do `next` (each one line, for a person)."""

    exit_code = EXIT_JOB

    def __init__(self, what: str, *, where: Place | str | None = None, next: str | None = None) -> None:
        super().__init__(what)
        self.what, self.where, self.next = what, where, next

    def __str__(self) -> str:
        head = one_line(f"{self.where}: {self.what}" if self.where else self.what)
        return f"{head}\n  next: {one_line(self.next)}" if self.next else head


class UsageError(SteadyError):
    exit_code = EXIT_USAGE


class DomainError(UsageError):
    pass


class PrerequisiteError(SteadyError):
    exit_code = EXIT_PREREQUISITE


class JobError(SteadyError):
    exit_code = EXIT_JOB


class DiskFullError(JobError):
    pass


class LimitError(JobError):
    pass


class GateFailed(SteadyError):  # noqa: N818  it is an answer, not an error
    exit_code = EXIT_NO
