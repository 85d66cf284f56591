"""The short form of `make fuzz`: each of its targets on inputs that are nearly right, the same ones every time."""

from __future__ import annotations

import random

import pytest

from bench.fuzz.targets import SEEDS, TARGETS, tried

TIMES = 250
PIECES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b'"', b"'", b"{", b"}", b"[", b"]", b"(", b")", b",", b":",
    b"\n", b"\\", b"|", b"*", b"<", b">", b"&a [*a]", b"<<: *d", b"NaN", b"1e999", b"-1", b"9" * 400, b"\xe4\xbd",
    b"null", b"{{", b"}}", b"{%", b"%}", b"</think>", b"<tool_call>", b"$ref", b"#/$defs/a", b"hxxp://", b"[.]",
    b"\xe2\x80\x8b", b"a" * 300,
)  # fmt: skip


def mutated(seed: bytes, draw: random.Random) -> bytes:
    data = bytearray(seed * draw.choice((1, 1, 1, 2)))
    for _ in range(draw.randint(1, 6)):
        at = draw.randint(0, len(data))
        kind = draw.randrange(4)
        if kind == 0:
            data[at:at] = draw.choice(PIECES)
        elif kind == 1:
            del data[at : at + draw.randint(1, 12)]
        elif kind == 2 and data:
            data[at % len(data)] = draw.randrange(256)
        else:
            start = draw.randint(0, len(data))
            data[at:at] = data[start : start + draw.randint(1, 40)]
    return bytes(data[: draw.randint(0, len(data))] if draw.random() < 0.2 else data)


@pytest.mark.parametrize("name", TARGETS)
def test_only_what_a_user_is_told_leaves_it(name: str) -> None:
    draw = random.Random(name)
    for seed in SEEDS[name]:
        tried(name, seed)
        for _ in range(TIMES):
            data = mutated(seed, draw)
            try:
                tried(name, data)
            except Exception as error:
                raise AssertionError(f"{name}: {data!r}") from error
    for data in (b"", b"\x00", b"\xff" * 9):
        tried(name, data)
