"""Reads dialogues: messages, calls, answer rules and scenarios, each from a cursor.

Knows the keys that a user writes; knows nothing of files, and nothing of other entries (load checks references).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from steadyhand.chat.call_ids import in_call_order
from steadyhand.chat.compare import read_spec
from steadyhand.chat.messages import Json, Message, Role, ToolCall
from steadyhand.checks import Checker
from steadyhand.domain.checks import RULES, bind
from steadyhand.domain.model import AnswerRule, InputClass, Scenario, Split
from steadyhand.errors import UsageError
from steadyhand.source.cursor import Cursor, kind_of
from steadyhand.text.patterns import PatternError, python_pattern
from steadyhand.text.shingles import Language, language_of

ROLES: tuple[str, ...] = get_args(Role)
LANGUAGES: tuple[str, ...] = get_args(Language)
_BY_ROLE = {
    "system": (),
    "user": (),
    "tool": ("name", "tool_call_id"),
    "assistant": ("think", "calls"),
}
MADE = ("template", "made")  # what a row of a data template keeps (datasets/templates.py)
_SCENARIO, CARD = ("answer", "score"), ("train",)  # what an assistant's message may say of itself, and where
_ACCEPT = ("accept",)  # of an expected call: argument -> what is right as well


def read_scenario(row: Cursor, checkers: Mapping[str, Checker] | None = None) -> Scenario:
    """One entry of `scenarios:`; `split` has no default, because a silent one would leak or shrink the evaluation.
    `checkers`: the domain's checks, by name."""
    row.fields(
        ["id", "split", "messages"],
        ["group", "class", "lang", "tools", "tags", "comparators", "ordered", "source", *MADE],
    )
    row.text("source", "")  # where it comes from, for people
    messages = read_messages(row)
    id, entries = row.text("id"), list(row.items("messages"))
    said = [e for e in enumerate(entries) if messages[e[0]].role == "assistant"]
    answers = {index: e.at("answer") for index, e in said if e.has("answer")}
    scenario = Scenario(
        id=id,
        group=row.text("group", id),
        split=cast(Split, row.choice("split", get_args(Split))),
        input_class=cast(InputClass, row.choice("class", get_args(InputClass), "common")),
        lang=read_language(row, messages),
        tools=_unique_texts(row, "tools"),
        messages=messages,
        place=row.place,
        answers={index: rule for index, e in answers.items() if (rule := read_answer(e)) is not None},
        comparators={tool: _checked_specs(row.at("comparators"), tool) for tool in row.mapping("comparators")},
        ordered=row.flag("ordered", False),
        tags=row.texts("tags"),
        unscored=frozenset(index for index, e in said if not e.flag("score", True)),
        accepts={index: specs for index, e in said if any(specs := _accepts(e))},
    )
    return bind(scenario, answers, checkers or {})


def read_messages(
    row: Cursor, *, ends_with: Role = "assistant", marks: Sequence[str] = _SCENARIO
) -> tuple[Message, ...]:
    """The list under `messages`, in a domain folder's own keys, its order checked; the results of a turn come in the
    order of its calls."""
    entries = list(row.items("messages"))
    messages = tuple(_message(entry, marks) for entry in entries)
    check_order(row, entries, messages, ends_with)
    return in_call_order(messages)


def check_order(row: Cursor, entries: Sequence[Cursor], messages: Sequence[Message], ends_with: Role) -> None:
    """What every dialogue keeps: it ends with `ends_with`, only opens with system, and somebody speaks first."""
    if not messages:
        raise row.error("the dialogue has no messages", "add at least a user message and the assistant's answer")
    for index, message in enumerate(messages):
        if message.role == "system" and index:
            raise entries[index].error("a system message after the first place", "move it to the start")
    if messages[0].role == "assistant":
        raise entries[0].error("the dialogue starts with the assistant", "put what it answers to before it")
    if messages[-1].role != ends_with:
        raise entries[-1].error(
            f"the last message is of role {messages[-1].role!r}", f"end with a message of role {ends_with!r}"
        )


def _message(row: Cursor, marks: Sequence[str]) -> Message:
    row.require("role")
    role = cast(Role, row.choice("role", ROLES))
    row.fields(["role"], ["content", *_BY_ROLE[role], *(marks if role == "assistant" else ())])
    if role == "tool":
        return Message(role, tool_content(row), tool_call_id=row.text("tool_call_id", ""))
    if role != "assistant":
        return Message(role, row.text("content"))
    calls = tuple(_call(call, _ACCEPT if marks == _SCENARIO else ()) for call in row.items("calls"))
    message = Message(role, row.text("content", ""), row.optional_text("think"), calls)
    if not message.content.strip() and not calls:
        raise row.error("the assistant neither says nor calls anything", "add `content` or `calls`")
    return message


def tool_content(row: Cursor) -> str:
    """A tool's result: text as it stands; any other value dumped as JSON; absent is empty."""
    value = row.value.get("content")
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _call(row: Cursor, marks: Sequence[str]) -> ToolCall:
    row.fields(["name"], ["arguments", "id", *marks])
    return ToolCall(row.text("name"), row.mapping("arguments"), row.text("id", ""))


def read_answer(row: Cursor) -> AnswerRule | None:
    """`must` and `must_not`: lists of regular expressions, compiled here so that no later floor meets a bad one. None
    when checks alone judge the answer."""
    if not isinstance(row.value, dict):
        raise row.error(f"expected a mapping, found {kind_of(row.value)}", "write keys: must, must_not, or a check")
    return read_rule(row) if not row.value or any(key in row.value for key in RULES) else None


def read_rule(row: Cursor) -> AnswerRule:
    """The rule whose `must` and `must_not` stand beside other keys of `row`."""
    for key in ("must", "must_not"):
        for item in row.items(key):
            compiled(item)
    return AnswerRule(row.texts("must"), row.texts("must_not"))


def compiled(item: Cursor) -> str:
    """The text of a regular expression. Raises DomainError for one that is none, or cannot run in linear time."""
    pattern = item.as_text("a pattern")
    try:
        python_pattern(pattern, ignore_case=True)
    except PatternError as error:
        raise item.error(error.what, error.next or "correct it") from None
    return pattern


def read_language(row: Cursor, messages: Sequence[Message]) -> Language:
    """`lang` as written, else the language of what the user says."""
    said = " ".join(m.content for m in messages if m.role == "user")
    return cast(Language, row.choice("lang", LANGUAGES, language_of(said)))


def _unique_texts(row: Cursor, key: str) -> tuple[str, ...]:
    texts = row.texts(key)
    for index, text in enumerate(texts):
        if text in texts[:index]:
            raise row.at(key, index).error(f"{text!r} stands twice in {key!r}", "remove one of the two")
    return texts


def _accepts(row: Cursor) -> tuple[dict[str, Json], ...]:
    """What each expected call of a message says is right as well."""
    return tuple(_checked_specs(call, "accept") if call.has("accept") else {} for call in row.items("calls"))


def _checked_specs(row: Cursor, key: str) -> dict[str, Json]:
    """Argument -> comparator, as they stand under `key`."""
    specs = row.mapping(key)
    for argument, spec in specs.items():
        try:
            read_spec(spec)
        except UsageError as error:
            raise row.at(key).error(error.what, error.next or "correct it", key=argument) from None
    return dict(specs)
