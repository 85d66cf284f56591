"""What a reader makes of a completion, whatever format it is in: calls, text, thinking, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from steadyhand.chat import exact
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.chat.reason import Reason, first


class Repair(StrEnum):
    """What the lenient reader had to mend."""

    UNCLOSED_TAG = "unclosed_tag"  # the last call runs to the end of the text
    PARAMETERS_KEY = "parameters_key"  # `parameters` for `arguments`, or the other way round
    STRING_ARGUMENTS = "string_arguments"  # the arguments are JSON inside a string
    SINGLE_QUOTES = "single_quotes"  # a Python literal for JSON
    OTHER_SPELLING = "other_spelling"  # a known spelling of the same family, but not the one of this format
    TEXT_BESIDE = "text_beside"  # prose around a call that must stand alone


class CallSyntaxError(ValueError):
    """What stands in a call does not follow the format's grammar; the text was read up to `at`."""

    def __init__(self, why: str, at: int = 0) -> None:
        super().__init__(why)
        self.at = at


class CallShapeError(ValueError):
    """The grammar holds, but it is no call: a wrong key, a wrong type, nothing that closes it."""


class CannotWriteError(ValueError):
    """The format has no way to write this so that it is read back."""


@dataclass(frozen=True)
class ParseError:
    """Why the completion holds no valid calls: the first reason in the order of diagnosis, and where it went wrong."""

    code: Reason
    detail: str


@dataclass(frozen=True)
class Parsed:
    """`calls` is empty when `error` is set: half of a broken answer must never be executed. `attempts` counts calls
    that were begun (or closed out of nowhere), valid or not. `content` is the answer's text without calls; `think` is
    None without marks of thinking. `exact` holds the calls' arguments with exact decimals, for comparison. `untyped`
    names arguments ("tool.argument") whose type neither the text nor the tool's schema says: it was guessed."""

    calls: tuple[ToolCall, ...]
    content: str
    think: str | None
    attempts: int
    error: ParseError | None
    repairs: tuple[Repair, ...] = ()
    exact: tuple[dict[str, Json], ...] = field(default=(), repr=False, compare=False)
    untyped: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExactCall:
    """A call as it was read: numbers are exact decimals."""

    name: str
    arguments: dict[str, Json]
    untyped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """One try to call: the calls that it holds (a list may hold several), or why it holds none."""

    calls: tuple[ExactCall, ...] = ()
    error: ParseError | None = None
    repairs: tuple[Repair, ...] = ()


def parsed(attempts: Sequence[Attempt], content: str, think: str | None) -> Parsed:
    """All attempts of one answer, judged together: one broken call makes the whole answer no call."""
    count = sum(max(1, len(attempt.calls)) for attempt in attempts)
    repairs = tuple(repair for attempt in attempts for repair in attempt.repairs)
    errors = [attempt.error for attempt in attempts if attempt.error is not None]
    if errors:
        code = first([error.code for error in errors])
        worst = next(error for error in errors if error.code == code)
        return Parsed((), content, think, count, worst, repairs)
    calls = [call for attempt in attempts for call in attempt.calls]
    return Parsed(
        tuple(ToolCall(call.name, exact.plain(call.arguments)) for call in calls),
        content,
        think,
        count,
        None,
        repairs,
        tuple(call.arguments for call in calls),
        tuple(name for call in calls for name in call.untyped),
    )
