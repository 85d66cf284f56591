"""Files of users and strangers, opened in one place: what is no ordinary file is refused by name, before it is read.

A pipe would be waited for, a device has no end, a link may lead nowhere, a folder may hold itself, and a small archive
may unpack to more than there is room for. Knows files; knows nothing of what stands in them.

    text = read_text(Path("knowledge/points.yaml"))
"""

from __future__ import annotations

import difflib
import errno
import io
import itertools
import json
import os
import stat
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from steadyhand.errors import DomainError, Place

LARGEST_TEXT = 256_000_000  # bytes of a file that is read as a whole
LARGEST_UNPACKED = 2_000_000_000  # bytes that an archive may unpack to
MOST_FILES = 100_000  # in a folder that is looked through
DEEPEST = 64  # folders within folders
_KINDS = (
    (stat.S_ISDIR, "a folder", "name a file in it"),
    (stat.S_ISFIFO, "a named pipe", "write what comes through it to a file, or hand it over as -"),
    (stat.S_ISSOCK, "a socket", "name a file"),
    (stat.S_ISCHR, "a device", "name a file, or - for the standard input"),
    (stat.S_ISBLK, "a device", "name a file"),
)
_OPEN_ALREADY = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")  # pipes that the shell has opened: `steady check <(...)`
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # a pipe that takes the file's place now is not waited for
_BLOCK = 1 << 20
_LOOKED_AT = 2_000  # names beside one that is not there
_ALIKE = 0.7


def open_file(path: Path, *, largest: int | None = None) -> IO[bytes]:
    """An ordinary file, open to be read. Raises DomainError for what is none, cannot be read, or is larger than
    `largest` bytes."""
    name = shown(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) and not _is_given(path, found.st_mode):
            raise _refused(name, found.st_mode)
        descriptor = os.open(path, os.O_RDONLY | _AT_ONCE)
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None
    if _AT_ONCE:
        os.set_blocking(descriptor, True)
    file = os.fdopen(descriptor, "rb")
    opened = os.fstat(descriptor)
    if (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino):
        file.close()
        raise DomainError("another file was put in its place while it was opened", where=name, next="try again")
    if largest is not None and opened.st_size > largest:
        file.close()
        raise too_large(name, opened.st_size, largest)
    return file


def refuse_odd(path: Path) -> None:
    """Raises DomainError for what is no ordinary file, by its kind: a library would wait for it, or never end."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(shown(path), error) from None
    if not stat.S_ISREG(found.st_mode):
        raise _refused(shown(path), found.st_mode)


def read_bytes(path: Path, *, largest: int = LARGEST_TEXT) -> bytes:
    """All of an ordinary file. Raises DomainError, also for one that grows beyond `largest` while it is read."""
    with open_file(path, largest=largest) as file:
        try:
            data = file.read(largest + 1)
        except OSError as error:
            raise unreadable(shown(path), error) from None
    if len(data) > largest:
        raise too_large(shown(path), len(data), largest)
    return data


def read_text(path: Path, *, largest: int = LARGEST_TEXT) -> str:
    """A file's text as UTF-8, without a byte order mark. Raises DomainError with the place of the first bad byte."""
    return decoded(read_bytes(path, largest=largest), shown(path))


