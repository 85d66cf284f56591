"""A seeded split that keeps together what belongs together: declared groups, templates and near-copies.

Knows rows and their first questions; writes nothing.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steadyhand.datasets.convert import Dialogue, Imported, Preference
from steadyhand.text.near import near_clusters, root
from steadyhand.text.shared import differing
from steadyhand.text.shingles import normal
from steadyhand.text.values import skeleton


@dataclass(frozen=True)
class Split:
    """Rows as JSON lines, in the order of the file: train + eval + rejects are all rows. `groups` were kept whole."""

    train: tuple[str, ...]
    eval: tuple[str, ...]
    rejects: tuple[str, ...]
    groups: int


def split_rows(imported: Imported, share: float = 0.1, seed: int = 0) -> Split:
    """About `share` of the rows for evaluation, by whole groups drawn with `seed`; a group that is larger than what is
    still missing is passed over, so evaluation never gets more than its share (but at least one row)."""
    every: list[Dialogue | Preference] = [*imported.rows, *imported.preferences]
    rows = sorted(every, key=lambda row: row.number)
    groups = _groups(rows)
    held = drawn(Counter(groups), max(1, round(share * len(rows))), seed)
    sides: dict[bool, list[str]] = {False: [], True: []}
    for row, group in zip(rows, groups, strict=True):
        sides[group in held].append(_line(row.text))
    rejects = [json.dumps({"row": r.number, "reason": r.reason}, ensure_ascii=False) for r in imported.rejects]
    return Split(tuple(sides[False]), tuple(sides[True]), tuple(rejects), len(set(groups)))


def _groups(rows: Sequence[Dialogue | Preference]) -> list[int]:
    """For each row the first row of its group: joined by near-copies, by template, and by the row's own `group`."""
    questions = [question(row) for row in rows]
    parents = near_clusters(differing(questions))
    templates = [normal(skeleton(text)) for text in questions]
    declared = [row.labels.group for row in rows]
    for keys in (templates, declared):
        parents = joined(parents, keys)
    return parents


def joined(groups: Sequence[int], keys: Iterable[str]) -> list[int]:
    """The groups after all rows with one key (not an empty one) came together; a group is named by its first row."""
    parents = list(groups)
    first: dict[str, int] = {}
    for row, key in enumerate(keys):
        if key:
            one, other = root(parents, row), root(parents, first.setdefault(key, row))
            parents[max(one, other)] = min(one, other)
    return [root(parents, row) for row in range(len(parents))]


def drawn(sizes: Counter[int], room: int, seed: int) -> set[int]:
    """Groups (by number, with their sizes) of at most `room` rows together, drawn with `seed`; never all of them."""
    order = sorted(sizes)
    random.Random(seed).shuffle(order)
    held: set[int] = set()
    for group in order:
        if sizes[group] <= room and len(held) + 1 < len(sizes):
            held.add(group)
            room -= sizes[group]
    return held


def question(row: Dialogue | Preference) -> str:
    """All that the user says before the last answer that is learned or judged."""
    messages = row.messages[: row.learned[-1] if row.learned else None] if isinstance(row, Dialogue) else row.prompt
    return "\n".join(m.content for m in messages if m.role == "user")


def _line(text: str) -> str:
    """The row on one line; a row of an indented file is written anew."""
    return text.strip() if "\n" not in text.strip() else json.dumps(json.loads(text), ensure_ascii=False)
