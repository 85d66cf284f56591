"""Marks of thinking: what opens a thought and what closes it. Knows nothing of calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class ThinkMarks:
    """`open` and `close` stand around a thought; `gap` is what a template commonly puts between the marks and the
    thought (before, after) and between the thought and the answer."""

    open: str
    close: str
    gap: tuple[str, str, str] = ("\n", "\n", "\n\n")

    @cached_property
    def either(self) -> re.Pattern[str]:
        """Matches both marks."""
        return re.compile(f"{re.escape(self.open)}|{re.escape(self.close)}")

    @cached_property
    def empty(self) -> re.Pattern[str]:
        """Matches a block without a thought, at the beginning of a text."""
        return re.compile(rf"\s*{re.escape(self.open)}\s*{re.escape(self.close)}")

    @cached_property
    def leading(self) -> re.Pattern[str]:
        """Matches a text that begins with a whole thought: group 1 is the thought, group 2 what follows."""
        return re.compile(rf"\A\s*{re.escape(self.open)}\n?(.*?)\n?{re.escape(self.close)}\n{{0,2}}(.*)\Z", re.DOTALL)

    @cached_property
    def block(self) -> re.Pattern[str]:
        """Matches a whole thought with the white space around it."""
        return re.compile(rf"\s*{re.escape(self.open)}.*?{re.escape(self.close)}\s*", re.DOTALL)

    @property
    def after(self) -> str:
        """What stands between a thought and the answer."""
        return f"{self.gap[1]}{self.close}{self.gap[2]}"

    def write(self, think: str) -> str:
        """The block as templates write it before an answer."""
        return f"{self.open}{self.gap[0]}{think}{self.after}"


THINK = ThinkMarks("<think>", "</think>")  # Qwen, DeepSeek, Nemotron, LFM2.5, SmolLM3, MiniCPM5
BRACKETS = ThinkMarks("[THINK]", "[/THINK]", ("", "", ""))  # Magistral, Ministral 3
CHANNEL = ThinkMarks("<|channel>thought", "<channel|>", ("\n", "\n", ""))  # Gemma 4
MARKS = (THINK, BRACKETS, CHANNEL)


def opened(prompt: str) -> tuple[ThinkMarks | None, str]:
    """The marks whose opening one a rendered prompt ends in, and that end of it; (None, "") for other prompts.

    opened("...assistant\n<think>\n")  # (THINK, "<think>\n")
    """
    for marks in MARKS:
        if prompt.rstrip().endswith(marks.open):
            return marks, prompt[prompt.rindex(marks.open) :]
    return None, ""


def empty_thought(prompt: str) -> str:
    """The whole empty thought in which a rendered prompt ends, with the white space around it, or "": the template
    tells the model so not to think.

    empty_thought("...assistant\n<think>\n\n</think>\n\n")  # "<think>\n\n</think>\n\n"
    """
    ended = prompt.rstrip()
    for marks in MARKS:
        before = ended.removesuffix(marks.close).rstrip()
        if ended.endswith(marks.close) and before.endswith(marks.open):
            return prompt[len(before) - len(marks.open) :]
    return ""


RESULT_OPEN, RESULT_CLOSE = "<tool_response>", "</tool_response>"  # what ChatML's templates put around a result

TURNS = re.compile(r"<\|[A-Za-z_]\w*\|>")  # marks of turns, of whatever family
MARKER = re.compile(
    "|".join((TURNS.pattern, *map(re.escape, (THINK.open, THINK.close, "<tool_call>", "</tool_call>", RESULT_OPEN,
                                              RESULT_CLOSE))))
)  # fmt: skip
