"""Rows that judge answers, as pairs of dialogues with one prompt: TRL, OpenAI, LLaMA-Factory ranking, ms-swift and KTO.

Knows keys, and that an answer may repeat its prompt; the result is checked by `domain.openai`, as every dialogue is.
Raises ValueError with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from steadyhand.chat.messages import Json
from steadyhand.datasets.formats import (
    ASKING,
    DIALOGUES,
    OFFERS,
    SYSTEMS,
    ForeignRow,
    asked,
    dialogue,
    format_of,
    listed,
    read_row,
)
from steadyhand.datasets.labels import JUDGED, VERDICTS, verdict_of
from steadyhand.datasets.turns import Turn, read_turns
from steadyhand.datasets.unread import Unread

Judged = tuple[ForeignRow | None, ForeignRow | None]
_LISTS = (("chosen_messages", "rejected_messages"), ("messages", "rejected_messages"))
_COMMON = (*SYSTEMS, *OFFERS, "noqa")


def is_preference(row: Json) -> bool:
    """Whether a row judges an answer. Raises ValueError for a label that is no verdict."""
    told = isinstance(row, dict) and any(row.get(key) is not None for key in JUDGED)
    return told or verdict_of(row) is not None


def preference_rows(row: dict[str, Json], unread: Unread) -> list[Judged]:
    """One pair (the prompt with the chosen answer, the same prompt with a rejected one) for each rejected answer; one
    side is None in a row that judges a single answer. Keys that were not read go to `unread`."""
    verdict = verdict_of(row)
    if verdict is not None:
        plain = {key: value for key, value in row.items() if key not in VERDICTS}
        whole = read_row(plain, format_of(plain), unread)
        pairs: list[Judged] = [(whole, None) if verdict else (None, whole)]
    else:
        pairs = [*_compared(row, unread)]
    for side in (side for pair in pairs for side in pair if side):
        if not side.row["messages"]:
            raise ValueError("a judged dialogue without messages")
        if not side.asks:
            first = side.row["messages"][0]["role"]
            why = "the dialogue starts with the assistant" if first == "assistant" else "no user's message comes first"
            raise ValueError(f"nothing is asked: {why}")
        if len(side.row["messages"]) - 1 in side.untrained:
            unread.add("weight of a judged answer")
    return pairs


def _compared(row: dict[str, Json], unread: Unread) -> list[Judged]:
    if row.get("preferred_output") is not None or row.get("non_preferred_output") is not None:
        return _openai(row, unread)
    for good, bad in _LISTS:
        chosen, rejected = listed(row.get(good)), listed(row.get(bad))
        if isinstance(chosen, list) and isinstance(rejected, list):
            unread.rest(row, (good, bad, *_COMMON))
            whole = dialogue(row, read_turns(chosen, unread), unread)
            return [(whole, dialogue(row, read_turns(one, unread), unread)) for one in _several(rejected, bad)]
    if row.get("rejected_response") is not None:
        return _with_response(row, unread)
    used = ("chosen", "rejected")
    prompt, keys = _prompt(row, unread)
    unread.rest(row, (*used, *keys, *_COMMON))
    better, worse = (_answers(row, side, unread) for side in used)
    if len(better) > 1:
        raise ValueError("several chosen answers: which rejected one is compared with which is not said")
    if keys and keys[0] in DIALOGUES and prompt[-1:] and prompt[-1].role == "assistant":
        prompt = _without_answer(prompt, [*better, *worse])
    return [(_after(row, prompt, better[0], unread), _after(row, prompt, one, unread)) for one in worse]


def _openai(row: dict[str, Json], unread: Unread) -> list[Judged]:
    """OpenAI's preference fine-tuning: {"input": {"messages", "tools"}, "preferred_output", "non_preferred_output"}."""
    given = row.get("input")
    if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
        raise ValueError("'input' holds no messages")
    unread.rest(row, ("input", "preferred_output", "non_preferred_output", "noqa"))
    unread.rest(given, ("messages", *OFFERS, *SYSTEMS), "input.")
    prompt = read_turns(given["messages"], unread)
    good, bad = (_answers(row, side, unread) for side in ("preferred_output", "non_preferred_output"))
    if len(good) > 1 or len(bad) > 1:
        raise ValueError("several preferred or several non-preferred answers in one row")
    return [(_after(given, prompt, good[0], unread), _after(given, prompt, bad[0], unread))]


