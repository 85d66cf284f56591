"""What the words of a command line name: files, folders, globs, dataset_info.json, the standard input.

Knows names and what stands beside them; opens no data file. Nothing is passed over in silence.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.dataset_info import INFO, Columns, read_info
from steadyhand.datasets.formats import Format
from steadyhand.datasets.mapping import ColumnMap
from steadyhand.datasets.raw_rows import STDIN, SUFFIXES
from steadyhand.domain.load import LAYOUT
from steadyhand.errors import DomainError, UsageError
from steadyhand.files import meant, open_file, shown, walk


@dataclass(frozen=True)
class Input:
    """A data file, and how its columns are called where dataset_info.json says so."""

    path: Path
    columns: Columns | ColumnMap | None = None

    def read(
        self,
        reached: Callable[[int], None] = lambda line: None,
        *,
        form: Format | None = None,
        preferences: bool = True,
    ) -> Imported:
        """Its rows, those that judge answers only with `preferences`; `reached` is told lines. Raises DomainError when
        the file as a whole cannot be read."""
        return read_dialogues(self.path, form, preferences=preferences, columns=self.columns, reached=reached)

    def lines(self) -> int:
        """How many lines there are to be read, about, by the first megabyte; 0 where that cannot be told."""
        if self.path == STDIN or self.path.suffix not in (".json", ".jsonl", ".ndjson") or not self.path.is_file():
            return 0
        with open_file(self.path) as file:
            block = file.read(1 << 20)
        return block.count(b"\n") * self.path.stat().st_size // max(1, len(block))


@dataclass
class Named:
    """Files to read, in order and once each; `passed_over` are files of folders that hold no data by their names."""

    inputs: list[Input] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def is_domain(path: Path) -> bool:
    """Whether a folder is a domain folder: it has settings, or one of the folders that `load` reads."""
    return path.is_dir() and ((path / "steady.toml").is_file() or any((path / room).is_dir() for room in LAYOUT))


def inputs(words: Iterable[Path]) -> Named:
    """The data files that `words` name. A file that is asked for by name is read whatever it is called.

    Raises UsageError for a word that names nothing.
    """
    found, seen = Named(), set[Path]()
    for word in words:
        for one in _of(word, found.passed_over):
            if one.path not in seen:
                seen.add(one.path)
                found.inputs.append(one)
    return found


def _of(word: Path, passed_over: list[str]) -> Iterator[Input]:
    if word == STDIN:
        yield Input(word)
    elif word.is_dir():
        yield from _folder(word, passed_over)
    elif word.exists():
        yield from _file(word, passed_over)
    elif matches := _matching(word):
        for match in matches:
            yield from _of(match, passed_over)
    else:
        kind = "no file matches" if glob.has_magic(str(word)) else "no such file"
        after = f"{meant(word)}name a data file, a folder of them, or - for the standard input"
        raise UsageError(kind, where=str(word), next=after)


def _matching(word: Path) -> list[Path]:
    """What a word with * or ? matches, without hidden files. Links to folders are not followed by `**`, or a folder
    that links to itself twice would be looked through for ever."""
    home = Path(word.anchor) if word.anchor else Path()
    parts = word.parts[1:] if word.anchor else word.parts
    if not glob.has_magic(str(word)) or not parts or "\0" in str(word):
        return []
    hidden = any(part.startswith(".") for part in parts)
    try:
        found = home.glob(str(Path(*parts)))
        return sorted(one for one in found if hidden or not any(part.startswith(".") for part in one.parts))
    except (OSError, ValueError, NotImplementedError, RecursionError) as error:
        what = f"cannot be looked through: {error}"
        raise UsageError(what, where=shown(word), next="name the files or a folder of them") from None


def _file(path: Path, passed_over: list[str]) -> Iterator[Input]:
    if path.name == INFO:
        yield from _listed(path, read_info(path), passed_over)
    else:
        info = path.parent / INFO
        yield Input(path, _columns_beside(info).get(path.name) if info.is_file() else None)


def _columns_beside(info: Path) -> dict[str, Columns]:
    """What the list beside a file says; a list of another kind says nothing (ms-swift's has the same name)."""
    try:
        return read_info(info)
    except DomainError:
        return {}


def _listed(info: Path, listed: dict[str, Columns], passed_over: list[str]) -> Iterator[Input]:
    """The files of a dataset_info.json that are here."""
    here = {name: columns for name, columns in listed.items() if (info.parent / name).exists()}
    if not here:
        next = "put the files beside it"
        raise UsageError("none of its files is here", where=str(info), next=next)
    passed_over += [str(info.parent / name) for name in listed if name not in here]
    for name, columns in here.items():
        path = info.parent / name
        files = _data_files(path, passed_over) if path.is_dir() else [path]
        yield from (Input(file, columns) for file in files)


def _folder(folder: Path, passed_over: list[str]) -> Iterator[Input]:
    files = _data_files(folder, passed_over)
    if not files:
        next = f"put {', '.join(SUFFIXES)} files into it, or run `steady init` for a domain folder"
        raise UsageError("the folder holds no data files", where=str(folder), next=next)
    for path in files:
        yield from _file(path, passed_over)


def _data_files(folder: Path, passed_over: list[str]) -> Sequence[Path]:
    """All data files below a folder, in name order; hidden ones are nobody's data."""
    found = []
    for path in walk(folder):
        bare = path.with_suffix("") if path.suffix.lower() == ".gz" else path
        if path.is_file() and bare.suffix.lower() in SUFFIXES and path.name != INFO:
            found.append(path)
        else:
            passed_over.append(str(path))
    return found
