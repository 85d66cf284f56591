from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.cli.console import PlainProgress, duration, emit_json, progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_figure_is_shown_as_a_number() -> None:
    clock, out = Clock(), io.StringIO()
    show = PlainProgress("sft: loss", out, clock=clock)
    show(1, 100, "0.912")
    clock.now += 20
    show(50, 100, "0.512")
    assert out.getvalue() == "sft: loss 0.512: 50 % (50/100), 20 s left\n"
    quick = io.StringIO()
    PlainProgress("sft: loss", quick, clock=clock)(9, 9, "0.1")
    show = PlainProgress("sft: loss", quick, clock=clock)
    show(9, 9, "0.1")
    show.finish()
    assert quick.getvalue() == "sft: loss 0.1: done\n"


def test_json_is_versioned_and_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"text": "等级", "value": None})
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"version": 1, "text": "等级", "value": None}
    assert "等级" in shown.out
    assert shown.err == ""


def test_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        emit_json({"value": float("nan")})


def test_plain_progress_speaks_at_most_every_15_seconds_with_the_time_left() -> None:
    clock, out = Clock(), io.StringIO()
    show = PlainProgress("sft", out, clock=clock)
    for step in range(101):
        clock.now = 100 + step
        show(step, 200)
    show.finish()
    lines = out.getvalue().splitlines()
    assert lines[0] == "sft: 7 % (15/200), 3:05 left"
    assert len(lines) == 6 + 1
    assert lines[-1] == "sft: done in 1:40"


def test_the_time_left_of_a_resumed_job_counts_only_what_this_process_did() -> None:
    clock, out = Clock(), io.StringIO()
    show = PlainProgress("sft", out, clock=clock)
    show(900, 1000)
    clock.now += 20
    show(910, 1000)
    assert out.getvalue() == "sft: 91 % (910/1000), 3:00 left\n"


def test_short_work_says_nothing_on_a_plain_stream() -> None:
    out = io.StringIO()
    with progress("eval", out) as advance:
        advance(0, 0)
        advance(1, 2)
        advance(2, 2)
    assert out.getvalue() == ""


def test_a_terminal_gets_a_bar() -> None:
    out = Terminal()
    with progress("eval", out) as advance:
        advance(3, 7)
    assert "3/7" in out.getvalue()
    assert "\r" in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (185, "3:05"), (3599.7, "1:00:00"), (3723, "1:02:03")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 1e6))
def test_a_duration_reads_back(seconds: float) -> None:
    text = duration(seconds)
    parts = [int(part) for part in text.removesuffix(" s").split(":")]
    total = 0
    for part in parts:
        total = total * 60 + part
    assert total == round(seconds)
