"""Makes a Domain of imported rows: with tools they become scenarios, without cards (where checks judge them, scenarios
too); rows that judge answers become comparisons (preferences/).

Tools: interfaces that share a name but differ get a number (`search`, `search_2`, in order of first appearance); a row
keeps the interface that it offered, and its calls are renamed with it. Names inside texts are left as they are.
Split: near-duplicate questions form a group, what many rows share aside, and so do rows of one `group`; whole groups go
to evaluation, seeded, until their share of the scenarios is there. A group that holds a card stays in training, because
cards are trained on. A row that names its split keeps it.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from steadyhand.chat.messages import Message, Tool
from steadyhand.checks import Bound, Checker
from steadyhand.datasets.convert import Dialogue, Imported, Preference, RowSource
from steadyhand.datasets.split import joined, question
from steadyhand.domain.checks import context_of
from steadyhand.domain.model import Card, Domain, Point, Scenario, Split
from steadyhand.domain.preferences import TAG, JudgedRow, paired
from steadyhand.errors import Place
from steadyhand.source.cursor import Cursor
from steadyhand.text.near import near_clusters
from steadyhand.text.shared import differing
from steadyhand.text.shingles import language_of

POINT = "imported"
DEFINITION = "Question-answer rows imported from a data set; split them into real knowledge points where you can."


def domain_of(
    imported: Imported,
    seed: int = 0,
    eval_share: float = 0.1,
    checkers: Mapping[str, Checker] | None = None,
) -> Domain:
    """The imported rows as one Domain without probes. `eval_share` of the scenarios and comparisons are held out by
    group; at 0 each row is a group of its own, because near-copies are then looked for by nobody. `checkers` judge the
    answers of rows without tools, which are then scenarios, and of comparisons."""
    judged, alone = judged_rows(imported.preferences)
    every: list[Dialogue | JudgedRow] = [*imported.rows, *judged]
    tools, names = _variants(every)
    groups = _groups(every) if eval_share else list(range(len(every)))
    is_card = [not checkers and isinstance(row, Dialogue) and _is_card(row) for row in every]
    held_out = _held_out(groups, is_card, seed, eval_share) if eval_share else set()
    told = _told(every)
    cards, scenarios = [], []
    for at, (row, group, as_card) in enumerate(zip(every, groups, is_card, strict=True)):
        split: Split = told.get(at) or ("train" if told else "eval" if group in held_out else "train")
        near = f"near-{number_of(every[group]):05}"
        if isinstance(row, JudgedRow):
            scenarios.append(_comparison(row, names, near, split, checkers or {}))
        elif as_card:
            cards.append(_card(row))
        else:
            scenarios.append(_judged_by(_scenario(row, names, near, split), checkers or {}))
    root = Path(imported.source)
    place = Place(imported.source)
    points = (Point(POINT, (), DEFINITION, (), (), tuple(cards), place),) if cards else ()
    checks, left = dict(checkers or {}), tuple(row.place for row in alone)
    return Domain(root, root.stem, points, tools, tuple(scenarios), (), checks=checks, uncompared=left)


def judged_rows(preferences: Sequence[Preference]) -> tuple[list[JudgedRow], list[Preference]]:
    """(rows that compare answers, judged answers that nothing is compared with)."""
    rows: dict[int, list[Preference]] = {}
    for one in preferences:
        rows.setdefault(one.number, []).append(one)
    made = {number: judged_row(row_id(number), row) for number, row in rows.items()}
    compared, alone = paired(list(made.values()))
    left = {row.name for row in alone}
    return compared, [rows[number][0] for number, row in made.items() if row.name in left]


def judged_row(name: str, row: Sequence[Preference]) -> JudgedRow:
    """The pairs of one row as one row; it has no keys of its own."""
    first = row[0]
    rejected = tuple(one.rejected for one in row if one.rejected is not None)
    labels, cursor = first.labels, Cursor(RowSource(first.place.file, {}, first.place))
    about = (labels.split, labels.group, cursor, labels.why)
    return JudgedRow(name, first.prompt, first.tools, first.chosen, rejected, *about)


def number_of(row: Dialogue | JudgedRow) -> int:
    return row.number if isinstance(row, Dialogue) else int(row.name.rpartition("-")[2])


def _groups(rows: Sequence[Dialogue | JudgedRow]) -> list[int]:
    declared = [row.labels.group if isinstance(row, Dialogue) else row.group for row in rows]
    return joined(near_clusters(differing([asked_of(row) for row in rows])), declared)


def asked_of(row: Dialogue | JudgedRow) -> str:
    return question(row) if isinstance(row, Dialogue) else "\n".join(m.content for m in row.prompt if m.role == "user")


def _told(rows: Sequence[Dialogue | JudgedRow]) -> dict[int, Split]:
    """The splits that rows name themselves, by position; where any does, the others are trained on."""
    splits = (row.labels.split if isinstance(row, Dialogue) else row.split for row in rows)
    return {at: split for at, split in enumerate(splits) if split}


def _judged_by(scenario: Scenario, checkers: Mapping[str, Checker]) -> Scenario:
    """With the checks on its last answer, where a text is due there."""
    last = len(scenario.messages) - 1
    if not checkers or scenario.messages[last].calls or last in scenario.unscored:
        return scenario
    bound = tuple(Bound(checker, True, context_of(scenario, last)) for checker in checkers.values())
    return dataclasses.replace(scenario, checks={last: bound})


def _comparison(
    row: JudgedRow, names: dict[str, str], group: str, split: Split, checkers: Mapping[str, Checker]
) -> Scenario:
    assert row.chosen is not None
    renamed = {tool.name: names[tool_key(tool)] for tool in row.tools}
    messages = tuple(_renamed(message, renamed) for message in (*row.prompt, row.chosen))
    scenario = Scenario(
        id=row.name,
        group=group,
        split=split,
        input_class="common",
        lang=language_of(asked_of(row)),
        tools=tuple(renamed.values()),
        messages=messages,
        place=row.row.place,
        tags=(TAG,),
        unscored=frozenset(at for at, one in enumerate(messages[:-1]) if one.role == "assistant"),
        rejected=tuple(_renamed(message, renamed) for message in row.rejected),
        why=dict(row.why),
    )
    return _judged_by(scenario, checkers)


def tool_key(tool: Tool) -> str:
    """Equal for equal interfaces."""
    return json.dumps(tool.to_openai(), sort_keys=True, ensure_ascii=False)


def row_id(number: int) -> str:
    return f"row-{number:05}"


def _variants(rows: Sequence[Dialogue | JudgedRow]) -> tuple[dict[str, Tool], dict[str, str]]:
    """(tools by their unique name, unique name by tool_key)."""
    taken = {tool.name for row in rows for tool in row.tools}
    names: dict[str, str] = {}
    tools: dict[str, Tool] = {}
    for tool in (tool for row in rows for tool in row.tools):
        if tool_key(tool) not in names:
            name = next(
                name for name in _numbered(tool.name) if name not in tools and (name == tool.name or name not in taken)
            )
            names[tool_key(tool)] = name
            tools[name] = dataclasses.replace(tool, name=name)
    return tools, names


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, 1_000_000):
        yield f"{name[: 63 - len(str(number))]}_{number}"  # a tool's name has at most 64 characters


def _held_out(groups: Sequence[int], is_card: Sequence[bool], seed: int, share: float) -> set[int]:
    """The groups that go to evaluation; a group too large for the rest of the budget is passed over."""
    sizes: dict[int, int] = {}
    for group, as_card in zip(groups, is_card, strict=True):
        sizes[group] = sizes.get(group, 0) + (not as_card)
    trained = {group for group, as_card in zip(groups, is_card, strict=True) if as_card}
    with_scenarios = {group for group, size in sizes.items() if size}
    order = sorted(with_scenarios - trained)
    random.Random(seed).shuffle(order)
    room = max(1, round(share * is_card.count(False)))
    chosen: set[int] = set()
    for group in order:
        if len(with_scenarios) > 1 and sizes[group] <= room:
            chosen.add(group)
            room -= sizes[group]
    return chosen


def _is_card(row: Dialogue) -> bool:
    """Whether a row has nothing to do with tools and ends, as far as it is learned, with an answer to a question. One
    of which nothing is learned is no card: rule S105 tells of the scenario."""
    if row.tools or any(m.role == "tool" or m.calls for m in row.messages) or not row.learned:
        return False
    return row.learned[-1] > 0 and row.messages[row.learned[-1] - 1].role == "user"


def _first_user(row: Dialogue) -> str:
    return next((m.content for m in row.messages if m.role == "user"), row.messages[0].content)


def _card(row: Dialogue) -> Card:
    """Every answer that is to be learned is trained; what stands behind the last of them is left out."""
    *also, last = row.learned
    id, language = f"{POINT}/{row_id(row.number)}", language_of(_first_user(row))
    return Card(id, POINT, POINT, language, row.messages[: last + 1], row.place, frozenset(also))


def _scenario(row: Dialogue, names: dict[str, str], group: str, split: Split) -> Scenario:
    renamed = {tool.name: names[tool_key(tool)] for tool in row.tools}
    messages = tuple(_renamed(message, renamed) for message in row.messages)
    return Scenario(
        id=row_id(row.number),
        group=group,
        split=split,
        input_class="common",
        lang=language_of(_first_user(row)),
        tools=tuple(renamed.values()),
        messages=messages,
        place=row.place,
        tags=("imported",) if any(m.calls for m in messages) else ("imported", "no_call"),
        unscored=row.unscored,
    )


def _renamed(message: Message, names: dict[str, str]) -> Message:
    calls = tuple(dataclasses.replace(call, name=names.get(call.name, call.name)) for call in message.calls)
    return dataclasses.replace(message, calls=calls)
