"""What a finished folder says of its own files, and whether they still are what it says.

An artifact has a done-marker with every file's sha256, written last; an exported folder has SHA256SUMS, which
`sha256sum -c` reads as well. Whoever uses either checks it first, so that what was signed off is what is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from steadyhand.errors import PrerequisiteError
from steadyhand.ledger.digests import digest
from steadyhand.ledger.keys import files_below

MARKER, SUMS = ".done.json", "SHA256SUMS"
HEAD = "# sealed by steadyhand; sha256sum -c SHA256SUMS\n"  # a comment to sha256sum; other people's sums have none


def differences(home: Path, below: Path | None = None) -> list[str]:
    """What of a sealed folder (or of `below` in it) is not as it was when it was finished, one sentence each.

    Empty: every byte is, as far as `ledger.digests` knows. Raises OSError for what cannot be read.

    >>> differences(Path("runs/uss/artifacts/3f2a"))
    ['model/model.safetensors was changed']
    """
    written = _sealed(home)
    if written is None:
        return [f"{MARKER if (home / MARKER).exists() else SUMS} is damaged"]
    within = below or home
    written = {name: sha for name, sha in written.items() if (home / name).is_relative_to(within)}
    paths = files_below(within) if within.is_dir() else [path for path in (within,) if path.is_file()]
    found = {path.relative_to(home).as_posix(): path for path in paths}
    missing = [f"{name} is missing" for name in sorted(written.keys() - found.keys())]
    changed = [f"{name} was changed" for name in sorted(written.keys() & found) if digest(found[name]) != written[name]]
    added = [f"{name} was added" for name in sorted(found.keys() - written.keys()) if not _is_apart(name)]
    return missing + changed + added


def refuse_changed(folder: Path) -> None:
    """Raises PrerequisiteError when a model's `folder` lies in a sealed one and is not what was finished there."""
    for home in (folder, folder.parent):
        if not is_sealed(home):
            continue
        if wrong := differences(home, folder):
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise PrerequisiteError(
                f"this is not the model that was finished here: {wrong[0]}{more}",
                where=str(home),
                next="put back a copy, or make it again (`steady run` does, by itself); "
                "copied to another folder it can be used without its verdict",
            )


def is_sealed(home: Path) -> bool:
    if (home / MARKER).is_file():
        return True
    try:
        if not (home / SUMS).is_file():  # a pipe would be waited for
            return False
        with (home / SUMS).open("rb") as file:
            return file.read(len(HEAD)) == HEAD.encode()
    except OSError:
        return False


def write_sums(folder: Path) -> None:
    """Seals `folder` as it is now."""
    lines = [f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_below(folder)]
    (folder / SUMS).write_text("".join([HEAD, *lines]), "utf-8")


def _sealed(home: Path) -> dict[str, str] | None:
    """File name -> sha256 hex as the folder says; None for a seal that cannot be read."""
    try:
        if (home / MARKER).exists():
            files = json.loads((home / MARKER).read_text("utf-8"))["files"]
            return {str(name): str(row["sha256"]) for name, row in files.items()}
        return dict(_sums((home / SUMS).read_text("utf-8").splitlines()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _sums(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        if line.startswith("#"):
            continue
        sha, gap, name = line[:64], line[64:66], line[66:].removeprefix("./")
        if gap not in ("  ", " *") or not name:
            raise ValueError(line)
        yield name, sha


def _is_apart(name: str) -> bool:
    """The seal itself, and what desktops and file systems leave in any folder (.DS_Store, .nfs...)."""
    return name == SUMS or Path(name).name.startswith(".")
