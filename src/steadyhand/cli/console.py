"""What commands print: results as JSON on stdout, progress on stderr. Knows nothing of the work.

On a terminal a bar with the time left; elsewhere (logs, CI, jobs of a studio) a plain line now and then.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

import click

from steadyhand.text.terminal import one_line, unescaped

JSON_VERSION = 1
PLAIN_SECONDS = 15.0
_NAMED = 20  # keys of a data set that one line names


class Advance(Protocol):
    """Called as work proceeds: `done` of `total`, and a figure that goes with it ("0.512")."""

    def __call__(self, done: int, total: int, figure: str = "") -> None: ...


def emit_json(obj: Mapping[str, Any]) -> None:
    """One JSON object on stdout, with the format's `version` first. Raises ValueError for NaN: unscored is null."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    row = {"version": JSON_VERSION, **obj}
    click.echo(json.dumps(row, ensure_ascii=not encoding.startswith("utf"), indent=1, allow_nan=False))


def say_ignored(ignored: Mapping[str, int]) -> None:
    """Which keys of a data set were not read, and in how many rows; nothing where all were."""
    often = sorted(ignored.items(), key=lambda pair: (-pair[1], pair[0]))
    if often:
        more = f" and {len(often) - _NAMED} more keys" if len(often) > _NAMED else ""
        say("not read: " + ", ".join(f"{key} ({rows} rows)" for key, rows in often[:_NAMED]) + more)


def say(text: str) -> None:
    """A line for the person, on stderr. A line of others' text that it holds stays within it."""
    click.echo(one_line(text), err=True)


def echo_line(text: object) -> None:
    """A line of the result, on stdout; as with `say`, it stays one."""
    click.echo(one_line(text))


def echo_data(text: str) -> None:
    """Text for another program on stdout, a diff say: as it is, unless a terminal would show it."""
    click.echo(text, nl=False, file=None if sys.stdout.isatty() else unescaped(sys.stdout))


def echo_styled(text: str) -> None:
    """A result on stdout with colors of ours: whoever calls this has made all other text in it `printable`."""
    click.echo(text, file=unescaped(sys.stdout))


@contextmanager
def progress(label: str, stream: TextIO | None = None) -> Iterator[Advance]:
    """A callable `advance(done, total)` that shows how far the work named `label` is."""
    stream = sys.stderr if stream is None else stream
    if stream.isatty():
        with _bar(label, stream) as advance:
            yield advance
    else:
        plain = PlainProgress(label, stream)
        yield plain
        plain.finish()


class PlainProgress:
    """At most one line every `every` seconds: percent, counts, time left. `clock` counts seconds."""

    def __init__(
        self, label: str, stream: TextIO, *, every: float = PLAIN_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._label, self._stream, self._every, self._clock = one_line(label), stream, every, clock
        self._start = self._spoke = clock()
        self._first: int | None = None
        self._figure = ""

    def __call__(self, done: int, total: int, figure: str = "") -> None:
        now = self._clock()
        self._figure = f" {figure}" if figure else ""
        if self._first is None:
            self._first = done  # a resumed job starts in the middle: what came before took no time now
        if now - self._spoke < self._every or total <= 0:
            return
        self._spoke = now
        fresh = done - self._first
        left = f", {duration((now - self._start) / fresh * (total - done))} left" if fresh > 0 else ""
        self._write(f"{done * 100 // total} % ({done}/{total}){left}", self._figure)

    def finish(self) -> None:
        """One closing line, unless the work was too short to have spoken of."""
        if self._spoke != self._start:
            self._write(f"done in {duration(self._clock() - self._start)}", self._figure)
        elif self._figure:
            self._write("done", self._figure)

    def _write(self, text: str, figure: str) -> None:
        self._stream.write(f"{self._label}{figure}: {text}\n")
        self._stream.flush()


def duration(seconds: float) -> str:
    """`42 s`, `3:05` (minutes:seconds) or `1:02:03`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{whole} s"


@contextmanager
def _bar(label: str, stream: TextIO) -> Iterator[Advance]:
    from tqdm import tqdm

    with tqdm(desc=one_line(label), file=unescaped(stream), dynamic_ncols=True) as bar:

        def advance(done: int, total: int, figure: str = "") -> None:
            if figure:
                bar.set_postfix_str(figure, refresh=False)
            if bar.total is None:
                bar.initial = bar.n = done  # a resumed job: the time left is reckoned from what is done now
            bar.total = total
            bar.update(done - bar.n)

        yield advance
