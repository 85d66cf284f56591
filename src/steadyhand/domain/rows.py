"""What training reads: rows for SFT and groups for DPO. Made by cards/ and pairs/, used by train/ and report/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from steadyhand.chat.messages import Message, Tool

ErrorMode = str  # one of MODES, or what a check calls an error ("other_label", "wrong_label")
MODES: tuple[ErrorMode, ...] = (  # of calls, and of reading their results
    "no_call",
    "needless_call",
    "wrong_tool",
    "wrong_args",
    "fabricated_result",
    "misread_result",
    "skipped_step",
    "malformed",
)


Origin = Literal["given", "model", "mutator"]  # where a rejected answer comes from
ORIGINS: tuple[Origin, ...] = get_args(Origin)
GIVEN = "given"  # the error of a comparison that names no category


@dataclass(frozen=True)
class Row:
    """One trained assistant turn: the last message is the target, everything before it is context."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    source: str  # "card:<id>" (an earlier answer: "card:<id>#<index>") | "rehearsal:<n>" | "scenario:<id>#<index>"


@dataclass(frozen=True)
class Rejected:
    """`text` is a raw completion as the model would emit it (without the end-of-turn token). `mode` is the error, of a
    given answer the category that its owner named."""

    text: str
    mode: ErrorMode
    origin: Origin


@dataclass(frozen=True)
class Group:
    """One chosen answer and K rejected ones behind one shared prompt (same state by construction)."""

    id: str  # "<scenario id>#<message index>"
    messages: tuple[Message, ...]  # the prompt
    tools: tuple[Tool, ...]
    chosen: Message
    rejected: tuple[Rejected, ...]
    input_class: str
    tool: str  # the expected tool, or "none"
