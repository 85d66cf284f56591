"""The code of an answer: its only fenced block, or the whole text where there is no fence."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

_OPENING = re.compile(r"[ \t]*(`{3,}|~{3,})[^`]*")


def only_block(text: str) -> str | None:
    """What stands in the one fenced block, else the text itself; None when there are several blocks or an open one.

    >>> only_block("Here:\\n```sql\\nSELECT 1\\n```")
    'SELECT 1'
    """
    blocks = list(_blocks(text.split("\n")))
    if len(blocks) == 1:
        return blocks[0].strip()
    return text.strip() if not blocks and "```" not in text else None


def _blocks(lines: list[str]) -> Iterator[str]:
    """What stands between a line that opens a fence and the next one that is that fence alone; a fence that is never
    closed opens nothing."""
    alone: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        alone[line.strip(" \t\r")].append(number)
    after = 0
    for number, line in enumerate(lines):
        opened = _OPENING.fullmatch(line) if number >= after else None
        closing = alone[opened[1]] if opened else []
        if (at := bisect_right(closing, number)) < len(closing):
            after = closing[at] + 1
            yield "\n".join(lines[number + 1 : closing[at]])
