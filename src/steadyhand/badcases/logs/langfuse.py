"""Langfuse: a trace as its page downloads it, or observations as tables and the API export them.

A generation's `input` holds the messages (and, as its OpenAI integration writes it, the tools), `output` the answer.
Scores of 0 or below, and "no" words, count as said against an answer; so does a level of ERROR.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadyhand.badcases.logs.logged import LoggedRequest
from steadyhand.chat.messages import Json
from steadyhand.datasets.unread import Unread, parsed

_BAD = frozenset(("false", "bad", "wrong", "no", "negative", "incorrect", "thumbs_down", "thumbs-down"))


def fits(row: dict[str, Json]) -> bool:
    inner = row.get("trace")
    return "observations" in row or (isinstance(inner, dict) and "observations" in inner) or "traceId" in row


def entries(row: dict[str, Json], number: int, unread: Unread) -> Iterator[LoggedRequest | str]:
    """An entry, or why there is none, for each observation."""
    inner: dict[str, Json] = found if isinstance(found := row.get("trace"), dict) else {}
    observed = row.get("observations", inner.get("observations"))
    scores = [*(row.get("scores") or ()), *(inner.get("scores") or ())]
    trace = str(row.get("id") or inner.get("id") or f"row-{number}")
    for one in observed if isinstance(observed, list) else [row]:
        try:
            yield _entry(one, trace, [score for score in scores if isinstance(score, dict)])
        except ValueError as error:
            yield str(error)


def _entry(one: Json, trace: str, scores: list[dict[str, Json]]) -> LoggedRequest:
    if not isinstance(one, dict):
        raise ValueError("an observation that is no object")
    if str(one.get("type", "")).upper() != "GENERATION":
        raise ValueError(f"an observation of type {one.get('type')!r}, no request to a model")
    shown = _decoded(one.get("input"))
    tools = None
    if isinstance(asked := shown, dict):
        shown, tools = asked.get("messages"), asked.get("tools", asked.get("functions"))
    if not isinstance(shown, list) or not shown:
        raise ValueError("a generation whose messages were not exported")
    said = _decoded(one.get("output"))
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if isinstance(said, dict) and isinstance(said.get("choices"), list) and len(said["choices"]) == 1:
        said = said["choices"][0].get("message") if isinstance(said["choices"][0], dict) else None
    if isinstance(said, str) and said.strip():
        said = {"role": "assistant", "content": said}
    if not isinstance(said, dict):
        raise ValueError("a generation without one answer")
    own = [score for score in scores if score.get("observationId") in (None, one.get("id"))]
    own += [score for score in one.get("scores") or () if isinstance(score, dict)]
    answer = {"role": "assistant", **said}
    return LoggedRequest(str(one.get("traceId") or trace), [*shown, answer], tools, _flag(one, own))


def _decoded(value: Json) -> Json:
    """JSON text, as tables export it; any other text as it is."""
    try:
        return parsed(value, "")
    except ValueError:
        return value


def _flag(one: dict[str, Json], scores: list[dict[str, Json]]) -> str:
    if str(one.get("level", "")).upper() == "ERROR":
        return str(one.get("statusMessage") or "the generation's level is ERROR")
    for score in scores:
        value = score.get("value", score.get("stringValue"))
        bad = value <= 0 if isinstance(value, int | float) else str(value).strip().lower() in _BAD
        if bad:
            return f"{score.get('name', 'score')} = {value} {score.get('comment') or ''}".rstrip()
    return ""
