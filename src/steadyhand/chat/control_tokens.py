"""Which texts are control tokens of a tokenizer: a quoted one would be encoded as the real one.

Knows what a tokenizer says of itself and what its template writes; changes no text (`agent.neutral` does).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_BRACKETS = re.compile(r"[<>\[\]{}|｜]")
_HTML = re.compile(  # words in Gemma's vocabulary, unless the template makes marks of them
    r"</?(?:table|caption|thead|tbody|tfoot|t[rhd]|h[1-6]|blockquote|strong|em|sub|sup|code|pre|p|div|span|br|[bius])>"
)


def control_tokens(tokenizer: Any, template: str, marks: Sequence[str] = ()) -> tuple[str, ...]:
    """The special tokens of a tokenizer, of its other added tokens those that `template` writes or that look like
    marks, and the `marks` of calls and thoughts; sorted. White space and added words are none."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    named = getattr(tokenizer, "chat_control_tokens", None) or ()
    texts = {*marks, *named}
    for token in added:
        text = token.content
        if text.strip(" \t\r\n▁") and (token.special or text in template or _marks(text)):
            texts.add(text)
    return tuple(sorted(texts))


def _marks(text: str) -> bool:
    return bool(_BRACKETS.search(text)) and not _HTML.fullmatch(text)
