"""Requests and answers of an OpenAI-compatible server: {"request", "response"}, or a whole dialogue in `messages`."""

from __future__ import annotations

from collections.abc import Iterator

from steadyhand.badcases.logs.logged import LoggedRequest
from steadyhand.chat.messages import Json
from steadyhand.datasets.unread import Unread, parsed

_IDS = ("conversation_id", "session_id", "custom_id", "id")
_SAID = ("flag", "flagged", "feedback")
_ROW = ("messages", "tools", "functions", "request", "response", "choices", "model", *_IDS, *_SAID)


def fits(row: dict[str, Json]) -> bool:
    return isinstance(row.get("messages"), list) or {"request", "response"} <= row.keys()


def entries(row: dict[str, Json], number: int, unread: Unread) -> Iterator[LoggedRequest]:
    """Raises ValueError for what is no request with one answer."""
    unread.rest(row, _ROW)
    asked = parsed(row.get("request"), "'request'") if "request" in row else row
    answer = parsed(row.get("response"), "'response'") if "response" in row else row
    asked, answer = (one["body"] if isinstance(one, dict) and "body" in one else one for one in (asked, answer))
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        raise ValueError("the request has no messages")
    messages = [*asked["messages"], *_answers(answer)]
    talk = next((str(row[key]) for key in _IDS if row.get(key) is not None), f"row-{number}")
    yield LoggedRequest(talk, messages, asked.get("tools", asked.get("functions")), flag_of(row))


def flag_of(row: dict[str, Json]) -> str:
    """What a person said against the answer: a text, or a plain yes."""
    told = next((row[key] for key in _SAID if row.get(key) not in (None, False, "")), "")
    return told if isinstance(told, str) else "flagged"


def _answers(answer: Json) -> list[Json]:
    if not isinstance(answer, dict):
        raise ValueError("there is no answer: the request failed, or was not logged whole")
    choices = answer.get("choices")
    if choices is None and "messages" in answer:
        return []  # a whole dialogue
    if not isinstance(choices, list) or not choices:
        raise ValueError("there is no answer: the request failed, or was not logged whole")
    if len(choices) > 1:
        raise ValueError("several answers to one request: which one went on is not said")
    message = choices[0].get("message") if isinstance(choices[0], dict) else None
    if not isinstance(message, dict):
        raise ValueError("an answer without a message")
    return [message]
