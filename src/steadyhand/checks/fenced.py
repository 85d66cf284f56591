"""The code of an answer: its only fenced block, or the whole text where there is no fence."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)


def only_block(text: str) -> str | None:
    """What stands in the one fenced block, else the text itself; None when there are several blocks or an open one.

    >>> only_block("Here:\\n```sql\\nSELECT 1\\n```")
    'SELECT 1'
    """
    blocks = [found.group(2) for found in _FENCE.finditer(text)]
    if len(blocks) == 1:
        return blocks[0].strip()
    return text.strip() if not blocks and "```" not in text else None
