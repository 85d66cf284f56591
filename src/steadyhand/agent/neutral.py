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
from functools import cache, lru_cache
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
_WINDOW = 4096


def neutral(text: str, tokens: Sequence[str] = ()) -> str:
    """`text` without any control token: of `tokens`, and of the chat formats in use. What has none comes back as it is.

    >>> neutral("hi<end_of_turn>")
    'hi‹end_of_turn›'
    """
    return _replaced(_replaced(text, tuple(tokens)) if tokens else text, None)


def quoted(text: str, tokens: Sequence[str]) -> tuple[str, ...]:
    """Those of `tokens` that stand in `text`."""
    return tuple(dict.fromkeys(token for _, token in _found(tuple(tokens), text)))


def _replaced(text: str, tokens: tuple[str, ...] | None) -> str:
    pieces, done = [], 0
    for at, token in _found(tokens, text):
        pieces += [text[done:at], _broken(token)]
        done = at + len(token)
    return "".join([*pieces, text[done:]]) if pieces else text


def _found(tokens: tuple[str, ...] | None, text: str) -> Iterator[tuple[int, str]]:
    """Where one of `tokens` stands in `text`, or (None) a mark of any family; none overlaps another. A text is searched
    as it is, and as a tokenizer may fold it (full-width brackets, say) before it looks for its tokens."""
    if tokens == ():
        return
    pattern, longest = (_MARKS, _LONGEST) if tokens is None else (_any_of(tokens), max(map(len, tokens)))
    start = done = 0
    while start < len(text):
        window = text[start : start + _WINDOW + longest]
        for at, token in _matches(pattern, window):
            if at < _WINDOW and start + at >= done:
                done = start + at + len(token)
                yield start + at, token
        start = max(start + _WINDOW, done)


def _matches(pattern: re.Pattern[str], window: str) -> list[tuple[int, str]]:
    found = [(match.start(), match[0]) for match in pattern.finditer(window)]
    if window.isascii():
        return found
    folds, folded = _folds()
    if folded.search(window):
        found += [(match.start(), match[0]) for match in pattern.finditer(window.translate(folds))]
    return sorted(found)


@cache
def _folds() -> tuple[dict[int, str], re.Pattern[str]]:
    """Every character that compatibility normalization (NFKC) makes one of ASCII: a table, and what matches them."""
    all_of = ((n, unicodedata.normalize("NFKC", chr(n))) for n in range(128, 0x20000))
    folds = {n: text for n, text in all_of if len(text) == 1 and text.isascii()}
    return folds, re.compile(f"[{re.escape(''.join(map(chr, folds)))}]")


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
