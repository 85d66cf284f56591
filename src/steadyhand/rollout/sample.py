"""The sample that people look at: every flagged answer, and a random part of the rest, even over tools and outcomes.

The rest is drawn systematically (Cochran 1977, ch. 8) from the answers in order of tool and outcome: each has the same
chance, so that a bound for a random sample holds, and every large stratum has its share. Same seed, same sample.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadyhand.errors import DomainError, Place, PrerequisiteError, UsageError
from steadyhand.files import open_file
from steadyhand.stats.betting import most_bad

Row = dict[str, Any]
_DRAWN_BY = ("at", "arm", "tool", "flag")
_WHERE = "where"


@dataclass(frozen=True)
class ReviewSample:
    """`flagged` are all there are; `drawn` of `rest` are random. `strata`: (tool, outcome) -> answers, and how many of
    them are in the sample; `torn`: lines that a kill left half."""

    flagged: tuple[Row, ...]
    drawn: tuple[Row, ...]
    rest: int
    strata: dict[tuple[str, str], tuple[int, int]]
    torn: int = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.flagged + self.drawn

    @property
    def unseen(self) -> list[tuple[str, str]]:
        """Strata that nobody will look at."""
        return [key for key, (_, taken) in self.strata.items() if not taken]

    def can_show(self) -> list[str]:
        """What a sample of this size can and cannot show, in sentences."""
        n = len(self.drawn)
        if not n:
            return ["nothing was drawn at random: nothing is shown about answers without a flag"]
        bounds = [(bad, most_bad(bad, n)) for bad in (0, 1, 3) if bad <= n]
        found = [f"{bad} bad of {n}: at most {percent(bound)} of the answers without a flag" for bad, bound in bounds]
        seldom = 1 - 0.5 ** (1 / n)
        return [*found, f"an error in fewer than {percent(seldom)} of them is more likely missed than found"]


def draw(rows: Iterable[Row], size: int, seed: int, torn: int = 0) -> ReviewSample:
    """`size` answers without a flag at random (all where there are fewer), and every flagged one."""
    if size < 0:
        raise UsageError(f"no sample of {size}")
    listed = list(rows)
    flagged = [row for row in listed if row.get("flag")]
    rest = sorted((row for row in listed if not row.get("flag")), key=lambda row: (*stratum(row), str(row["at"])))
    drawn = _systematic(rest, min(size, len(rest)), random.Random(seed))
    taken = Counter(stratum(row) for row in [*flagged, *drawn])
    strata = {key: (count, taken[key]) for key, count in sorted(Counter(map(stratum, listed)).items())}
    return ReviewSample(tuple(flagged), tuple(drawn), len(rest), strata, torn)


def _systematic(rows: Sequence[Row], size: int, rng: random.Random) -> list[Row]:
    if not size:
        return []
    step = len(rows) / size
    start = rng.random() * step
    return [rows[min(int(start + at * step), len(rows) - 1)] for at in range(size)]


def stratum(row: Row) -> tuple[str, str]:
    """The first tool that was called, and how it came out: ok, or the kind of flag."""
    flag = str(row.get("flag") or "")
    return str(row.get("tool") or "none"), flag.partition(":")[0] or "ok"


def answers_of(paths: Sequence[Path], arm: str, since: str = "") -> tuple[list[Row], int]:
    """What is drawn from: the answers of one model in files of answers, from the time `since` on, and how many lines a
    kill left half. Dialogues stay on disk; `whole` reads them.

    Raises PrerequisiteError where there is none, DomainError for a line that is no row.
    """
    torn: list[int] = []
    rows = [{key: row[key] for key in _DRAWN_BY if key in row} | {_WHERE: (path, offset)}
            for path in paths if path.is_file() for offset, row in _rows(path, torn)
            if row.get("arm") == arm and str(row.get("at", "")) >= since]  # fmt: skip
    if not rows:
        after = "let the rollout answer first, or name another --arm or an earlier --since"
        raise PrerequisiteError(f"no answer of the {arm}", where=str(paths[0].parent), next=after)
    return rows, len(torn)


def whole(row: Row) -> Row:
    """The row of a sample with its dialogue."""
    path, offset = row[_WHERE]
    with open_file(path) as file:
        file.seek(offset)
        found: Row = json.loads(file.readline())
    return found


def _rows(path: Path, torn: list[int]) -> Iterator[tuple[int, Row]]:
    """Each with where its line begins."""
    offset = 0
    with open_file(path) as file:
        for number, line in enumerate(file, 1):
            here, offset = offset, offset + len(line)
            try:
                row = json.loads(line)
            except ValueError:
                torn.append(number)
                continue
            if not isinstance(row, dict) or "request" not in row:
                raise DomainError("no answer of a rollout", where=Place(str(path), number), next="remove this line")
            yield here, row


@dataclass(frozen=True)
class ReviewResult:
    """What people found: `bad` of `seen` random answers, `flagged_bad` of `flagged_seen` flagged ones; `open` have no
    word yet."""

    bad: int
    seen: int
    flagged_bad: int
    flagged_seen: int
    open: int

    def sentences(self) -> list[str]:
        found = []
        if self.seen:
            bound = percent(most_bad(self.bad, self.seen))
            found.append(f"{self.bad} bad of {self.seen}: at most {bound} of the answers without a flag (95 %)")
        if self.flagged_seen:
            found.append(f"{self.flagged_bad} bad of {self.flagged_seen} flagged")
        return [*found, f"{self.open} are not judged yet"] if self.open else found


def judged(path: Path) -> ReviewResult:
    """A sample's file with `"bad": true` or `false` in its rows. Raises DomainError for another word."""
    counts: Counter[tuple[bool, Any]] = Counter()
    for number, row in enumerate((row for _, row in _rows(path, [])), 1):
        word = row.get("bad")
        if word not in (True, False, None):
            raise DomainError(f'"bad" is {word!r}', where=Place(str(path), number), next="write true, false or null")
        counts[bool(row.get("flag")), word] += 1
    seen = {flag: counts[flag, True] + counts[flag, False] for flag in (True, False)}
    return ReviewResult(counts[False, True], seen[False], counts[True, True], seen[True],
                        counts[True, None] + counts[False, None])  # fmt: skip


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
