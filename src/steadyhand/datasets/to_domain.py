"""Makes a Domain of imported dialogues: rows with tools become scenarios, rows without become cards.

Tools: interfaces that share a name but differ get a number (`search`, `search_2`, in order of first appearance); a row
keeps the interface that it offered, and its calls are renamed with it. Names inside texts are left as they are.
Split: near-duplicate first user turns form a group; whole groups go to evaluation, seeded, until a tenth of the
scenarios is there. A group that holds a card stays in training, because cards are trained on.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from steadyhand.chat.messages import Message, Tool
from steadyhand.datasets.convert import Dialogue, Imported
from steadyhand.domain.model import Card, Domain, Point, Scenario, Split
from steadyhand.errors import Place
from steadyhand.text.near import near_clusters
from steadyhand.text.shingles import language_of

POINT = "imported"
DEFINITION = "Question-answer rows imported from a data set; split them into real knowledge points where you can."


def domain_of(imported: Imported, seed: int = 0, eval_share: float = 0.1) -> Domain:
    """The imported rows as one Domain without probes. `eval_share` of the scenarios are held out by group; at 0 each
    row is a group of its own, because near-copies are then looked for by nobody."""
    tools, names = _variants(imported.rows)
    groups = near_clusters(list(map(_first_user, imported.rows))) if eval_share else list(range(len(imported.rows)))
    is_card = [_is_card(row) for row in imported.rows]
    held_out = _held_out(groups, is_card, seed, eval_share) if eval_share else set()
    cards, scenarios = [], []
    for row, group, as_card in zip(imported.rows, groups, is_card, strict=True):
        if as_card:
            cards.append(_card(row))
        else:
            split: Split = "eval" if group in held_out else "train"
            scenarios.append(_scenario(row, names, f"near-{imported.rows[group].number:05}", split))
    root = Path(imported.source)
    place = Place(imported.source)
    points = (Point(POINT, (), DEFINITION, (), (), tuple(cards), place),) if cards else ()
    return Domain(root, root.stem, points, tools, tuple(scenarios), ())


def tool_key(tool: Tool) -> str:
    """Equal for equal interfaces."""
    return json.dumps(tool.to_openai(), sort_keys=True, ensure_ascii=False)


def row_id(number: int) -> str:
    return f"row-{number:05}"


def _variants(rows: Sequence[Dialogue]) -> tuple[dict[str, Tool], dict[str, str]]:
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
