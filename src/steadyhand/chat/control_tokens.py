"""Which texts are control tokens of a tokenizer: a quoted one would be encoded as the real one.

Knows what a tokenizer says of itself and what its template writes; changes no text (`agent.neutral` does).
"""

from __future__ import annotations

import re
from typing import Any

from steadyhand.chat.formats.base import THINK

_BRACKETS = re.compile(r"[<>\[\]{}|｜]")
_HTML = re.compile(r"</?[a-z]+[1-6]?>")  # words of a vocabulary, such as Gemma's <strong>


def control_tokens(tokenizer: Any, template: str) -> tuple[str, ...]:
    """The special tokens of a tokenizer, and of its other added tokens those that `template` writes or that look like
    marks; sorted. White space and added words are none."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    named = getattr(tokenizer, "chat_control_tokens", None) or ()
    found = {THINK.open, THINK.close, *named}
    for token in added:
        text = token.content
        if text.strip() and (token.special or text in template or _marks(text)):
            found.add(text)
    return tuple(sorted(found))


def _marks(text: str) -> bool:
    return bool(_BRACKETS.search(text)) and not _HTML.fullmatch(text)
