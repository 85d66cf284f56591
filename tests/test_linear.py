"""No regular expression of the package, whatever text it meets, takes longer than in proportion to the text.

Found by walking the source, so a new one cannot be forgotten. Each meets texts made from its own repeats, of 3,000
characters and, where that took a millisecond or more, of 12,000: linear work takes four times as long then, quadratic
work sixteen times. Time is the processor's own, and one measurement out of three that shows no growth is enough.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

from examples.uss.reading.lexicon import _File
from steadyhand.agent import neutral
from steadyhand.chat.formats import literals
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.marks import THINK
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.evaluate import filler
from steadyhand.text import degeneration, numbers, redaction, secrets
from tests.expressions import Expression, Unread, expressions, within
from tests.pumping import pumps

SIZE, LARGER = 3_000, 4
QUICK, GROWTH, LONGEST = 0.001, 9, 0.25  # seconds, times, seconds
TRIES = 3
ENDS = ("\x00", "\n!")

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGVTALRM"), reason="no timer of the processor's time here")
Made = Callable[[], Iterable[str | re.Pattern[str]]]


def reading() -> Iterator[str]:
    """The lines of the lexicon, each by itself: joined with | they are tried one after the other at every place."""

    def lines(row: object) -> Iterator[str]:
        if isinstance(row, dict):
            for inner in row.values():
                yield from lines(inner)
        elif isinstance(row, str):
            yield from (line.strip() for line in row.split("\n") if line.strip() and not line.startswith("# "))

    for language in ("en", "zh"):
        file = _File(language)
        yield from (file.pattern(line) for name, row in file.row.items() if name != "words" for line in lines(row))


NAMES = [r"(?<!\w)usa(?!\w)", r"(?<!\w)uss(?!\w)", "网址"]
ONE_CHARACTER: Made = lambda: ("[a-z]",)  # noqa: E731  applied to one character at a time
# Expressions that are put together while the program runs: as they then are.
PUT_TOGETHER: dict[Unread, Made] = {
    Unread("agent/neutral.py", ".join(_branches(tree))"): lambda: (
        neutral._any_of(("<|im_start|>", "<|im_end|>", "<s>", "<start_of_turn>", "[INST]", "[/INST]")),
    ),
    Unread("agent/neutral.py", "f[{re.escape(.join(map(chr,folds)))}]"): lambda: (neutral._folds()[1],),

    Unread("examples/uss/reading/lexicon.py", "|.join(lines)or(?!)"): lambda: (),  # below
    Unread("chat/formats/base.py", "|.join((re.escape(mark)formarkinself.held))"): lambda: (
        one._marks for one in FORMATS.values()
    ),
    Unread("chat/formats/gemma_call.py", "f}}({re.escape(close)})$"): lambda: (r"\}(<tool_call\|>)$",),
    Unread("chat/formats/literals.py", "f{quote}([^{quote}]*(?:.[^{quote}]*)*){quote}"): lambda: (),
    Unread("chat/formats/marks.py", "f{re.escape(self.open)}|{re.escape(self.close)}"): lambda: (
        HERMES.think.either,
    ),
    Unread("chat/formats/marks.py", "fs*{re.escape(self.open)}s*{re.escape(self.close)}"): lambda: (),
    Unread("chat/formats/marks.py", "fAs*{re.escape(self.open)}n?(.*?)n?{re.escape(self.close)}n{{0,2}}(.*)Z"): (
        lambda: ()
    ),
    Unread("chat/formats/marks.py", "fs*{re.escape(self.open)}.*?{re.escape(self.close)}s*"): lambda: (),
    Unread("text/degeneration.py", "|.join((*map(re.escape,opens),*_INDICATORS))"): lambda: (
        degeneration._maskable(("<tool_call>", "```")),
    ),
    Unread("chat/formats/tagged.py", "re.escape(self.open)"): lambda: ("<tool_call>",),
    Unread("chat/formats/tagged.py", "|.join(map(re.escape,self.call_marks))"): lambda: ("<tool_call>|</tool_call>",),
    Unread("check/coverage.py", "pattern"): lambda: ("|".join(NAMES),),
    Unread("check/tokenizer.py", "|.join(map(re.escape,tokens))"): lambda: (r"<\|im_start\|>|<s>|\[INST\]",),
    Unread("evaluate/filler.py", "|.join(patterns)"): lambda: within(filler._PATTERNS),
    Unread("evaluate/scoring.py", "f(?:{names})[*_]*s*[:：]"): lambda: (r"(?:plan|计划)[*_]*\s*[:：]",),
    Unread("pairs/mutate.py", "spelled"): lambda: (r"(?<![A-Za-z])unsafe(?![A-Za-z])|不安全",),
    Unread("settings/places.py", "f(?<![w-])[]?{re.escape(key)}[]?(?=s*[.=]])"): lambda: (
        r"(?<![\w-])[\"']?key[\"']?(?=\s*[.=\]])",
    ),
    Unread("text/numbers.py", "form"): lambda: within(numbers._DATES),
    Unread("text/patterns/ecma.py", "f[^{members}]+"): lambda: (r"[^\t-\r \xa0]+",),
    Unread("text/patterns/machine.py", "test"): ONE_CHARACTER,
    Unread("text/patterns/tree.py", "f{spelled}|."): lambda: (r"\\[1-9]|\(\?P=|\\.",),
    Unread("text/patterns/tree.py", "spelled"): lambda: (r"\\[1-9]|\(\?P=",),
    Unread("checks/rules.py", "re.escape(phrase)"): lambda: ("as an AI",),
    Unread("text/redaction.py", ".join((f(?:{|.join(_spellings(char))})forcharinsecret))"): lambda: (
        redaction._any_escape("s3cret-t0ken-5/+"),
    ),
    Unread("text/secrets.py", "pattern"): lambda: within(secrets._SECRET),
}  # fmt: skip
PUT_TOGETHER_ANCHORED = [*within(literals._STRING), HERMES.think.empty, THINK.leading, THINK.block]


class TooLongError(Exception):
    pass


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Ends what takes more of the processor's time."""

    def end(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds(call: Callable[[str], object], text: str, longest: float) -> float:
    """Of the processor; `longest` where it is not done by then."""
    began = time.thread_time()
    try:
        with limited(longest):
            call(text)
    except TooLongError:
        return longest
    return time.thread_time() - began


def grows(call: Callable[[str], object], text: Callable[[int], str], longest: float = LONGEST) -> bool:
    """Whether four times the text takes far more than four times as long. What disturbs only ever adds: one measurement
    that says no is right."""
    for _ in range(TRIES):
        short = seconds(call, text(SIZE), longest)
        if short < QUICK:
            return False
        if short < longest and seconds(call, text(LARGER * SIZE), longest) < min(GROWTH * short, longest):
            return False
    return True


def superlinear(one: Expression) -> str:
    """The text that it takes too long over; "" for none."""

    def all_of(text: str) -> object:
        return one.pattern.match(text) if one.anchored else sum(1 for _ in one.pattern.finditer(text))

    for before, unit in pumps(one.pattern):
        for end in ENDS:
            if grows(all_of, lambda size: before + unit * (size // len(unit)) + end):  # noqa: B023  called here
                return f"{before!r} + {unit!r} * n + {end!r}"
    return ""


def test_every_expression_is_linear() -> None:
    read, unread = expressions()
    forgotten = [one for one in unread if one not in PUT_TOGETHER]
    assert forgotten == [], "say in PUT_TOGETHER what these look like when the program runs"
    made = [Expression(one.file, re.compile(source), False) for one in unread for source in PUT_TOGETHER[one]()]
    made += [Expression("put together", pattern, True) for pattern in PUT_TOGETHER_ANCHORED]
    slow = {f"{one.place}: {one.pattern.pattern[:60]}": text for one in read + made if (text := superlinear(one))}
    assert slow == {}


def test_the_lines_of_the_lexicon_are_done_with_the_longest_sentence_at_once() -> None:
    """Some take quadratic time; they are shown sentences of at most a thousand characters."""
    for source in reading():
        pattern = re.compile(source)
        for before, unit in pumps(pattern):
            text = (before + unit * 1000)[:999] + "\x00"
            assert min(seconds(pattern.search, text, 1) for _ in range(TRIES)) < 0.05, (source, text[:40])


@pytest.mark.parametrize(
    "source",
    [
        r"(a+)+b", r"\s+$", r"<\s*/?\s*tag", r"\S*\w\.\w\S*", r"(?s)<a>.*?</a>", r"[,.]+(?:\s|$)", r"\d+\d+x",
        r"[\w.]*[.\d][\w.]*x", r"(?:\s*<e>)+\s*\Z", r"(x+x+)+y", r"(?:a|b|ab)*c", r"[^a]+a",
    ],
)  # fmt: skip
def test_the_test_itself_sees_what_is_slow(source: str) -> None:
    assert superlinear(Expression("here", re.compile(source), False))


@pytest.mark.parametrize("source", [r"(?<!\s)\s*+x", r"a{1,20}b", r"\bfoo\b", r"(?<![\w.])[\w.]*+@", "<a>[^<]*</a>"])
def test_the_test_itself_lets_pass_what_is_not(source: str) -> None:
    assert superlinear(Expression("here", re.compile(source), False)) == ""
