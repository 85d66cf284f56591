"""Turns one row of a foreign data set into OpenAI messages and tools, as plain JSON. Raises ValueError with a reason.

Knows how rows of OpenAI, ShareGPT, Alpaca, TRL and xLAM are laid out; turns, calls and tools have modules of their own,
and the result is checked by `domain.openai`, not here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.datasets.calls import calls_of
from steadyhand.datasets.labels import JUDGED, verdict_of
from steadyhand.datasets.offers import tools_of
from steadyhand.datasets.turns import Turn, joined, read_turns
from steadyhand.datasets.unread import Unread, parsed

Format = Literal["openai", "sharegpt", "alpaca", "completion", "xlam"]
DIALOGUES = ("messages", "conversations", "conversation")
SYSTEMS = ("system", "system_prompt")
OFFERS = ("tools", "functions")
ASKING = ("prompt", "instruction", "query", "question")  # columns that hold what is asked; `input` adds to them
_ANSWERS = ("output", "response")
_WRITTEN_TOOLS = re.compile(r"<tools>|<functions>|\[AVAILABLE_TOOLS\]|access to the following functions", re.IGNORECASE)
_WHERE = "tools in the text of the system message"


@dataclass(frozen=True)
class ForeignRow:
    """`row` is {"messages": [...], "tools": [...]} as `domain.openai` reads it; `untrained` are the indices of messages
    that are not to be learned."""

    row: dict[str, Json]
    untrained: frozenset[int]

    @property
    def asks(self) -> bool:
        """Whether a user says something before the last message."""
        return any(message["role"] == "user" for message in self.row["messages"][:-1])


def format_of(row: Json) -> Format:
    """The format of a row by its keys; one that is null is not there."""
    if not isinstance(row, dict):
        hint = "; a file that holds one array is called .json" if isinstance(row, list) else ""
        raise ValueError(f"the row is not an object{hint}")
    told = {key for key, value in row.items() if value is not None}
    if not told.isdisjoint(JUDGED):
        found = [key for key in JUDGED if key in told]
        raise ValueError(f"a preference row ({found[0]!r}); only dialogues are imported")
    if verdict_of(row) is not None:
        raise ValueError("a preference row (good or bad in 'label'); only dialogues are imported")
    if "messages" in told:
        return "openai"
    if told & {"conversations", "conversation"}:
        return "sharegpt"
    if {"query", "answers"} <= told:
        return "xlam"
    if "completion" in told and told & {*ASKING, "input"}:
        return "completion"
    if told & {"instruction", "query"} or (told & {"prompt", "question"} and told & {*_ANSWERS}):
        return "alpaca"
    raise ValueError(f"no format known with the keys {', '.join(sorted(told)[:8]) or '(none)'}")


def read_row(row: dict[str, Json], form: Format, unread: Unread) -> ForeignRow:
    """The dialogue of a row; keys that hold something and are not read go to `unread`."""
    turns, used = _TURNS[form](row, unread)
    unread.rest(row, {*used, *SYSTEMS, *OFFERS, "noqa"})
    return dialogue(row, turns, unread)


def dialogue(row: dict[str, Json], turns: Sequence[Turn], unread: Unread) -> ForeignRow:
    """The turns with the system message and the tools that the row names beside them."""
    turns = [*_with_system(row, turns)]
    offers = [row[key] for key in OFFERS if row.get(key)] + [offer for turn in turns for offer in turn.tools]
    tools = [tool for offer in offers for tool in tools_of(offer, unread)]
    whole = joined([turn for turn in turns if turn.role != "system" or not _is_blank(turn)], unread)
    if not tools and any(turn.role == "system" and _WRITTEN_TOOLS.search(turn.text) for turn in whole):
        unread.add(_WHERE)
    untrained = frozenset(index for index, turn in enumerate(whole) if turn.untrained)
    return ForeignRow({"messages": [turn.message for turn in whole], "tools": tools}, untrained)


def _is_blank(turn: Turn) -> bool:
    """Whether a turn says nothing at all: such a system message stands there for its tools, or out of habit."""
    content = turn.message["content"]
    return content is None or (isinstance(content, str) and not content.strip())


def _with_system(row: dict[str, Json], turns: Sequence[Turn]) -> Sequence[Turn]:
    """The system message of the row's own column before the turns, which may begin with the same one."""
    texts = list(dict.fromkeys(_system_text(row[key]) for key in SYSTEMS if row.get(key)))
    if len(texts) > 1:
        raise ValueError(f"{' and '.join(SYSTEMS)} hold different texts")
    if not texts:
        return turns
    if turns and turns[0].role == "system":
        if not turns[0].text:
            return [Turn({"role": "system", "content": texts[0]}, tools=turns[0].tools), *turns[1:]]
        if turns[0].text != texts[0].strip():
            raise ValueError("the row's system message and the dialogue's are two different ones")
        return turns
    return [Turn({"role": "system", "content": texts[0]}), *turns]