def _with_response(row: dict[str, Json], unread: Unread) -> list[Judged]:
    """ms-swift: a whole dialogue, and beside it what should not have been said at its end."""
    plain = {key: value for key, value in row.items() if key != "rejected_response"}
    chosen = read_row(plain, format_of(plain), unread)
    history = chosen.row["messages"][:-1]
    pairs: list[Judged] = []
    for turns in _answers(row, "rejected_response", unread):
        answer = dialogue({}, turns, unread).row["messages"]
        pairs.append((chosen, replace(chosen, row={**chosen.row, "messages": [*history, *answer]})))
    return pairs


def _prompt(row: dict[str, Json], unread: Unread) -> tuple[list[Turn], Sequence[str]]:
    """(the turns before the judged answers, the keys that hold them). A row whose columns ask nothing may hold its
    prompt as messages, or in the answers (TRL's implicit prompt)."""
    if any(row.get(key) is not None for key in (*ASKING, "input")):
        return asked(row, unread)
    for key in DIALOGUES:
        turns = listed(row.get(key))
        if isinstance(turns, list):
            return read_turns(turns, unread), (key,)
    return [], ()


def _answers(row: dict[str, Json], side: str, unread: Unread) -> list[list[Turn]]:
    """The answers of one side, each as turns: a text, a message, a list of messages, or a list of such answers."""
    answer = listed(row.get(side))
    if answer is None:
        raise ValueError(f"a preference row without {side!r}")
    if isinstance(answer, str | dict):
        answer = [answer]
    if not isinstance(answer, list) or not answer or not all(isinstance(one, str | dict | list) for one in answer):
        raise ValueError(f"{side!r} is neither text nor messages")
    found = []
    for one in _several(answer, side):
        turns = [{"role": "assistant", "content": turn} if isinstance(turn, str) else turn for turn in one]
        found.append(read_turns(turns, unread))
    return found


def _several(answer: list[Json], side: str) -> list[list[Json]]:
    """Messages of one answer as they are; texts, or lists of messages, as one answer each."""
    kinds = {type(one) for one in answer}
    if len(kinds) > 1 or not answer:
        raise ValueError(f"{side!r} mixes texts and messages")
    if kinds == {dict}:
        return [answer]
    return [one if isinstance(one, list) else [one] for one in answer]


def _after(row: dict[str, Json], prompt: Sequence[Turn], answer: Sequence[Turn], unread: Unread) -> ForeignRow:
    """The prompt, then the answer; what the answer repeats of the prompt is there once."""
    return dialogue(row, _once(prompt, answer), unread)


def _without_answer(prompt: list[Turn], answers: Sequence[Sequence[Turn]]) -> list[Turn]:
    """The prompt of a row that holds a whole dialogue, and beside it the judged answers, one of which ends it. Raises
    ValueError where none does: then two answers would follow one question."""
    if not any(_same(prompt[-1:], answer[-1:]) for answer in answers):
        raise ValueError("the dialogue ends with an answer that is not among the judged ones")
    return prompt[:-1]


def _once(prompt: Sequence[Turn], answer: Sequence[Turn]) -> list[Turn]:
    """Raises ValueError for an answer that is a dialogue of its own and not this prompt's."""
    if not prompt or (answer and answer[0].role in ("assistant", "tool")):
        return [*prompt, *answer]
    before, whole = _bare(prompt), _bare(answer)
    systems = [turn for turns in (prompt, answer) for turn in turns if turn.role == "system"]
    if len({turn.text for turn in systems}) > 1:
        raise ValueError("the system messages of the prompt and of an answer are two different ones")
    if _same(before, whole[: len(before)]):
        return [*systems[:1], *whole]
    said = next((at for at, turn in enumerate(whole) if turn.role != "user"), len(whole))
    if said and _same(before[-said:], whole[:said]):
        return [*prompt, *whole[said:]]
    raise ValueError("an answer is a dialogue of its own, which does not repeat the prompt")


def _bare(turns: Sequence[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.role != "system"]


def _same(one: Sequence[Turn], other: Sequence[Turn]) -> bool:
    keys = [[(turn.role, turn.text, turn.message.get("tool_calls")) for turn in turns] for turns in (one, other)]
    return keys[0] == keys[1]
