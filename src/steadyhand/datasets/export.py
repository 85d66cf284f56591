"""Writes cards, scenarios, rehearsal rows and the rows of data files in formats that other tools read.

What `convert` reads back is equal in messages, tools, judgment, labels, ids of calls, and in which answers are learned;
a row that a format has no place for is refused with the reason (`CannotHoldError`), never bent. Answer rules, groups of
scenarios and comparators have no place in any of them and stay behind; `split` travels as a key of its own, so that
held-out rows are not trained on by accident.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from steadyhand.chat.call_ids import with_ids
from steadyhand.chat.formats.marks import THINK
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.datasets.convert import Dialogue, Imported, Preference, Reject
from steadyhand.datasets.labels import Labels
from steadyhand.datasets.turns import leading_thought
from steadyhand.domain.model import Domain

ExportFormat = Literal["openai", "sharegpt", "alpaca"]
JudgedFormat = Literal["trl", "ranking", "swift", "kto"]
DIALOGUES: tuple[ExportFormat, ...] = ("openai", "sharegpt", "alpaca")
JUDGED: tuple[JudgedFormat, ...] = ("trl", "ranking", "swift", "kto")
Row = dict[str, Json]


class CannotHoldError(ValueError):
    """The format has no place for something in this row."""


def convert_rows(imported: Imported, form: ExportFormat | JudgedFormat) -> tuple[list[Row], list[Reject]]:
    """The rows of a file in another format, in the order of the file, and those that could not be read or that the
    format cannot hold. A pair becomes two rows of `kto`; else one row becomes one."""
    made: list[Row] = []
    rejects = list(imported.rejects)
    every: list[Dialogue | Preference] = [*imported.rows, *imported.preferences]
    for row in sorted(every, key=lambda one: one.number):
        try:
            made += [one | _labels(row.labels) for one in _written(row, form)]
        except CannotHoldError as error:
            rejects.append(Reject(row.number, str(error), row.place))
    return made, sorted(rejects, key=lambda reject: reject.number)


def _written(row: Dialogue | Preference, form: str) -> list[Row]:
    if isinstance(row, Dialogue):
        if form not in _DIALOGUE:
            raise CannotHoldError(f"{form} holds judged answers, this row is a dialogue")
        return [_DIALOGUE[form](row.messages, row.tools, row.unscored)]
    if form not in _PREFERENCE:
        raise CannotHoldError(f"{form} holds dialogues, this row judges an answer")
    return _PREFERENCE[form](row)


def _labels(labels: Labels) -> Row:
    named = {"split": labels.split, "group": labels.group, "noqa": list(labels.noqa)}
    return {key: value for key, value in named.items() if value}


def export_rows(domain: Domain, form: ExportFormat) -> Iterator[dict[str, Json]]:
    """One row per card, scenario and rehearsal dialogue, in this order. Raises CannotHoldError."""
    write = _DIALOGUE[form]
    for card in domain.cards:
        said = {index for index, message in enumerate(card.messages) if message.role == "assistant"}
        yield write(card.messages, (), said - {*card.trained}) | {"split": "train"}
    for scenario in domain.scenarios:
        offer = [domain.tools[name] for name in scenario.tools]
        yield write(scenario.messages, offer, scenario.unscored) | {"split": scenario.split}
    for messages, tools in zip(domain.rehearsal, domain.rehearsal_tools, strict=True):
        yield write(messages, tools, ()) | {"split": "train"}


def left_behind(domain: Domain) -> Counter[str]:
    """What of a domain none of the formats has a place for, by name."""
    return +Counter(
        {
            "answer rules": sum(len(scenario.answers) for scenario in domain.scenarios),
            "comparators": sum(bool(scenario.comparators) for scenario in domain.scenarios),
            "ordered calls": sum(scenario.ordered for scenario in domain.scenarios),
            "groups": len({scenario.group for scenario in domain.scenarios} - {s.id for s in domain.scenarios}),
            "rejected answers": sum(len(scenario.rejected) for scenario in domain.scenarios),
            "points": len(domain.points),
            "probes": len(domain.probes),
        }
    )


def openai_row(messages: Sequence[Message], tools: Sequence[Tool], unscored: Collection[int] = ()) -> Row:
    """As the API takes it: arguments are JSON text, each call has an id, results name the call that they answer. The
    answers at the indices `unscored` have the weight 0."""
    rows: list[dict[str, Json]] = []
    for index, message in enumerate(with_ids(messages)):
        row = _unambiguous(message).to_openai()
        if message.calls:
            row["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _json(call.arguments)}}
                for call in message.calls
            ]
        if message.tool_call_id:
            row["tool_call_id"] = message.tool_call_id
        rows.append(row | _weight(index, unscored))
    return {"messages": rows} | ({"tools": [tool.to_openai() for tool in tools]} if tools else {})


def _weight(index: int, unscored: Collection[int]) -> Row:
    return {"weight": 0} if index in unscored else {}


def _unambiguous(message: Message) -> Message:
    """Raises CannotHoldError for an answer that begins with a think block: it would be read as thinking."""
    thought = leading_thought(message.content) if message.role == "assistant" else None
    if thought is not None and (message.think is None or message.think.strip() == thought.strip()):
        raise CannotHoldError(f"an answer that begins with a {THINK.open} block would be read as thinking")
    return message


def sharegpt_row(messages: Sequence[Message], tools: Sequence[Tool], unscored: Collection[int] = ()) -> Row:
    """from/value turns, `tools` as JSON text; words before a call stand in a gpt turn of their own. Where calls have
    ids they are in the calls' JSON, and at the results as `tool_call_id`; turns not to be learned have `weight` 0."""
    for before, message in pairwise(messages):
        if before.role == message.role == "assistant" and message.calls and not message.content:
            raise CannotHoldError("sharegpt joins a turn that only calls to the assistant's turn before it")
    turns = [turn | _weight(at, unscored) for at, message in enumerate(messages) for turn in _turns(message)]
    row: dict[str, Json] = {"conversations": turns}
    if messages and messages[0].role == "system":
        row["conversations"].pop(0)
        row["system"] = messages[0].content
    return row | ({"tools": _json([tool.to_openai()["function"] for tool in tools])} if tools else {})


