"""Control tokens in text that others wrote, made harmless before a model sees them. Knows tokens, no meaning.

A quoted `<tool_call>` or `<|im_start|>` would be encoded as the real token. Its brackets become look-alikes that no
chat template uses, so a person still reads what was there.
"""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"<\s*\|[^<>\n]{0,64}\|\s*>|<\s*/?\s*(?:think|tools?|tool_call|tool_response|function\w*|s|eos|bos|pad|unk)\s*>"
    r"|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE,
)
_LOOKALIKE = str.maketrans("<>[]|", "‹›⁅⁆¦")


def neutral(text: str) -> str:
    """`text` without any control token of the chat formats in use; what has none comes back as it is."""
    while _TOKENS.search(text):  # taking one away never makes a new one, but a nested one may show
        text = _TOKENS.sub(lambda found: found[0].translate(_LOOKALIKE), text)
    return text
