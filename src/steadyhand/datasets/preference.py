"""Rows that judge answers, as two dialogues with one prompt: TRL, LLaMA-Factory ranking, ms-swift and KTO.

Knows keys only; the result is checked by `openai`, as every dialogue is. Raises ValueError with a reason.
"""

from __future__ import annotations

from steadyhand.chat.messages import Json
from steadyhand.datasets.formats import format_of, to_openai_row

OpenAiRow = dict[str, Json]
_LISTS = (("chosen_messages", "rejected_messages"), ("messages", "rejected_messages"))
_JUDGED = ("chosen", "rejected", "rejected_response", "rejected_messages", "chosen_messages", "kto_tag")


def is_preference(row: Json) -> bool:
    """Whether a row judges an answer."""
    return isinstance(row, dict) and (any(key in row for key in _JUDGED) or isinstance(row.get("label"), bool))


def preference_rows(row: dict[str, Json]) -> tuple[OpenAiRow | None, OpenAiRow | None]:
    """(the prompt with the chosen answer, the same prompt with the rejected one); one is None in a KTO row."""
    verdict = row.get("label", row.get("kto_tag"))
    if isinstance(verdict, bool) and "chosen" not in row:
        plain = {key: value for key, value in row.items() if key not in ("label", "kto_tag")}
        whole = to_openai_row(plain, format_of(plain))
        return (whole, None) if verdict else (None, whole)
    for good, bad in _LISTS:
        if isinstance(row.get(good), list) and isinstance(row.get(bad), list):
            return _dialogue(row, row[good]), _dialogue(row, row[bad])
    if "rejected_response" in row:
        return _with_response(row)
    return _dialogue(row, _turns(row, "chosen")), _dialogue(row, _turns(row, "rejected"))


def _with_response(row: dict[str, Json]) -> tuple[OpenAiRow, OpenAiRow]:
    """ms-swift: a whole dialogue, and beside it what should not have been said at its end."""
    plain = {key: value for key, value in row.items() if key != "rejected_response"}
    chosen = to_openai_row(plain, format_of(plain))
    rejected = [*chosen["messages"][:-1], {"role": "assistant", "content": row["rejected_response"]}]
    return chosen, {**chosen, "messages": rejected}


def _dialogue(row: dict[str, Json], turns: list[Json]) -> OpenAiRow:
    return to_openai_row(
        {"messages": turns, "tools": row.get("tools"), "functions": row.get("functions"), "system": row.get("system")},
        "openai",
    )


def _turns(row: dict[str, Json], side: str) -> list[Json]:
    """The turns before the judged answer, then the answer of this side. An answer given as a list of messages stands
    alone when the row has no prompt of its own (TRL's implicit prompt)."""
    if side not in row:
        raise ValueError(f"a preference row without {side!r}")
    answer = row[side]
    if isinstance(answer, str):
        answer = [{"role": "assistant", "content": answer}]
    elif isinstance(answer, dict):
        answer = [answer]
    if not isinstance(answer, list):
        raise ValueError(f"{side!r} is neither text nor messages")
    return [*_prompt(row), *answer]


def _prompt(row: dict[str, Json]) -> list[Json]:
    prompt = row.get("prompt")
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    if isinstance(prompt, list):
        return prompt
    turns = row.get("messages") or row.get("conversations") or row.get("conversation")
    if isinstance(turns, list):
        return turns
    if "instruction" in row or "query" in row:
        asked: list[Json] = to_openai_row({**row, "output": "-", "response": "-", "system": None}, "alpaca")["messages"]
        return asked[:-1]
    return []