def decoded(data: bytes, name: str) -> str:
    """Bytes of the file `name` as UTF-8, without a byte order mark. Raises DomainError."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(name, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise DomainError(what, where=place, next="save the file as UTF-8 (is it a text file at all?)") from None


def unpacked(file: IO[bytes], name: str, *, largest: int = LARGEST_UNPACKED) -> IO[bytes]:
    """What a gzip file holds, in memory. Raises DomainError for a broken one, and for one that holds more than
    `largest` bytes."""
    made, size = io.BytesIO(), 0
    try:
        for block in _blocks(file):
            size += len(block)
            if size > largest:
                what = f"it unpacks to more than {largest:,} bytes"
                raise DomainError(what, where=name, next="unpack it yourself: JSONL is then read line by line")
            made.write(block)
    except (OSError, EOFError, zlib.error) as error:
        raise DomainError(f"broken gzip data: {error}", where=name, next="copy or compress the file again") from None
    made.seek(0)
    return made


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    import gzip

    with gzip.GzipFile(fileobj=file) as packed:
        yield from iter(lambda: packed.read(_BLOCK), b"")


def write_whole(path: Path, text: str) -> Path:
    """Writes beside `path` and moves over it, so that nobody finds half a file there, also after a kill. Lone
    surrogates, which broken model output can hold, become "?". Raises OSError; the old file is then as it was."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        part.write_text(text, "utf-8", errors="replace", newline="\n")
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that is all of a file. Raises DomainError."""
    text = read_text(path)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        where = Place(shown(path), error.lineno, error.colno)
        raise DomainError(f"not JSON: {error.msg}", where=where, next="copy the file again") from None
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
        raise DomainError(what, where=shown(path), next="copy the file again") from None
    if not isinstance(found, dict):
        raise DomainError("no JSON object", where=shown(path), next="copy the file again")
    return found


def walk(folder: Path) -> list[Path]:
    """Everything below a folder that is no folder itself, in order of names, hidden files and folders left out. Links
    to folders are not followed, so nothing is met twice. Raises DomainError for a folder that cannot be read, and for
    more than 100,000 files or 64 folders within each other."""
    found: list[Path] = []
    waiting = [(folder, 0)]
    while waiting:
        home, depth = waiting.pop()
        if depth > DEEPEST:
            what = f"more than {DEEPEST} folders deep"
            raise DomainError(what, where=shown(home), next="name the folder of the files")
        for entry in _entries(home):
            if entry.is_dir(follow_symlinks=False):
                waiting.append((home / entry.name, depth + 1))
            elif not _is_linked_folder(entry):
                found.append(home / entry.name)
        if len(found) > MOST_FILES:
            what = f"more than {MOST_FILES:,} files"
            raise DomainError(what, where=shown(folder), next="name the files that are meant")
    return sorted(found)


def _is_linked_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a link that leads round in a circle: opening it will say so
        return False


def entries(folder: Path) -> list[Path]:
    """What stands in a folder, in order of names, hidden files left out. Raises DomainError."""
    return sorted(folder / entry.name for entry in _entries(folder))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise unreadable(shown(folder), error) from None


def shown(path: Path) -> str:
    """A path as it can be printed: bytes of a name that are no UTF-8, and marks that steer a terminal, are escaped."""
    text = str(path).encode("utf-8", "backslashreplace").decode()
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def meant(path: Path) -> str:
    """ "did you mean `parcels`? " where something of nearly that name stands beside `path`; else ""."""
    try:
        with os.scandir(path.parent) as beside:
            names = [entry.name for entry in itertools.islice(beside, _LOOKED_AT)]
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=_ALIKE)
    return f"did you mean `{shown(path.parent / near[0])}`? " if near else ""


def unreadable(name: str, error: OSError | ValueError) -> DomainError:
    """The one sentence for a file that cannot be read."""
    if isinstance(error, ValueError):  # Python's word for a zero byte in a name
        return DomainError("no name of a file: it holds a zero byte", where=name, next="correct the name")
    if error.errno == errno.ELOOP:
        return DomainError("a link that leads round in a circle", where=name, next="remove the link")
    if error.errno == errno.ENOENT:
        return DomainError("no such file", where=name, next="check the name")
    return DomainError(f"cannot be read: {error.strerror or error}", where=name, next="check the file and its rights")


def too_large(name: str, size: int, largest: int) -> DomainError:
    return DomainError(f"{size:,} bytes, {largest:,} are read at most", where=name, next="split the file")


def _is_given(path: Path, mode: int) -> bool:
    return stat.S_ISFIFO(mode) and str(path).startswith(_OPEN_ALREADY)


def _refused(name: str, mode: int) -> DomainError:
    known = [(kind, after) for test, kind, after in _KINDS if test(mode)]
    kind, after = known[0] if known else ("no ordinary file", "name a file")
    return DomainError(f"{kind}, not a file that can be read", where=name, next=after)
