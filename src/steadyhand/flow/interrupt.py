"""The first Ctrl-C asks a training to save and stop; the second ends it at once. Knows signals, not trainings."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def first_interrupt() -> Iterator[Callable[[], bool]]:
    """A question that is answered yes once Ctrl-C was pressed during the block.

    Nobody asks after the last step: a training that is as good as done ends, and only a second Ctrl-C ends the run.
    Outside of the main thread, where Python delivers no signals, the answer is always no.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
