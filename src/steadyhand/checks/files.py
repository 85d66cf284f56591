"""Files of a domain that a check names: inside the domain's folder, read as UTF-8."""

from __future__ import annotations

from pathlib import Path

from steadyhand.errors import DomainError, UsageError
from steadyhand.files import read_text


def path_in(root: Path, name: str, what: str) -> Path:
    """The file `name` of the domain in `root`. Raises UsageError when it is absent or lies outside."""
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{what} lies outside the domain's folder", where=name, next="put the file into the folder")
    if not path.is_file():
        raise UsageError(f"{what} is not there", where=str(path), next="check the name")
    return path


def read_file(root: Path, name: str, what: str) -> str:
    path = path_in(root, name, what)
    try:
        return read_text(path)
    except DomainError as error:
        raise UsageError(f"{what}: {error.what}", where=error.where, next=error.next) from None
