"""Where the values of a JSON text stand. Knows JSON's grammar; reads no values, and takes the text to be valid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # the decoder's own, not in its stubs

_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


@dataclass
class Node:
    """A value from `start` to `end`; of its members their `keys` (numbers, in an array) and where each `begins`: at its
    key, in an object."""

    start: int
    end: int = 0
    keys: list[str | int] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    members: list[Node] = field(default_factory=list)


def parsed(text: str, start: int = 0) -> Node:
    """The value that begins at `start`. An explicit stack, so that no depth overflows."""
    offset = skip_blank(text, start)
    root = Node(offset)
    stack = [root]
    while stack:
        node = stack[-1]
        if text[node.start] not in "[{":
            node.end = offset = _end_of_scalar(text, node.start)
            stack.pop()
            continue
        offset = skip_blank(text, max(offset, node.start + 1))
        if text[offset] in "]}":
            node.end = offset = offset + 1
            stack.pop()
            continue
        if text[offset] == ",":
            offset = skip_blank(text, offset + 1)
        offset = _begin_member(text, node, offset)
        stack.append(node.members[-1])
    return root


def _begin_member(text: str, node: Node, offset: int) -> int:
    """Adds the member whose key, or value in an array, stands at `offset`; where its value begins."""
    node.begins.append(offset)
    if text[node.start] == "{":
        key, end = scanstring(text, offset + 1, True)
        node.keys.append(key)
        offset = skip_blank(text, skip_blank(text, end) + 1)
    else:
        node.keys.append(len(node.keys))
    node.members.append(Node(offset))
    return offset


def skip_blank(text: str, offset: int) -> int:
    """Where the next character that is no white space stands, or the text ends."""
    match = _BLANK.match(text, offset)
    return match.end() if match else offset


def _end_of_scalar(text: str, offset: int) -> int:
    if text[offset] == '"':
        return int(scanstring(text, offset + 1, True)[1])
    match = _SCALAR.match(text, offset)
    return match.end() if match else offset + 1
