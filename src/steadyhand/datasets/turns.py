"""One turn of a foreign dialogue as OpenAI messages. Knows roles, parts of contents, thinking, ids and weights in the
dialects of OpenAI, ShareGPT, Anthropic, LLaMA-Factory and ms-swift; joins turns, but checks no dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from steadyhand.chat.formats.marks import THINK
from steadyhand.chat.messages import Json
from steadyhand.datasets.calls import calls_of
from steadyhand.datasets.unread import Unread
from steadyhand.datasets.weights import KEYS as WEIGHTS
from steadyhand.datasets.weights import untrained
from steadyhand.domain.openai import are_parts

_ROLES = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "chatgpt", "bot", "model", "assistant", "ai"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("observation", "tool", "tool_response", "function_response", "function"), "tool"),
    **dict.fromkeys(("tool_result", "function_result", "ipython"), "tool"),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
}
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "think")
_THINKING = frozenset(_THOUGHTS)
_RESULT_IDS = ("tool_call_id", "call_id", "tool_use_id")
_CALLS = ("tool_calls", "function_call")
_OFFERS = ("tools", "functions")
_SPOKEN = frozenset(("role", "from", "content", "value", *WEIGHTS))
_OFFERING = _SPOKEN | {*_OFFERS}
_RESULT = _SPOKEN | {*_RESULT_IDS, "id", "name"}
_CALLING = _SPOKEN | {*_RESULT_IDS} | _THINKING
_SAYING = _SPOKEN | {*_CALLS, "refusal"} | _THINKING
_TEXT_PARTS = ("text", "input_text", "output_text")
_CALL_PARTS = ("tool_call", "tool_use")


@dataclass(slots=True)
class Turn:
    """An OpenAI message, and what else its turn says. `alone`: it only calls, and joins the assistant's turn before it.
    `untrained` is the key that says so; `name` and `id` may tell whose result this is; `tools` stand in a system's."""

    message: dict[str, Json]
    alone: bool = False
    untrained: str = ""
    name: str = ""
    id: str = ""
    tools: list[Json] = field(default_factory=list)

    @property
    def role(self) -> Json:
        return self.message["role"]

    @property
    def text(self) -> str:
        content = self.message.get("content")
        return content.strip() if isinstance(content, str) else ""


def leading_thought(content: str) -> str | None:
    """The think block with which a text begins, without its tags; None where it begins otherwise."""
    match = THINK.leading.match(content)
    return match[1] if match else None


def role_of(name: Json) -> str | None:
    """The role that a turn's word for it means: system, user, assistant, tool, or call for a turn that only calls."""
    return _ROLES.get(name.strip().lower()) if isinstance(name, str) else None


def read_turns(values: Sequence[Json], unread: Unread) -> list[Turn]:
    """The turns of a list, in order, not yet joined. Raises ValueError for what is no turn."""
    return [turn for value in values for turn in _turns(value, unread)]


def _turns(value: Json, unread: Unread) -> list[Turn]:
    if not isinstance(value, dict):
        raise ValueError("a turn is not an object")
    if "human" in value and "assistant" in value:
        unread.rest(value, ("human", "assistant"), "messages[].")
        user = Turn({"role": "user", "content": value["human"]})
        return [user, _assistant({"content": value["assistant"]}, unread)]
    name = value.get("role", value.get("from"))
    role = role_of(name)
    if role is None:
        raise ValueError(f"unknown role {name!r}")
    if role == "assistant":
        return [_assistant(value, unread)]
    if role == "call":
        return [_calling(value, unread)]
    if role == "tool":
        return [_result(value, unread)]
    return _said(role, value, unread)


def _content(value: dict[str, Json]) -> Json:
    return value["content"] if value.get("content") is not None else value.get("value")


def _said(role: str, value: dict[str, Json], unread: Unread) -> list[Turn]:
    """A user's or the system's turn; Anthropic's users hand back results, which come first."""
    unread.rest(value, _OFFERING if role == "system" else _SPOKEN, "messages[].")
    untrained(value, False, unread)
    content, results = _content(value), []
    if role == "user" and isinstance(content, list):
        handed = [part for part in content if isinstance(part, dict) and part.get("type") == "tool_result"]
        results = [_result({"tool_use_id": part.get("tool_use_id"), "content": part.get("content")}, unread)
                   for part in handed]  # fmt: skip
        for part in handed:
            unread.rest(part, ("type", "tool_use_id", "content"), "messages[].content[].")
        content = [part for part in content if part not in handed]
    if results and not content:
        return results
    offers = [value[key] for key in _OFFERS if role == "system" and value.get(key) is not None]
    return [*results, Turn({"role": role, "content": _parts(content, unread)[0]}, tools=offers)]


def _result(value: dict[str, Json], unread: Unread) -> Turn:
    """A tool's turn; a content that is no list of parts is data, and left as it is."""
    unread.rest(value, _RESULT, "messages[].")
    untrained(value, False, unread)
    told = next((value[key] for key in _RESULT_IDS if value.get(key) is not None), None)
    content = _content(value)
    if isinstance(content, list) and are_parts(content):
        content = _parts(content, unread)[0]
    message = {"role": "tool", "content": content} | ({} if told is None else {"tool_call_id": told})
    name, id = value.get("name"), value.get("id")
    return Turn(message, name=name if isinstance(name, str) else "", id=str(id) if isinstance(id, str | int) else "")


