"""Defects of whole sets and of domain folders, each with its clean twin. Those of single rows are in `rows`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.planting.domains import DOMAINS
from bench.planting.sets import SETS
from bench.planting.templates import TEMPLATES
from bench.planting.twin import HELD, Case
from steadyhand.check.lint import lint_domain, lint_files
from steadyhand.check.rules import RULES
from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.folder import load
from steadyhand.errors import DomainError

__all__ = ["CASES", "Case", "said_of"]

CASES: tuple[Case, ...] = (*SETS, *DOMAINS, *TEMPLATES)


def said_of(case: Case, folder: Path, *, planted: bool) -> set[tuple[str, str, int]]:
    """(code, file, line) of all that is said with the defect or without; files are named within the folder, a model's
    by its folder's name."""
    files: Mapping[str, bytes] = case.files if planted else case.clean
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    rendering = case.rendering(planted) if case.rendering else None
    if case.domain:
        report = lint_domain(load(folder), frozenset(RULES), rendering)
    else:
        broken: list[DomainError] = []
        trained, held = (_read(folder, names, broken) for names in ([n for n in files if n != HELD], [HELD]))
        report = lint_files(trained, frozenset(RULES), rendering, held, broken, workers=1)
    return {(found.code, _within(found.place.file, folder), found.place.line) for found in report.findings}


def _read(folder: Path, names: list[str], broken: list[DomainError]) -> list[Imported]:
    read = []
    for name in names:
        if (folder / name).is_file():
            try:
                read.append(read_dialogues(folder / name, preferences=True))
            except DomainError as error:
                broken.append(error)
    return read


def _within(file: str, folder: Path) -> str:
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
