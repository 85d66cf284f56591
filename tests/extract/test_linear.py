"""Hostile texts take time in proportion to their length. Measured as a ratio of sizes, on the processor's clock."""

from __future__ import annotations

import time

import pytest

from steadyhand.extract import find_entities

CHARS = 24_000
HOSTILE = [
    ".", "[.]", "a", "a.", "[", "([{.}])", "http://", "1.", "a-", "a@", "a:", "hxxp[:]//a[.]b/c", " ", "a[.]", "-", "_",
    "ab1.c-d[.]e/f:8080?g=h&", "http://a.com/(", "'http://a.com'", "http://a.com/,x,", ",http://a.com/,abcdefghijklmnop",
    "x.zip\n", "x.zip, ", "version 1.1.1.1, ", "http://a.com/{", "http://a@", "a.com?(", "::", "1::", "中a.com", "[ ",
    "http://a.b获http", "a [.] ", "x.sh and ", "h**p:", "abcdefgh.in x.py ", "http:// a", "%2F", "1.2.3.4-", "A.Bc",
    "&amp;", "\\.",
]  # fmt: skip


def seconds(text: str) -> float:
    """The better of two: interference only ever adds."""
    best = float("inf")
    for _ in range(2):
        before = time.thread_time()
        find_entities(text)
        best = min(best, time.thread_time() - before)
    return best


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str) -> None:
    """Four times the text: linear work takes 4 times as long, quadratic work 16 times."""
    short = seconds(unit * (CHARS // 4 // len(unit)))
    long = seconds(unit * (CHARS // len(unit)))
    assert long < 9 * max(short, 0.002)


@pytest.mark.parametrize("unit", HOSTILE)
def test_one_side_open_is_linear_too(unit: str) -> None:
    """What opens and never closes, in front of and behind everything."""
    long = seconds("http://a.com/(" + unit * (CHARS // len(unit)) + "x" * CHARS)
    assert long < 9 * max(seconds("http://a.com/(" + unit * (CHARS // 4 // len(unit)) + "x" * (CHARS // 4)), 0.002)


def test_the_longest_names() -> None:
    label = "a" * 63
    host = ".".join([label, label, label, "b" * 57, "com"])
    assert [found.value for found in find_entities(host)] == [host]
    assert find_entities("b" + host) == []
    assert find_entities("a" * 64 + ".com") == []