def _system_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    (turn,) = read_turns([{"role": "system", "content": value}], Unread())
    return _text(turn.message["content"])


def listed(value: Json) -> Json:
    """A list of turns that stands in the row as JSON text; any other value as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        if isinstance(found, list) and found and all(isinstance(one, dict) and _is_turn(one) for one in found):
            return found
    return value


def _is_turn(value: dict[str, Json]) -> bool:
    return bool({"role", "from"} & value.keys()) and bool({"content", "value", "tool_calls"} & value.keys())


def _spoken(row: dict[str, Json], unread: Unread) -> tuple[list[Turn], Sequence[str]]:
    key = next(key for key in DIALOGUES if row.get(key) is not None)
    turns = listed(row[key])
    if not isinstance(turns, list) or not turns:
        raise ValueError("the row has no list of messages")
    return read_turns(turns, unread), (key,)


def asked(row: dict[str, Json], unread: Unread, columns: Sequence[str] = ASKING) -> tuple[list[Turn], Sequence[str]]:
    """(the turns up to the question, the keys that hold them) of a row of which one of `columns` asks, with `input` and
    `history`. Raises ValueError where two columns ask different things."""
    told = {key: row[key] for key in columns if row.get(key) is not None and row[key] != ""}
    told |= {"prompt": listed(told["prompt"])} if "prompt" in told else {}
    if len(told) > 1 and len({json.dumps(value, sort_keys=True) for value in told.values()}) > 1:
        raise ValueError(f"two columns ask different things: {' and '.join(told)}")
    question = next(iter(told.values()), None)
    used = (*told, "input", "history")
    if isinstance(question, list | dict):
        if row.get("input"):
            raise ValueError("'input' stands beside a prompt that is a dialogue")
        return [
            *_history(row, unread),
            *read_turns(question if isinstance(question, list) else [question], unread),
        ], used
    text = "\n".join(part for part in (_text(question), _text(row.get("input"))) if part)
    return [*_history(row, unread), *([Turn({"role": "user", "content": text})] if text else [])], used


def _history(row: dict[str, Json], unread: Unread) -> list[Turn]:
    history = parsed(row.get("history"), "'history'") or []
    if not isinstance(history, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in history):
        raise ValueError("'history' is not a list of [question, answer]")
    turns: list[Json] = []
    for question, answer in history:
        turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return read_turns(turns, unread)


def _alpaca(row: dict[str, Json], unread: Unread) -> tuple[list[Turn], Sequence[str]]:
    named = [key for key in ("instruction", "query") if row.get(key) is not None]
    turns, used = asked(row, unread, named or ASKING)
    if not turns or turns[-1].role != "user":
        turns.append(Turn({"role": "user", "content": ""}))  # the reader says that it is empty
    key = next((key for key in _ANSWERS if row.get(key) is not None), _ANSWERS[0])
    answer = row.get(key)
    if isinstance(answer, list):
        raise ValueError(f"a preference row (several answers in {key!r}); only dialogues are imported")
    return [*turns, *read_turns([{"role": "assistant", "content": answer}], unread)], (*used, key)


def _completion(row: dict[str, Json], unread: Unread) -> tuple[list[Turn], Sequence[str]]:
    """TRL: a prompt and what completes it, each a text or messages."""
    turns, used = asked(row, unread)
    answer = listed(row["completion"])
    answer = [{"role": "assistant", "content": answer}] if isinstance(answer, str) else answer
    if not isinstance(answer, list | dict):
        raise ValueError("'completion' is neither text nor messages")
    return [*turns, *read_turns(answer if isinstance(answer, list) else [answer], unread)], (*used, "completion")


def _xlam(row: dict[str, Json], unread: Unread) -> tuple[list[Turn], Sequence[str]]:
    """xLAM: a question, tools, and the calls that answer it."""
    turns, used = asked(row, unread, ("query",))
    calls = calls_of(row["answers"], unread)
    if not calls:
        raise ValueError("'answers' holds no call, and nothing else answers")
    return [*turns, Turn({"role": "assistant", "content": None, "tool_calls": calls})], (*used, "answers")


def _text(value: Json) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise ValueError(f"expected text, found {type(value).__name__}")


_TURNS = {"openai": _spoken, "sharegpt": _spoken, "alpaca": _alpaca, "completion": _completion, "xlam": _xlam}
