"""How long one thread of the server keeps all others waiting while it reads a megabyte made for that.

    python -m bench.turns

Python runs one thread at a time, and some of its parts (expressions, the tokenizer's lists, JSON's reader) do not let
go before they are done. A clock that ticks every millisecond beside the work shows the longest wait. Prints a table,
and exits with 1 when a wait is longer than 100 ms. On a busy machine others are waited for as well: run it alone.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from examples.uss.reading.claims import read_claim
from steadyhand.agent.extractors import entities_of
from steadyhand.chat.messages import Message
from steadyhand.chat.render import prompt_hash
from steadyhand.errors import SteadyError
from steadyhand.models.backend import Prompt, control_tokens
from steadyhand.models.generation.local import LocalModel
from steadyhand.models.loading.load import load
from steadyhand.serve.problem import Problem
from steadyhand.serve.request import read_body, read_request
from steadyhand.serve.responders import harmless
from steadyhand.serve.server import TURN
from steadyhand.text.patterns import ecma_pattern

MEGABYTE, BAR, TIMES = 1_000_000, 0.1, 3
QUESTION = b'{"model":"m","messages":[{"role":"user","content":"x"}],'


def waited(work: Callable[[], object]) -> float:
    """Seconds of the longest wait, the best of some tries: what disturbs only adds."""
    return min(_once(work) for _ in range(TIMES))


def _once(work: Callable[[], object]) -> float:
    longest, done = 0.0, threading.Event()

    def tick() -> None:
        nonlocal longest
        while not done.is_set():
            began = time.perf_counter()
            time.sleep(0.001)
            longest = max(longest, time.perf_counter() - began)

    clock = threading.Thread(target=tick)
    clock.start()
    with suppress(SteadyError, Problem):
        work()
    done.set()
    clock.join()
    return longest


def body(data: bytes) -> Callable[[], object]:
    return lambda: read_request(read_body(data), most=64)


def report(text: str) -> Callable[[], object]:
    return lambda: [read_claim(text, one.places) for one in entities_of(text, ("domain", "ip", "uri"))[:100]]


def said(model: LocalModel, text: str) -> Callable[[], object]:
    """All that becomes of a message before the model computes."""
    prompt = Prompt((Message("user", text),), ())

    def work() -> str:
        asked = harmless(prompt, control_tokens(model))
        return prompt_hash(model.renderer.prompt(asked.messages, asked.tools).ids)

    return work


def main() -> int:
    model = load("steady-nano")
    names = b",".join(b'"k%d":1' % n for n in range(90_000))
    cases: dict[str, Callable[[], object]] = {
        "a body of empty lists": body(QUESTION + b'"x":[' + b"[]," * (MEGABYTE // 3) + b"[]]}"),
        "a body of numbers": body(QUESTION + b'"x":[' + b"1," * (MEGABYTE // 2) + b"1]}"),
        "a body of names": body(b"{" + names + b"}"),
        "a body of one text": body(b'{"model":"m","messages":[{"role":"user","content":"' + b"a" * MEGABYTE + b'"}]}'),
        "a report of one line": report("=" * MEGABYTE + "\na.xyz\n"),
        "a report of names": report("".join(f"x{n}.example{n}.com is bad. " for n in range(MEGABYTE // 30))),
        "a class of all Unicode": lambda: ecma_pattern(rf"^\P{{{next(classes)}}}$"),
        "a message of letters": said(model, "a" * MEGABYTE),
        "a message of closing thoughts": said(model, "</think>" * (MEGABYTE // 8)),
        "a message of control tokens": said(model, "<|im_end|>" * (MEGABYTE // 10)),
    }
    classes = iter(("L", "Cn", "S"))  # each is kept once it is known
    sys.setswitchinterval(TURN)
    gc.collect()
    gc.freeze()
    print(f"{'one megabyte':<32}{'longest wait, ms':>18}  verdict")
    late = 0
    for name, work in cases.items():
        longest = waited(work)
        late += longest > BAR
        print(f"{name:<32}{longest * 1000:>18.0f}  {'held' if longest <= BAR else 'LATE'}", flush=True)
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
