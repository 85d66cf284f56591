"""From a raw completion to calls. `parse_strict` decides what is a call; `parse_lenient` says what a forgiving reader
would have made of it, and flags every repair.

Servers' parsers disagree on most awkward outputs (unclosed tags, one bad call among good ones), so a server's parse
would be part of the metric; this one reads text only. What it reads is said by a format (`chat.formats`): Hermes,
where none is named.
"""

from __future__ import annotations

from collections.abc import Sequence

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.parsed import Parsed, ParseError, Repair
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Tool

__all__ = ["ParseError", "Parsed", "Repair", "parse", "parse_lenient", "parse_strict"]


def parse(
    raw: str, tools: Sequence[Tool] = (), *, format: str = "hermes", lenient: bool = False, finish_reason: str = "stop"
) -> Parsed:
    """The calls, the thought and the text of a raw completion in a format by name. `tools` are those offered: formats
    without types of their own take an argument's type from its schema. Raises UsageError for an unknown format.

    >>> parse('<tool_call>\\n{"name": "now", "arguments": {}}\\n</tool_call>').calls
    (ToolCall(name='now', arguments={}),)
    """
    return format_named(format).parse(raw, tools, finish_reason, lenient=lenient)


def parse_strict(raw: str, finish_reason: str = "stop") -> Parsed:
    """The calls of a raw completion in the Hermes format: closed calls after the last balanced thought, each an RFC
    8259 object of exactly `name` and `arguments`. `finish_reason` only explains an unclosed tag. Never raises."""
    return HERMES.parse(raw, (), finish_reason)


def parse_lenient(raw: str, finish_reason: str = "stop") -> Parsed:
    """As `parse_strict`, but mends an unclosed last tag, `parameters`, string arguments and single quotes."""
    return HERMES.parse(raw, (), finish_reason, lenient=True)
