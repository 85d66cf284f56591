"""Altered copies of a SQLite database, so that a query which is right by luck on one is not right on all.

A copy keeps what the data keep: keys, references, unique names, columns that are never NULL, and of a column the kind
of its values. All else is dealt out anew: rows are left out and doubled, values mixed within their column, numbers and
dates moved a little, and the constants of the judged queries put on their own borders (Zhong et al. 2020, "Semantic
Evaluation for Text-to-SQL with Distilled Test Suites", alter databases for the same reason). Standard library only.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

SAMPLE = 2_000  # rows of a table that a copy takes at most
KEPT, DOUBLED, MIXED = 0.85, 0.3, 0.6  # shares of rows and of values
ANOTHER = 0.75  # of the rows that a query names
FEW = 24  # rows at least: of three rows that fit a filter, one in three is first by any order
Row = tuple[Any, ...]


@dataclass
class Table:
    """One table: its rows (a sample), and by position its `key`, `unique` columns, `references` (column -> table and
    column) and columns that hold NULLs."""

    name: str
    columns: list[str]
    rows: list[Row]
    key: set[int]
    unique: set[int] = field(default_factory=set)
    nullable: set[int] = field(default_factory=set)
    references: dict[int, tuple[str, str]] = field(default_factory=dict)


class Original:
    """What of a database is needed to make copies of it."""

    def __init__(self, source: sqlite3.Connection) -> None:
        listed = source.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        self.made = [sql for kind, name, sql in listed if kind == "table" and not name.startswith("sqlite_")]
        self.views = [sql for kind, _, sql in listed if kind == "view"]
        names = [name for kind, name, _ in listed if kind == "table" and not name.startswith("sqlite_")]
        tables = {name: _table(source, name) for name in names}
        for table in tables.values():
            table.references = _references(source, table, tables)
        self.tables = parents_first(tables)

    def write_altered(self, copy: sqlite3.Connection, seed: str, constants: list[Any]) -> None:
        """Makes the tables in `copy` and fills them as `seed` draws."""
        rng = random.Random(seed)
        for sql in self.made:
            copy.execute(sql)
        altered: dict[str, list[dict[str, Any]]] = {}
        for table in self.tables:
            rows = altered_rows(table, altered, constants, rng)
            columns, marks = ", ".join(map(quoted, table.columns)), ", ".join("?" * len(table.columns))
            copy.executemany(f"INSERT OR IGNORE INTO {quoted(table.name)} ({columns}) VALUES ({marks})", rows)
            altered[table.name] = [dict(zip(table.columns, row, strict=True)) for row in rows]
        for sql in self.views:
            copy.execute(sql)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _table(source: sqlite3.Connection, name: str) -> Table:
    info = source.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
    rows = source.execute(f"SELECT {', '.join(quoted(row[1]) for row in info)} FROM {quoted(name)} LIMIT {SAMPLE}")
    table = Table(name, [row[1] for row in info], rows.fetchall(), {row[0] for row in info if row[5]})
    declared = {table.columns.index(column) for column in _declared_unique(source, name)}
    table.unique = ({i for i in range(len(info)) if is_name(table.rows, i)} | declared) - table.key
    table.nullable = {i for i in range(len(info)) if any(row[i] is None for row in table.rows)}
    return table


def _declared_unique(source: sqlite3.Connection, name: str) -> list[str]:
    columns_alone = []
    for row in source.execute(f"PRAGMA index_list({quoted(name)})").fetchall():
        columns = source.execute(f"PRAGMA index_info({quoted(row[1])})").fetchall()
        columns_alone += [columns[0][2]] if row[2] and len(columns) == 1 and columns[0][2] else []
    return columns_alone


def is_name(rows: list[Row], index: int) -> bool:
    """Whether a column holds texts that never repeat, which name their rows."""
    values = [row[index] for row in rows]
    texts = len(values) > 2 and all(isinstance(value, str) and not _is_date(value) for value in values)
    return texts and len(set(values)) == len(values)


def _references(source: sqlite3.Connection, table: Table, tables: dict[str, Table]) -> dict[int, tuple[str, str]]:
    """Declared references, and columns called after another table's key (`shop_id`) whose values all stand there."""
    by_name = {name.lower(): other for name, other in tables.items()}
    references: dict[int, tuple[str, str]] = {}
    for row in source.execute(f"PRAGMA foreign_key_list({quoted(table.name)})").fetchall():
        parent = by_name.get(row[2].lower())
        if parent and (column := row[4] or _key_of(parent)):
            references[table.columns.index(row[3])] = (parent.name, column)
    for index, column in enumerate(table.columns):
        stem = column.lower().removesuffix("id").rstrip("_")
        parent = next((by_name[n] for n in (stem, stem + "s", stem + "es") if n in by_name), None)
        if index in references or parent is None or parent is table or not column.lower().endswith("id"):
            continue
        key = _key_of(parent)
        if key and _all_stand(source, (table.name, column), (parent.name, key)):
            references[index] = (parent.name, key)
    return references


def _key_of(table: Table) -> str | None:
    return table.columns[next(iter(table.key))] if len(table.key) == 1 else None