def _calling(value: dict[str, Json], unread: Unread) -> Turn:
    """ShareGPT's function_call: JSON of one call or of a list of them, maybe after a think block."""
    unread.rest(value, _CALLING, "messages[].")
    content = _content(value)
    match = THINK.leading.match(content) if isinstance(content, str) else None
    calls = calls_of(match[2] if match else content, unread)
    told = next((value[key] for key in _RESULT_IDS if value.get(key) is not None), None)
    if told is not None and len(calls) == 1:
        calls[0].setdefault("id", told)
    thought = _thought(value, match[1] if match else None, unread)
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    return Turn(message | thought, alone=True, untrained=untrained(value, True, unread))


def _assistant(value: dict[str, Json], unread: Unread) -> Turn:
    """An assistant's turn; a leading think block becomes reasoning, call parts become tool calls."""
    unread.rest(value, _SAYING, "messages[].")
    content, told, calls = _parts(_content(value), unread)
    for key in _CALLS:
        calls += calls_of(value.get(key), unread)
    thought = _thought(value, told, unread)
    match = THINK.leading.match(content) if isinstance(content, str) else None
    if match and str(thought.setdefault("reasoning_content", match[1])).strip() == match[1].strip():
        content = match[2]
    if refusal := value.get("refusal"):
        content = content or refusal
        unread.update(["messages[].refusal"] if content != refusal else [])
    message = {"role": "assistant", "content": content} | thought
    return Turn(message | ({"tool_calls": calls} if calls else {}), untrained=untrained(value, True, unread))


def _thought(value: dict[str, Json], told: str | None, unread: Unread) -> dict[str, Json]:
    """{"reasoning_content": text}, or nothing. Raises ValueError where two keys tell different thoughts."""
    if told is None and _THINKING.isdisjoint(value):
        return {}
    texts = {key: value[key] for key in _THOUGHTS if isinstance(value.get(key), str)}
    unread.update(f"messages[].{key}" for key in _THOUGHTS if value.get(key) is not None and key not in texts)
    texts |= {} if told is None else {"content": told}
    filled = {key: text for key, text in texts.items() if text.strip()} or texts
    if len({text.strip() for text in filled.values()}) > 1:
        raise ValueError(f"a turn thinks differently in {' and '.join(filled)}")
    return {"reasoning_content": next(iter(filled.values()))} if filled else {}


def _parts(content: Json, unread: Unread) -> tuple[Json, str | None, list[dict[str, Json]]]:
    """(text, thinking, calls) of a content; what is no text (pictures) stays in a list, which the reader refuses."""
    if not isinstance(content, list):
        return content, None, []
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[dict[str, Json]] = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in _CALL_PARTS:
            calls += calls_of(part if "name" in part else part.get("value", part.get("text")), unread)
        elif kind == "redacted_thinking":
            unread.add("messages[].content[].redacted_thinking")
        elif kind in (*_TEXT_PARTS, "reasoning", "thinking"):
            keys = ("text", "value", "thinking") if kind == "thinking" else ("text", "value")
            text = next((part[key] for key in keys if part.get(key) is not None), "")
            if not isinstance(text, str):
                return content, None, []
            (texts if kind in _TEXT_PARTS else thoughts).append(text)
            unread.rest(part, ("type", *keys), "messages[].content[].")
        else:
            return content, None, []
    return "\n".join(texts), "\n".join(thoughts) if thoughts else None, calls


def joined(turns: Sequence[Turn], unread: Unread) -> list[Turn]:
    """The turns with each one that only calls in the assistant's right before it (words, then a call; or several calls
    in a row), because a template knows one assistant turn with calls, not two; results know their calls. Raises
    ValueError for a turn of which only one half is trained."""
    found: list[Turn] = []
    for turn in turns:
        last = found[-1] if found else None
        if turn.alone and last and last.role == "assistant" and "reasoning_content" not in turn.message:
            if bool(turn.untrained) != bool(last.untrained):
                raise ValueError("the words and the calls of one turn differ in whether they are trained")
            calls = [*last.message.get("tool_calls", []), *turn.message["tool_calls"]]
            found[-1] = replace(last, message={**last.message, "tool_calls": calls})
        else:
            found.append(replace(turn, message={**turn.message}) if turn.role == "tool" else turn)
    _tie(found, unread)
    return found


def _tie(turns: list[Turn], unread: Unread) -> None:
    """Give results the ids that their turns carry in other keys, and put those that only carry names in order."""
    for start, turn in enumerate(turns):
        if turn.role != "tool" or (start and turns[start - 1].role == "tool"):
            continue
        end = next((at for at in range(start, len(turns)) if turns[at].role != "tool"), len(turns))
        calls = turns[start - 1].message.get("tool_calls", []) if start else []
        results = turns[start:end]
        ids = {str(call["id"]) for call in calls if "id" in call}
        for result in results:
            if result.id in ids and "tool_call_id" not in result.message:
                result.message["tool_call_id"] = result.id
            elif result.id:
                unread.add("messages[].id")
        if not ids and not any("tool_call_id" in result.message for result in results):
            _tie_by_name(calls, results, start, unread)


def _tie_by_name(calls: Sequence[dict[str, Json]], results: Sequence[Turn], place: int, unread: Unread) -> None:
    """Where no id says whose a result is, and every call has a name of its own, the result's name says it."""
    names = [str(call["name"]) for call in calls]
    given = [result.name for result in results]
    if len({*names}) == len(names) and {*given} <= {*names}:
        for call, name in zip(calls, names, strict=True):
            call["id"] = f"call_{place}_{names.index(name)}"
        for result in results:
            result.message["tool_call_id"] = f"call_{place}_{names.index(result.name)}"
    elif any(name and name not in names for name in given):
        unread.add("messages[].name")
