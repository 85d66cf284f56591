"""LangSmith: runs as its API and bulk export write them. Messages are OpenAI's or LangChain's own.

Read are runs of type `llm`: `inputs.messages`, `outputs` (a message, choices or generations) and the tools of
`extra.invocation_params`. An error, or feedback with an average of 0 or below, counts as said against the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from steadyhand.badcases.logs.logged import LoggedRequest
from steadyhand.chat.messages import Json
from steadyhand.datasets.unread import Unread, decoded

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "tool"}
_TALKS = ("thread_id", "session_id", "conversation_id")


def fits(row: dict[str, Json]) -> bool:
    return "run_type" in row


def entries(row: dict[str, Json], number: int, unread: Unread) -> Iterator[LoggedRequest | str]:
    """An entry, or why there is none, for a run and for each run below it."""
    waiting = [row]
    while waiting:
        run = waiting.pop(0)
        waiting += [one for one in run.get("child_runs") or () if isinstance(one, dict)]
        try:
            yield _entry(run, number)
        except ValueError as error:
            yield str(error)


def _entry(run: dict[str, Json], number: int) -> LoggedRequest:
    if run.get("run_type") != "llm":
        raise ValueError(f"a run of type {run.get('run_type')!r}, no request to a model")
    inputs, outputs, extra = (decoded(run.get(key)) or {} for key in ("inputs", "outputs", "extra"))
    if not isinstance(inputs, dict) or not isinstance(outputs, dict) or not isinstance(extra, dict):
        raise ValueError("a run whose inputs or outputs are no object")
    shown = _one(inputs.get("messages"))
    if not isinstance(shown, list) or not shown:
        raise ValueError("a run whose messages were not exported")
    answer = _answer(outputs)
    asked = _object(extra.get("invocation_params"))
    about = _object(extra.get("metadata"))
    talk = next((about[key] for key in _TALKS if about.get(key)), run.get("trace_id") or run.get("id"))
    tools = inputs.get("tools") or asked.get("tools") or asked.get("functions")
    return LoggedRequest(str(talk or f"row-{number}"), [*map(_message, shown), _message(answer)], tools, _flag(run))


def _one(value: Json) -> Json:
    """LangChain writes a list of dialogues; of one."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        return value[0]
    return value


def _answer(outputs: dict[str, Json]) -> Json:
    generations, choices = _one(outputs.get("generations")), outputs.get("choices")
    found = generations if isinstance(generations, list) else choices if isinstance(choices, list) else None
    if found is None:
        message = outputs.get("message") or _last(outputs.get("messages"))
        found = [{"message": message if message else outputs}]
    if len(found) != 1 or not isinstance(found[0], dict):
        raise ValueError("a run without one answer")
    answer = found[0].get("message")
    if not isinstance(answer, dict) or not {"role", "kwargs", "type", "content"} & answer.keys():
        raise ValueError("a run without one answer")
    return answer if "kwargs" in answer or "type" in answer else {"role": "assistant", **answer}


def _last(value: Json) -> Json:
    return value[-1] if isinstance(value, list) and value else None


def _message(message: Json) -> dict[str, Json]:
    """An OpenAI message of one of LangChain's: serialized with its class, or as a plain mapping with `type`."""
    if not isinstance(message, dict):
        raise ValueError("a message that is no object")
    if "role" in message:
        return message
    given = message.get("kwargs", message.get("data", message))
    if not isinstance(given, dict):
        raise ValueError("a message that is no object")
    name = str(given.get("type") or message.get("type") or "").lower()
    if isinstance(message.get("id"), list) and message["id"]:
        name = str(message["id"][-1]).removesuffix("Chunk").removesuffix("Message").lower()
    if name not in _ROLES:
        raise ValueError(f"a message of type {name!r}")
    made: dict[str, Json] = {"role": _ROLES[name], "content": given.get("content")}
    calls = given.get("tool_calls") or (given.get("additional_kwargs") or {}).get("tool_calls")
    if calls:
        made["tool_calls"] = [_call(one) for one in calls]
    return made | ({"tool_call_id": given["tool_call_id"]} if given.get("tool_call_id") else {})


def _call(call: Json) -> Json:
    """LangChain calls the arguments `args`."""
    if not isinstance(call, dict) or "function" in call:
        return call
    function = {"name": call.get("name"), "arguments": json.dumps(call.get("args") or {}, ensure_ascii=False)}
    return {"id": call.get("id"), "type": "function", "function": function}


def _flag(run: dict[str, Json]) -> str:
    if run.get("error"):
        return str(run["error"]).splitlines()[0][:200]
    stats = decoded(run.get("feedback_stats"))
    for name, one in stats.items() if isinstance(stats, dict) else ():
        average = one.get("avg") if isinstance(one, dict) else None
        if isinstance(average, int | float) and average <= 0:
            return f"{name} = {average}"
    return ""


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
