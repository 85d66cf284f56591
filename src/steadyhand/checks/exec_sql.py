"""A text that is a query, judged by the rows that it returns, on a database and on altered copies of it.

Knows queries as text and rows; where and how they run is `sql.client` (SQLite) and `sql.postgres`. "Runs" stands apart
from "right rows".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from steadyhand.chat.messages import Json
from steadyhand.checks.fenced import only_block
from steadyhand.checks.files import path_in
from steadyhand.checks.shape import (
    Checker,
    Context,
    Figure,
    Judged,
    Judgment,
    Spoiled,
    failed,
    passed,
    rate_of,
    unscored,
)
from steadyhand.checks.sql.client import Failure
from steadyhand.checks.sql.rows import Row, same_in_segments, same_multiset, segments
from steadyhand.checks.sql.runners import QueryRunner, runner_of
from steadyhand.checks.sql.spoil import spoiled
from steadyhand.checks.sql.text import Refused, Ties, constants, one_query, orders
from steadyhand.errors import UsageError
from steadyhand.files import read_bytes

WAYS: tuple[Ties, ...] = ("", "up", "down")
SECONDS, ROWS, COPIES = 2.0, 10_000, 3
DRAWS = 3  # copies are drawn at most, for each that has to tell something


@dataclass(frozen=True)
class Wanted:
    """The rows of a gold query, as they come and with what it leaves unordered turned one way and the other."""

    rows: Sequence[Row]
    up: Sequence[Row]
    down: Sequence[Row]
    ordered: bool

    @cached_property
    def luck(self) -> bool:
        """Whether the order of reading decides which rows there are."""
        return not same_multiset(self.up, self.down)

    def difference(self, rows: Sequence[Row]) -> str | None:
        """None for the same rows, in order where it is due; else the reason code."""
        if not any(same_multiset(rows, accepted) for accepted in (self.rows, self.up, self.down)):
            return "other_rows"
        runs = segments(self.up, self.down) if self.ordered else None
        return None if runs is None or same_in_segments(self.up, rows, runs) else "other_order"


class ExecSql(Checker):
    kind = "exec_sql"
    known = ("database", "seconds", "rows", "copies")
    guards = True

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        self.seconds = float(_number(name, options, "seconds", SECONDS, 0.01, 60))
        self.most = int(_number(name, options, "rows", ROWS, 1, 1_000_000))
        self.copies = int(_number(name, options, "copies", COPIES, 0, 20))
        self.database = options.get("database")
        if not isinstance(self.database, str) or not self.database:
            raise UsageError(f"check {name!r} needs a database", next="database: shop.db, or a postgresql:// URL")
        if "://" not in self.database:
            path_in(root, self.database, f"the database of check {name!r}")

    @cached_property
    def runner(self) -> QueryRunner:
        return runner_of(str(self.database), self.root)

    @cached_property
    def _known(self) -> dict[str, Wanted | Failure]:
        return {}

    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        due = self.query(context.reference if gold is True else str(gold))
        asked = self.query(text)
        if isinstance(asked, Refused):
            return failed(asked.code, runs=False, why=asked.why)
        if isinstance(due, Refused):
            return unscored("gold_fails", runs=None, why=due.why)
        return self._compared(asked, due)

    def guard(self, text: str, context: Context) -> Judgment:
        """Whether it is one query that reads, and runs within the limits; which rows are right, nobody knows here."""
        rows = self.rows_of(text)
        return (
            passed(runs=True, rows=len(rows)) if isinstance(rows, list) else failed(rows.code, runs=False, why=rows.why)
        )

    def rows_of(self, text: str) -> list[Row] | Refused | Failure:
        """All rows of the one query of an answer, or why there are none."""
        asked = self.query(text)
        return asked if isinstance(asked, Refused) else self.runner.rows(asked, seconds=self.seconds, most=self.most)

    def query(self, text: str) -> str | Refused:
        """The one query of an answer."""
        block = only_block(text)
        if block is None:
            return Refused("no_query", "there are several fenced blocks, or an open one")
        return one_query(block)

    def _compared(self, asked: str, due: str) -> Judgment:
        deadline = time.monotonic() + self.seconds
        rows = self.runner.rows(asked, seconds=self.seconds, most=self.most)
        if isinstance(rows, Failure):
            return failed(rows.code, runs=False, why=rows.why)
        want = self._gold(due)
        if isinstance(want, Failure):
            return unscored("gold_fails", runs=True, why=want.why)
        facts = {"runs": True, "rows": len(rows), "due": len(want.rows)}
        code = want.difference(rows)
        if code is not None:
            return failed(code, **facts)
        differs = self._by_luck(asked, due, not _is_blank(want.rows), deadline)
        return passed(**facts) if differs is None else failed("luck", **facts, copy=differs)

    def _by_luck(self, asked: str, due: str, something: bool, deadline: float) -> int | None:
        """The first altered copy on which the two differ. One that cannot be made, on which the gold query itself
        depends on luck, or adds up nothing where it does add up `something`, tells nothing: another is drawn."""
        values = constants(due) + [constant for constant in constants(asked) if constant not in constants(due)]
        used = 0
        for number in range(DRAWS * self.copies):
            if used == self.copies:
                break
            want = self._wanted(due, str(number), values)
            if isinstance(want, Failure) or want.luck or (something and _is_blank(want.rows)):
                continue
            left = max(0.05, deadline - time.monotonic())
            rows = self.runner.rows(asked, seconds=left, most=self.most, copy=str(number), constants=values)
            if isinstance(rows, Failure) or want.difference(rows) is not None:
                return number
            used += 1
        return None

    def _wanted(self, due: str, copy: str = "", values: Sequence[object] = ()) -> Wanted | Failure:
        rows, up, down = (
            self.runner.rows(due, seconds=self.seconds, most=self.most, copy=copy, constants=values, ties=ties)
            for ties in WAYS
        )
        if isinstance(rows, Failure):
            return rows
        if isinstance(up, Failure) or isinstance(down, Failure):
            return Wanted(rows, rows, rows, orders(due))
        return Wanted(rows, up, down, orders(due))

    def _gold(self, due: str) -> Wanted | Failure:
        if due not in self._known:
            self._known[due] = self._wanted(due)
        return self._known[due]

    def faults(self, gold: Json, context: Context) -> list[str]:
        """A gold query that does not run, or whose rows depend on luck; and a gold answer that is another query."""
        due = self.query(context.reference if gold is True else str(gold))
        if isinstance(due, Refused):
            return [f"the gold query cannot run: {due.why} ({due.code})"]
        want = self._gold(due)
        if isinstance(want, Failure):
            return [f"the gold query does not run: {want.why} ({want.code})"]
        own_faults = [] if not want.luck else [
            "which rows the gold query returns depends on the order in which the database reads (a LIMIT without, or "
            "with a tie in, its ORDER BY)"
        ]  # fmt: skip
        return own_faults + ([] if gold is True else super().faults(gold, context))

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        due = self.query(context.reference)
        if not isinstance(due, Refused):
            yield from (Spoiled(text, mode) for text, mode in spoiled(due, self.runner.columns(), rng))
            yield from (Spoiled(other, "other_query") for other in rng.sample(list(others), min(4, len(others))))

    @classmethod
    def figures(cls, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
        ran = [(judgment.cluster, judgment.facts["runs"]) for judgment in judged]
        return [*super().figures(judged, seed), rate_of("runs", ran, "queries that run, whatever they return")]

    def identity(self) -> Json:
        name = str(self.database)
        content = "" if "://" in name else hashlib.sha256(read_bytes(self.root / name)).hexdigest()
        place = name.rpartition("@")[2] if "://" in name else name  # a URL may hold a password
        return {"kind": self.kind, "options": {**self.options, "database": place}, "content": content}


def _is_blank(rows: Sequence[Row]) -> bool:
    """Whether there are rows, and nothing but NULL and 0 in them: what sums and counts give where nothing fits, and
    where they differ (the sum of nothing is NULL)."""
    return bool(rows) and all(value in (None, 0) for row in rows for value in row)


def _number(name: str, options: Mapping[str, Json], key: str, default: float, low: float, high: float) -> float:
    value = options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise UsageError(f"{key!r} of check {name!r} lies from {low:g} to {high:g}, not {value!r}")
    return value
