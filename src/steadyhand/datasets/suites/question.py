"""One question of a public suite as every suite's reader hands it on, and what the readers share.

Knows messages, tools and what is right; knows no suite's files and nothing of domain folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from steadyhand.chat.messages import Json, Message, Role, Tool, ToolCall
from steadyhand.chat.schema import check_tool_schema, schema_errors
from steadyhand.datasets.convert import Reject
from steadyhand.datasets.offers import tools_of
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.unread import Unread
from steadyhand.errors import Place

NO_CALL = "None of the tools fits."  # stands where no call is due; its words judge nobody
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Question:
    """What is asked, and what is right: the calls of `answer`, or, where it has none, no call.

    `accepts`: for each call of `answer`, argument -> comparator of what is right as well. `rejected`: answers that are
    worse than `answer`, of a question with choices; `kind` says which kind of answer is right there.
    """

    id: str
    category: str
    group: str
    prompt: tuple[Message, ...]
    tools: tuple[Tool, ...]
    answer: Message
    place: Place
    accepts: tuple[dict[str, Json], ...] = ()
    rejected: tuple[Message, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Suite:
    """A suite as it was read: len(questions) + len(rejects) rows, less files that are passed over as a whole, which
    `left` names with the reason."""

    name: str
    source: str
    questions: Sequence[Question] = ()
    rejects: Sequence[Reject] = ()
    left: Mapping[str, str] = field(default_factory=dict)


ReadRow = Callable[[Raw], Question]


def read_rows(path: Path, read: ReadRow) -> Iterator[Question | Reject]:
    """Every row of a file as a question, or with the reason why it is none."""
    for raw in raw_rows(path):
        try:
            if raw.error:
                raise ValueError(raw.error)
            if not isinstance(raw.value, dict):
                raise ValueError("the row is no object")
            yield read(raw)
        except ValueError as error:
            yield Reject(raw.number, str(error), raw.place)


def answers_of(path: Path) -> dict[str, Json]:
    """id -> what is right, of a file of answers; empty where there is none."""
    if not path.is_file():
        return {}
    rows = (raw.value for raw in raw_rows(path) if isinstance(raw.value, dict))
    return {str(row.get("id")): row.get("ground_truth") for row in rows}


def text_of(row: Mapping[str, Json], key: str) -> str:
    """Raises ValueError."""
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key!r} is no text")
    return value


def messages_of(turns: Json) -> tuple[Message, ...]:
    """Role and content of a list of messages, a system message first. Raises ValueError."""
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        raise ValueError("the question is no list of messages")
    found = []
    for turn in turns:
        role, content = turn.get("role"), turn.get("content")
        if role not in _ROLES or not isinstance(content, str) or not content.strip():
            raise ValueError(f"a message of role {role!r} that is not read, or is empty")
        found.append(Message(cast(Role, role), content))
    if any(message.role == "system" for message in found[1:]) or found[0].role == "assistant":
        raise ValueError("the dialogue begins with the assistant, or a system message stands inside of it")
    if found[-1].role != "user":
        raise ValueError("the dialogue does not end with a question")
    return tuple(found)


def offered(functions: Json) -> tuple[Tool, ...]:
    """The tools of a question, their types in JSON Schema's words. Raises ValueError for one that cannot be offered."""
    found: dict[str, Tool] = {}
    for row in tools_of(functions, Unread()):
        if not isinstance(row.get("name"), str) or not isinstance(row["parameters"], dict):
            raise ValueError("a tool without a name, or without parameters")
        tool = Tool.from_openai(row)
        if problems := check_tool_schema(tool):
            raise ValueError(f"a tool cannot be offered: {tool.name[:80]!r}: {problems[0]}")
        if found.setdefault(tool.name, tool) != tool:
            raise ValueError(f"two different tools have one name: {tool.name!r}")
    return tuple(found.values())


def refuse_impossible(calls: Iterable[ToolCall], tools: Sequence[Tool]) -> None:
    """Raises ValueError for a call that is due and could never be right: it is not offered, or breaks its schema."""
    named = {tool.name: tool for tool in tools}
    for call in calls:
        if call.name not in named:
            raise ValueError(f"the tool that is due is not offered: {call.name!r}")
        if errors := schema_errors(named[call.name], call.arguments):
            raise ValueError(f"the call that is due breaks its tool's schema: {call.name}: {errors[0][:200]}")
