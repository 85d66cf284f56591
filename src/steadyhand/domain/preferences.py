"""Comparisons that a user owns (preferences/): a prompt, a better answer, worse ones, and why.

A comparison is a scenario whose last message was judged better than its `rejected` answers. Knows the keys of a row
beside its judged answers; in which format those stand is for `datasets.folder` to know.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from steadyhand.chat.messages import Message, Tool, to_openai
from steadyhand.domain.checks import Checks, bind
from steadyhand.domain.dialogues import MADE, read_answer, read_language
from steadyhand.domain.model import InputClass, Scenario, Split
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor

KEYS = (
    "id",
    "class",
    "lang",
    "answer",
    "source",
    "state",
    *MADE,
)  # beside `split`, `group`, `why` and the answers themselves
TAG = "preference"
FORKED = "badcase/"  # how the `source` of a row begins that was made of a bad case


@dataclass(frozen=True)
class JudgedRow:
    """A row of a file: what was asked, what was found better (None: nothing) and worse; `row` has its other `KEYS`."""

    name: str
    prompt: tuple[Message, ...]
    tools: tuple[Tool, ...]
    chosen: Message | None
    rejected: tuple[Message, ...]
    split: Split | None
    group: str
    row: Cursor
    why: tuple[tuple[str, str], ...] = ()


ReadJudged = Callable[[Path], Sequence[JudgedRow]]


@dataclass(frozen=True)
class ComparedRows:
    """`alone`: where judged answers stand that nothing is compared with."""

    scenarios: tuple[Scenario, ...] = ()
    alone: tuple[Place, ...] = ()


def comparisons(rows: Sequence[JudgedRow], tools: dict[str, Tool], checks: Checks) -> ComparedRows:
    """A scenario for each row that compares. Answers that were judged one by one are compared where a good one and a
    bad one follow the same prompt. Raises DomainError for what cannot be used."""
    compared, alone = paired(rows)
    return ComparedRows(tuple(_scenario(row, tools, checks) for row in compared), tuple(row.row.place for row in alone))


def paired(rows: Sequence[JudgedRow]) -> tuple[list[JudgedRow], list[JudgedRow]]:
    """(rows that compare, rows that nothing is compared with). Of several good answers to a prompt the first counts."""
    bad: dict[str, list[JudgedRow]] = {}
    for row in rows:
        if row.chosen is None:
            bad.setdefault(repr((row.prompt, row.tools)), []).append(row)
    pairs: list[JudgedRow] = []
    alone: list[JudgedRow] = []
    for row in rows:
        if row.chosen is not None and row.rejected:
            pairs.append(row)
        elif row.chosen is not None:
            worse = bad.pop(repr((row.prompt, row.tools)), [])
            answers = tuple(answer for answered in worse for answer in answered.rejected)
            (pairs if worse else alone).append(dataclasses.replace(row, rejected=answers))
    return pairs, [*alone, *(row for rest in bad.values() for row in rest)]


def _scenario(judged: JudgedRow, tools: dict[str, Tool], checks: Checks) -> Scenario:
    row = judged.row
    if judged.split is None:
        what = "the row does not say whether it is trained on or held out"
        raise row.error(what, 'write "split": "train" or "eval"; `steady import FILE --to D` splits a file by groups')
    assert judged.chosen is not None
    _check_state(judged)
    messages = (*judged.prompt, judged.chosen)
    last = len(messages) - 1
    scenario = Scenario(
        id=row.text("id", judged.name),
        group=judged.group or row.text("id", judged.name),
        split=judged.split,
        input_class=cast(InputClass, row.choice("class", get_args(InputClass), "common")),
        lang=read_language(row, messages),
        tools=tuple(_offered(row, tool, tools) for tool in judged.tools),
        messages=messages,
        place=row.place,
        tags=(TAG,),
        unscored=frozenset(at for at, message in enumerate(messages) if message.role == "assistant" and at < last),
        rejected=judged.rejected,
        why=dict(judged.why),
    )
    entry = row.at("answer") if row.has("answer") else checks.preferences
    if entry is None:
        return scenario
    rule = read_answer(entry)
    return bind(
        dataclasses.replace(scenario, answers={} if rule is None else {last: rule}), {last: entry}, checks.checkers
    )


def state_of(prompt: Sequence[Message], tools: Sequence[Tool]) -> str:
    """Identifies what a model was shown, messages and tools, whatever the ids of calls (hex of 16 signs)."""
    shown = [to_openai(prompt), [tool.to_openai() for tool in tools]]
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_state(judged: JudgedRow) -> None:
    """A row that names the state in which its worse answer was given is only used with exactly that state. Raises
    DomainError: answers to different prompts were never alternatives."""
    told, found = judged.row.text("state", ""), state_of(judged.prompt, judged.tools)
    if not told and judged.row.text("source", "").startswith(FORKED):
        what = "a group made of a bad case does not name the state in which its worse answer was given"
        raise judged.row.error(what, "fork it again (`steady badcases groups`)", key="source")
    if told and told != found:
        what = f"the prompt or its tools were changed: this is the state {found}, the worse answer was given in {told}"
        raise judged.row.error(what, "restore the row, or fork it again (`steady badcases groups`)", key="state")


def _offered(row: Cursor, tool: Tool, tools: dict[str, Tool]) -> str:
    """Under which id the domain has the tool that a row offers."""
    if id := next((id for id, one in tools.items() if one == tool), ""):
        return id
    if tool.name not in tools:
        raise DomainError(f"no tool {tool.name!r}", where=row.place, next="add it to tools/, or remove it from the row")
    what = f"the row's tool {tool.name!r} is not the one in tools/"
    raise DomainError(what, where=row.place, next="offer the tool as tools/ has it")