def _turns(message: Message) -> list[dict[str, Json]]:
    names = {"user": "human", "tool": "observation", "system": "system"}
    if message.role != "assistant":
        id = {"tool_call_id": message.tool_call_id} if message.tool_call_id else {}
        return [{"from": names[message.role], "value": message.content, **id}]
    think = _thought(_unambiguous(message))
    calls = [_call(call) for call in message.calls]
    value = _json(calls[0] if len(calls) == 1 else calls)
    if not calls:
        return [{"from": "gpt", "value": think + message.content}]
    if not message.content:
        return [{"from": "function_call", "value": think + value}]
    return [{"from": "gpt", "value": think + message.content}, {"from": "function_call", "value": value}]


def _call(call: ToolCall) -> Row:
    return {**({"id": call.id} if call.id else {}), "name": call.name, "arguments": call.arguments}


def _thought(message: Message) -> str:
    if message.think is not None and THINK.close in message.think:
        raise CannotHoldError(f"thinking that holds {THINK.close} cannot be told from the answer in plain text")
    return "" if message.think is None else THINK.write(message.think)


def alpaca_row(messages: Sequence[Message], tools: Sequence[Tool], unscored: Collection[int] = ()) -> Row:
    """instruction, input, output, history, system. Calls, tools, results and thinking before the last answer have no
    place there, nor has any other order than question and answer in turn, nor an answer that is not learned."""
    begin = 1 if messages[0].role == "system" else 0
    turns = messages[begin:]
    if tools or any(message.calls or message.role == "tool" for message in turns):
        raise CannotHoldError("alpaca has no place for tools")
    if any(message.role != ("user", "assistant")[at % 2] for at, message in enumerate(turns)) or len(turns) % 2:
        raise CannotHoldError("alpaca holds questions and answers in turn")
    if any(message.think is not None for message in turns[:-1]):
        raise CannotHoldError("alpaca has no place for thinking before the last answer")
    if unscored:
        raise CannotHoldError("alpaca has no place for weights: its trainers learn every answer")
    texts = [_unambiguous(message).content for message in turns]
    row: Row = {"instruction": texts[-2], "input": "", "output": _thought(turns[-1]) + texts[-1]}
    if len(texts) > 2:
        row["history"] = [list(pair) for pair in zip(texts[:-2:2], texts[1:-2:2], strict=True)]
    return row | ({"system": messages[0].content} if begin else {})


def trl_row(row: Preference) -> list[Row]:
    """prompt, chosen, rejected as OpenAI messages; without a prompt of its own where the two sides have two."""
    good, bad, other = _both(row, "trl")
    if other != row.prompt:
        whole = {"chosen": [*row.prompt, good], "rejected": [*other, bad]}
        return [{side: openai_row(turns, ())["messages"] for side, turns in whole.items()} | _offer(row)]
    rows = {"prompt": row.prompt, "chosen": [good], "rejected": [bad]}
    return [{key: openai_row(turns, ())["messages"] for key, turns in rows.items()} | _offer(row)]


def ranking_row(row: Preference) -> list[Row]:
    """LLaMA-Factory: the prompt as ShareGPT, each answer as one turn."""
    good, bad, other = _both(row, "ranking")
    if other != row.prompt:
        raise CannotHoldError("ranking has one prompt for both answers")
    made = sharegpt_row(row.prompt, row.tools)
    for side, answer in (("chosen", good), ("rejected", bad)):
        turns = _turns(answer)
        if len(turns) > 1:
            raise CannotHoldError("ranking has no place for words before a call in an answer")
        made[side] = turns[0]
    return [made]


def swift_row(row: Preference) -> list[Row]:
    """ms-swift: two whole dialogues."""
    good, bad, other = _both(row, "swift")
    rejected = openai_row([*other, bad], ())["messages"]
    return [openai_row([*row.prompt, good], row.tools) | {"rejected_messages": rejected}]


def kto_row(row: Preference) -> list[Row]:
    """One row per judged answer; that two answers were compared with each other is not kept."""
    sides = ((row.prompt, row.chosen, True), (row.other or row.prompt, row.rejected, False))
    return [openai_row([*prompt, answer], row.tools) | {"label": good} for prompt, answer, good in sides if answer]


def _both(row: Preference, form: str) -> tuple[Message, Message, tuple[Message, ...]]:
    """(chosen, rejected, the prompt of rejected)."""
    if row.chosen is None or row.rejected is None:
        raise CannotHoldError(f"{form} compares two answers, this row judges one")
    return row.chosen, row.rejected, row.prompt if row.other is None else row.other


def _offer(row: Preference) -> Row:
    return {"tools": [tool.to_openai() for tool in row.tools]} if row.tools else {}


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


_DIALOGUE: dict[str, Callable[[Sequence[Message], Sequence[Tool], Collection[int]], Row]] = {
    "openai": openai_row,
    "sharegpt": sharegpt_row,
    "alpaca": alpaca_row,
}
_PREFERENCE: dict[str, Callable[[Preference], list[Row]]] = {
    "trl": trl_row,
    "ranking": ranking_row,
    "swift": swift_row,
    "kto": kto_row,
}
