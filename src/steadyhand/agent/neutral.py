"""Control tokens in text that others wrote, made harmless before a model sees them. Knows tokens, no meaning.

A quoted `<tool_call>` or `<|im_start|>` would be encoded as the real token. Its brackets become look-alikes that no
chat template uses, so a person still reads what was there. Which tokens are real is the tokenizer's to say
(`chat.control_tokens`); the marks of all common families go with them, for a model takes a mark of another family, or
one with a blank in it, for what it looks like. Every expression here is linear in the text, and none is run over more
than a window of it at once: while one runs, no other thread of the process does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_SIGNS, _ALIKE = "<>[]{}|｜", "‹›⁅⁆❴❵¦¦"
_LOOKALIKE = str.maketrans(_SIGNS, _ALIKE)
_JOINER = "\u2060"  # invisible; for a token without a bracket
_IN = f"[^<>\n{''.join(dict.fromkeys(_ALIKE))}]"  # without look-alikes: what was made harmless is no part of a mark
_WORDS = (
    r"think|tools?|tool_\w{1,24}|function\w{0,24}|parameter\w{0,24}|start_\w{1,32}|end_\w{1,32}|escape|arg_\w{1,16}"
    r"|s|eos|bos|pad|unk|sop|eop|mask|unused\d{1,5}"
)
_BLOCKS = (
    r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|CALL_ID|THINK|IMG|IMG_BREAK|IMG_END"
    r"|PREFIX|MIDDLE|SUFFIX|CONTROL_\d{1,4}|gMASK|multimodal"
)
_MARKS = re.compile(
    rf"<\s{{0,8}}[|｜](?:{_IN}{{0,64}}[|｜]\s{{0,8}}|\w{{1,40}})>|<\w{{1,40}}[|｜]>"
    rf"|<\s{{0,8}}/?\s{{0,8}}(?:{_WORDS})(?:={_IN}{{0,64}})?\s{{0,8}}>"
    rf"|\[\s{{0,8}}/?\s{{0,8}}(?:{_BLOCKS})\s{{0,8}}\]|<</?SYS>>",
    re.IGNORECASE,
)
_LONGEST = 160  # characters that a mark has at most
_WINDOW = 32_768


def neutral(text: str, tokens: Sequence[str] = ()) -> str:
    """`text` without any control token: of `tokens`, and of the chat formats in use. What has none comes back as it is.

    >>> neutral("hi<end_of_turn>")
    'hi‹end_of_turn›'
    """
    found = _without(text, tuple(tokens))
    if found.isascii():
        return found
    # A tokenizer may fold look-alikes (full-width brackets, say) before it looks for its tokens.
    folded = unicodedata.normalize("NFKC", found)
    harmless = _without(folded, tuple(tokens))
    return found if harmless == folded else harmless


def quoted(text: str, tokens: Sequence[str]) -> tuple[str, ...]:
    """Those of `tokens` that stand in `text`."""
    return tuple(dict.fromkeys(found[0] for found in _found(tuple(tokens), text)))


def _without(text: str, tokens: tuple[str, ...]) -> str:
    return _replaced(_replaced(text, tokens) if tokens else text, None)


def _replaced(text: str, tokens: tuple[str, ...] | None) -> str:
    pieces, at = [], 0
    for found in _found(tokens, text):
        pieces += [text[at : found.start()], _broken(found[0])]
        at = found.end()
    return "".join([*pieces, text[at:]]) if pieces else text


def _found(tokens: tuple[str, ...] | None, text: str) -> Iterator[re.Match[str]]:
    """Where one of `tokens` stands in `text`, or (None) a mark of any family, a window at a time."""
    if tokens == ():
        return
    pattern, longest = (_MARKS, _LONGEST) if tokens is None else (_any_of(tokens), max(map(len, tokens)))
    at = 0
    while at < len(text):
        stop = at + _WINDOW
        found = pattern.search(text, at, stop + longest)
        if found is None or found.start() >= stop:
            at = stop
        else:
            yield found
            at = found.end()


def _broken(token: str) -> str:
    text = token.translate(_LOOKALIKE)
    return text if text != token else _JOINER.join(text) if len(text) > 1 else "\ufffd"


@lru_cache(64)
def _any_of(tokens: tuple[str, ...]) -> re.Pattern[str]:
    """Matches the longest of `tokens` at a place. Their common beginnings are read once: a tokenizer may hold thousands
    that begin alike, and trying them one after the other would cost that at every bracket."""
    tree: dict[str, Any] = {}
    for token in tokens:
        node = tree
        for sign in token:
            node = node.setdefault(sign, {})
        node[""] = {}
    return re.compile("".join(_branches(tree)))


def _branches(node: dict[str, Any]) -> Iterator[str]:
    while len(node) == 1 and "" not in node:
        ((sign, node),) = node.items()
        yield re.escape(sign)
    ends = node.pop("", None) is not None
    if node:
        yield "(?:"
        for number, (sign, child) in enumerate(node.items()):
            yield "|" * bool(number) + re.escape(sign)
            yield from _branches(child)
        yield ")?" if ends else ")"
