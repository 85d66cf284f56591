"""What judges imported answers: checks from words such as `label`, `exec_sql:shop.db`, `red=rules:guaranteed|保本`.

Makes checkers that judge the rows before they are written, and the checks.yaml and files that go with them.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.checks import Checker, checker_of
from steadyhand.domain.checks import FILE
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.files import read_text

NAMES = {
    "label": "label",
    "exec_sql": "rows",
    "says": "says",
    "rules": "red",
    "json_schema": "form",
    "pairwise": "better",
}
BARS = {"label": ("label.macro_f1", 0.9), "exec_sql": ("rows", 0.85), "rules": ("red", 0.99)}
SCHEMA = "schema.sql"
SQL_TASK, LABEL_TASK = "Answer with one SQLite SELECT.", "Answer with one of these labels and nothing else: {labels}."


@dataclass(frozen=True)
class Judges:
    """`checkers` by name, what checks.yaml says of them, and the `files` (name -> text, or a file to copy) that the
    domain needs for it."""

    checkers: dict[str, Checker] = field(default_factory=dict)
    checks: dict[str, Json] = field(default_factory=dict)
    bars: dict[str, float] = field(default_factory=dict)
    system: Json = None
    files: dict[str, str | Path] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """The system prompt as a text, where it is known here."""
        if not isinstance(self.system, dict):
            return str(self.system or "")
        told = [str(self.system.get("before", ""))]
        if isinstance(text := self.files.get(str(self.system.get("file", ""))), str | Path):
            told.append(text if isinstance(text, str) else read_text(text))
        return "\n".join(told)

    def document(self, *, preferences: bool) -> dict[str, str | Path]:
        """checks.yaml and what it names; nothing where it would say nothing."""
        row: dict[str, Json] = {"system": self.system} if self.system else {}
        row |= {"checks": self.checks} if self.checks else {}
        row |= {"preferences": dict.fromkeys(self.checks, True)} if preferences and self.checks else {}
        row |= {"bars": self.bars} if self.bars else {}
        if not row:
            return dict(self.files)
        import yaml

        head = "# How answers are judged, and what share must be right. The bars are a proposal: set your own.\n"
        text = head + yaml.safe_dump(row, allow_unicode=True, sort_keys=False, width=110)
        return {**self.files, FILE: text}


def judges_of(words: Sequence[str], answers: Sequence[str], system: str = "") -> Judges:
    """The checks that `words` name, for rows with these gold `answers`. `system`: a file, or the text itself. Raises
    UsageError for a word that cannot be used."""
    made = Judges(files={})
    tasks: list[Json] = []
    for word in words:
        name, kind, argument = _parts(word)
        if name in made.checkers:
            raise UsageError(f"--check {word}: two checks are called {name!r}", next="write --check NAME=KIND")
        options, files, root, task = _MAKERS[kind](argument, answers)
        made.checkers[name] = checker_of(name, kind, options, root)
        made.checks[name] = {"kind": kind, **options}
        made.files.update(files)
        if kind in BARS:
            metric, least = BARS[kind]
            made.bars[metric.replace(NAMES[kind], name, 1)] = least
        tasks += [task] if task else []
    said, files = _system(system) if system else (tasks[0] if tasks else None, {})
    return Judges(made.checkers, made.checks, made.bars, said, {**made.files, **files})


def _parts(word: str) -> tuple[str, str, str]:
    """NAME=KIND:ARGUMENT, of which only the kind must be there."""
    head, _, argument = word.partition(":")
    name, _, kind = head.rpartition("=")
    if kind not in _MAKERS:
        raise UsageError(f"--check {word}: no kind {kind!r}", next=f"use one of {', '.join(_MAKERS)}")
    return name or NAMES[kind], kind, argument


def _system(given: str) -> tuple[Json, dict[str, str | Path]]:
    try:
        is_file = Path(given).is_file()
    except OSError:  # a text that is too long for a name
        is_file = False
    return ({"file": Path(given).name}, {Path(given).name: Path(given)}) if is_file else (given, {})


Made = tuple[dict[str, Json], dict[str, str | Path], Path, Json]  # options, files, where they lie now, system prompt


def _label(argument: str, answers: Sequence[str]) -> Made:
    counts = Counter(answer.strip() for answer in answers if answer.strip())
    labels = [one.strip() for one in argument.split("|") if one.strip()] or [label for label, _ in counts.most_common()]
    if len(labels) < 2:
        raise UsageError("the answers hold fewer than two labels", next="name them: --check 'label:praise|complaint'")
    options: dict[str, Json] = {"of": {label: [] for label in labels}}
    return options, {}, Path(), LABEL_TASK.format(labels=", ".join(sorted(labels)))


def _exec_sql(argument: str, answers: Sequence[str]) -> Made:
    if "://" in argument:
        return {"database": argument}, {}, Path(), "Answer with one SELECT."
    path = Path(argument)
    if not argument or not path.is_file():
        what = f"no such database: {argument}" if argument else "a query needs a database to run on"
        raise PrerequisiteError(what, where="--check exec_sql", next="write --check exec_sql:shop.db")
    files: dict[str, str | Path] = {path.name: path, SCHEMA: _schema(path)}
    return {"database": path.name}, files, path.parent, {"file": SCHEMA, "before": SQL_TASK}


def _schema(path: Path) -> str:
    """The tables of a database as it declares them, for the model to read."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    except sqlite3.Error as error:
        raise UsageError(f"no SQLite database: {error}", where=str(path), next="name an SQLite file") from None
    return "".join(f"{sql.strip()};\n" for (sql,) in found)


def _rules(argument: str, answers: Sequence[str]) -> Made:
    patterns = [one for one in argument.split("|") if one.strip()]
    if not patterns:
        next_step = "write --check 'rules:guaranteed|for sure', the words that no answer may say"
        raise UsageError("a rule names what may never be said", where="--check rules", next=next_step)
    return {"never": list(patterns)}, {}, Path(), None


def _says(argument: str, answers: Sequence[str]) -> Made:
    return ({"least": float(argument)} if argument else {}), {}, Path(), None


def _json_schema(argument: str, answers: Sequence[str]) -> Made:
    path = Path(argument)
    if not argument or not path.is_file():
        raise PrerequisiteError(f"no such schema: {argument}", next="write --check json_schema:out.json")
    return {"schema": path.name}, {path.name: path}, path.parent, None


def _pairwise(argument: str, answers: Sequence[str]) -> Made:
    return {"against": "reference", **({"criteria": argument} if argument else {})}, {}, Path(), None


_MAKERS: dict[str, Callable[[str, Sequence[str]], Made]] = {
    "label": _label,
    "exec_sql": _exec_sql,
    "says": _says,
    "rules": _rules,
    "json_schema": _json_schema,
    "pairwise": _pairwise,
}