def _all_stand(source: sqlite3.Connection, column: tuple[str, str], key: tuple[str, str]) -> bool:
    (table, name), (parent, other) = (tuple(map(quoted, pair)) for pair in (column, key))
    stray = f"SELECT 1 FROM {table} WHERE {name} IS NOT NULL AND {name} NOT IN (SELECT {other} FROM {parent}) LIMIT 1"
    return source.execute(stray).fetchone() is None


def parents_first(tables: dict[str, Table]) -> list[Table]:
    """The tables, those that are referred to before those that refer to them."""
    ordered: list[Table] = []

    def visit(table: Table, path: tuple[str, ...]) -> None:
        for name, _ in table.references.values():
            if name not in path:
                visit(tables[name], (*path, name))
        if table not in ordered:
            ordered.append(table)

    for table in tables.values():
        visit(table, (table.name,))
    return ordered


def altered_rows(
    table: Table, altered: dict[str, list[dict[str, Any]]], constants: list[Any], rng: random.Random
) -> list[Row]:
    rows = [row for row in table.rows if rng.random() < KEPT] or table.rows[:1]
    pools = [_pool(table, index, rows, altered, constants, rng) for index in range(len(table.columns))]
    drawn = [*rows, *(row for row in rows if rng.random() < DOUBLED)]
    drawn += [rng.choice(rows) for _ in range(FEW - len(drawn))] if rows else []
    made = [_drawn(table, row, pools, constants, rng) for row in drawn]
    for index in table.unique:
        for row, name in zip(made, _dealt([row[index] for row in made], rng), strict=True):
            row[index] = name
    return _with_keys(table, made)


def _pool(
    table: Table,
    index: int,
    rows: list[Row],
    altered: dict[str, list[dict[str, Any]]],
    constants: list[Any],
    rng: random.Random,
) -> list[Any]:
    """Values that a column may take."""
    own = [row[index] for row in rows if row[index] is not None]
    nothing = [None] * (1 + len(own) // 8) if index in table.nullable else []
    if index in table.references:
        parent, column = table.references[index]
        return [*([row[column] for row in altered[parent]] if parent in altered else own), *nothing]
    if own and all(isinstance(value, (int, float)) for value in own):
        near = [constant + step for constant in constants if isinstance(constant, (int, float)) for step in (-1, 0, 1)]
        fitting = [value for value in near if _plausible(value, own)]
        return [*own, *(rng.choice(own) + rng.choice((-1, 1)) for _ in range(3)), *_often(fitting, own), *nothing]
    if own and all(_is_date(value) for value in own):
        days = [_moved(constant, step) for constant in constants if _is_date(constant) for step in (-1, 0, 1)]
        return [*own, *(_moved(value, rng.randint(-20, 20)) for value in own[:200]), *_often(days, own), *nothing]
    asked = [constant for constant in constants if isinstance(constant, str) and constant in own]
    return [*own, *_often(asked, own), *nothing]


def _often(values: list[Any], among: list[Any]) -> list[Any]:
    """The values often enough to be drawn beside all others."""
    return values * max(1, len(among) // 12)


def _plausible(value: float, own: list[Any]) -> bool:
    """Whether a constant of a query may be a value of the column: of the same kind and not far away."""
    low, high = min(own), max(own)
    room = max(high - low, 1)
    whole = all(isinstance(entry, int) for entry in own)
    return (not whole or float(value).is_integer()) and low - room <= value <= high + room


def _drawn(table: Table, row: Row, pools: list[list[Any]], constants: list[Any], rng: random.Random) -> list[Any]:
    """A row whose values are dealt out anew. One that a query names by a unique name mostly becomes another in all
    else: what stands beside a name on one database must not decide."""
    made = list(row)
    named = any(row[index] in constants for index in table.unique) and rng.random() < ANOTHER
    for index, pool in enumerate(pools):
        fixed = index in table.unique or (index in table.key and index not in table.references)
        if fixed or not pool:
            continue
        others = [value for value in pool if value != row[index]] if named else []
        if others or index in table.references or rng.random() < MIXED:
            made[index] = rng.choice(others or pool)
    return made


def _dealt(names: list[Any], rng: random.Random) -> list[Any]:
    """Names that stay unique, dealt out anew; a doubled row gets one with a number behind it."""
    seen: Counter[Any] = Counter()
    made = []
    for name in names:
        seen[name] += 1
        made.append(f"{name}{seen[name]}" if isinstance(name, str) and seen[name] > 1 else name)
    rng.shuffle(made)
    return made


def _with_keys(table: Table, rows: list[list[Any]]) -> list[Row]:
    """Rows with a key of their own; where a key is no number, a doubled row is left out."""
    if len(table.key) != 1:
        return [tuple(row) for row in rows]
    (index,) = table.key
    top = max((row[index] for row in rows if isinstance(row[index], int)), default=0)
    taken: set[Any] = set()
    made = []
    for row in rows:
        if row[index] in taken:
            if not isinstance(row[index], int):
                continue
            top += 1
            row[index] = top
        taken.add(row[index])
        made.append(tuple(row))
    return made


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or value[4:5] + value[7:8] != "--":
        return False
    return value[:4].isdigit() and value[5:7].isdigit() and value[8:10].isdigit() and len(value) >= 10


def _moved(value: str, days: int) -> str:
    """A date some days on, what stands behind it kept."""
    try:
        return (date.fromisoformat(value[:10]) + timedelta(days=days)).isoformat() + value[10:]
    except (ValueError, OverflowError):
        return value
