"""No function of the package that is given a text takes longer than in proportion to it, with or without expressions.

`test_linear` pumps regular expressions. What else can be slow is a loop that looks through the rest of the text again
and again, a slice or a sum that copies it each time, a list that is searched: so every function that takes a text, and
needs nothing else, is called with texts that repeat what such loops stumble over. They are found by walking the
package; those that need more are named in `READERS`.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import pkgutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

import steadyhand
from examples.uss.reading.report import Report
from steadyhand.agent.neutral import neutral
from steadyhand.chat.exact import loads
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.checks.likeness import matches_answer
from steadyhand.serve.answer import cut_at
from steadyhand.serve.deltas import Deltas
from steadyhand.serve.dialogue import values_in
from steadyhand.source.jsonfile import read_json
from steadyhand.source.yamlfile import read_yaml
from steadyhand.text.near import near_pairs
from steadyhand.text.redaction import _any_escape
from tests.test_linear import TRIES
from tests.tiny import QUERY

SIZE = 500  # characters
LARGER, GROWTH = 16, 32  # times: linear work takes 16 times as long, quadratic work up to 256 times
QUICK, LONGEST = 0.00002, 0.3  # seconds
ROOMS = ("agent", "chat", "check", "checks", "datasets", "evaluate", "extract", "pairs", "report", "serve", "source",
         "text")  # fmt: skip
MARKS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "[TOOL_CALLS]",
    "<|im_end|>",
    "<function=",
    "```",
    "<!--",
)
UNITS = (
    *MARKS, "<", ">", "{", "}", "[", "]", "(", ")", '"', "'", "\\", "|", "=", "#", "*", "_", "`", "-", ".", ",", ":",
    "\n", " ", "0", "a", "中", "\u200b", "。", "的", "a. ", "a.b ", "0.", "1 2 ", "- a\n", "|a|b|\n", '{"a":', '"a",',
    "/*", "1.2.3.4 ", "a@b.c ", "%41", "&lt;", "<a ", "一", "2020-01-01 ",
)  # fmt: skip
OPENED = '<tool_call>{"name": "query", "arguments": {"uri": "'


class Late(BaseException):
    pass


def functions() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Those of the rooms above which take one text, and whatever else has a default."""
    for found in pkgutil.walk_packages(steadyhand.__path__, "steadyhand."):
        if found.name.split(".")[1] not in ROOMS:
            continue
        try:
            module = importlib.import_module(found.name)
        except ModuleNotFoundError:  # of an extra that is not installed here
            continue
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == found.name and _takes_a_text(function):
                yield f"{found.name.removeprefix('steadyhand.')}.{name}", function


def _takes_a_text(function: Callable[..., object]) -> bool:
    if function is _any_escape:  # compiles the owner's own token, once
        return False
    needed = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    return len(needed) == 1 and needed[0].annotation == "str" and needed[0].kind is needed[0].POSITIONAL_OR_KEYWORD


def _fed(text: str) -> None:
    """As a stream of a few pieces: what it costs grows with their number, which is not the client's."""
    deltas = Deltas(("END", "\n\n"))
    for end in range(len(text) // 8, len(text), len(text) // 8):
        list(deltas.feed(text[:end]))


READERS: dict[str, Callable[[str], object]] = {
    **{f"{name}.parse": lambda text, form=form: form.parse(text, (QUERY,)) for name, form in FORMATS.items()},  # type: ignore[misc]
    **{f"{name}.visible": lambda text, form=form: form.visible(text) for name, form in FORMATS.items()},  # type: ignore[misc]
    **{f"{name}.thinking": lambda text, form=form: form.thinking(text) for name, form in FORMATS.items()},  # type: ignore[misc]
    "neutral, with tokens": lambda text: neutral(text, MARKS),
    "a stream": _fed,
    "stops": lambda text: cut_at(text, ("END", "<<", "\n\n"), FORMATS["hermes"]),
    "values": lambda text: values_in(text.encode()),
    "json": lambda text: read_json(text, "x"),
    "yaml": lambda text: read_yaml(text, "x"),
    "exact": loads,
    "likeness": lambda text: matches_answer(text, "an answer", ["another", text]),
    "near": lambda text: list(near_pairs([text, f"{text}x", text[::-1]])),
}


def taken(call: Callable[[str], object], text: str, enough: float = 0) -> float:
    """Seconds of the processor, of the quickest try, for what disturbs only adds; less than `enough` is quick enough to
    stop trying. (A timer of the processor's time would make its clock coarse.)"""
    best = LONGEST
    for _ in range(TRIES):
        try:
            best = min(best, _once(call, text))
        except Late:
            continue
        if best < enough:
            break
    return best


def _once(call: Callable[[str], object], text: str) -> float:
    signal.setitimer(signal.ITIMER_REAL, 5 * LONGEST)
    began = time.thread_time()
    with suppress(Exception):  # what it says of such a text is another test's
        call(text)
    lasted = time.thread_time() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    return lasted


def grows(call: Callable[[str], object], text: Callable[[int], str]) -> bool:
    """A search of the rest of a text is quick, and shows late that it is one too many: so the second text is long."""
    short = taken(call, text(SIZE))
    enough = min(GROWTH * short, LONGEST)
    return short >= QUICK and taken(call, text(LARGER * SIZE), enough) >= enough


@pytest.fixture(autouse=True, scope="module")
def ended() -> Iterator[None]:
    """What takes far longer than LONGEST is ended where it is; what others left behind is not collected meanwhile."""

    def end(*_: object) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, end)
    gc.disable()
    yield
    gc.enable()
    signal.signal(signal.SIGALRM, before)


def slow(call: Callable[[str], object], before: str = "") -> list[str]:
    """What a busy machine adds looks like growth: one measurement that says no is right."""

    def always(unit: str) -> bool:
        return all(grows(call, lambda size: before + unit * (size // len(unit)) + "\x00") for _ in range(TRIES))

    return [repr(before + unit) for unit in UNITS if always(unit)]


def test_every_function_of_a_text_is_linear() -> None:
    found = dict(functions())
    assert len(found) > 100
    assert {name: texts for name, call in found.items() if (texts := slow(call))} == {}


@pytest.mark.parametrize("name", READERS)
def test_every_reader_is_linear(name: str) -> None:
    assert slow(READERS[name]) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_call_that_is_open_is_read_in_linear_time(name: str) -> None:
    assert slow(lambda text: FORMATS[name].parse(text, (QUERY,)), OPENED) == []


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit not in MARKS])
def test_a_report_is_read_in_linear_time_beyond_its_longest_sentence(unit: str) -> None:
    """Sentences are read up to a length and a number of names, and take more than in proportion up to there."""
    took = [taken(Report, unit * (size // len(unit)) + "\x00") for size in (16_000, 128_000)]
    assert took[1] < max(LONGEST, 3 * 8 * took[0])


def _finds(text: str) -> list[int]:
    return [text.find("中x", at) for at in range(len(text))]  # for one sign a processor is too quick to show it


def _slices(text: str) -> None:
    while text:
        text = text[1:]


def _adds(text: str) -> str:
    found: tuple[str, ...] = ()
    for char in text:
        found += (char,)
    return "".join(found)


def _looks(text: str) -> list[str]:
    seen: list[str] = []
    for at in range(0, len(text), 4):
        if text[:at] not in seen:
            seen.append(text[:at])
    return seen


@pytest.mark.parametrize("call", [_finds, _slices, _adds, _looks])
def test_the_test_itself_sees_what_is_slow(call: Callable[[str], Any]) -> None:
    assert any(grows(call, lambda size: "中" * (2 * size)) for _ in range(9))


pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no timer here")
