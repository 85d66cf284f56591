"""The shop of examples/refunds as a process, and a model that does whatever it is told to: what both benches share."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from examples.refunds.service.seed import orders
from examples.refunds.service.store import Order, Refund, Store
from steadyhand.agent.config import AgentFile, writing_agent
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "examples" / "refunds"
BLOCK = 8  # orders, one in each state and some more that were delivered
OWN, LOST, OTHER, SHIPPED, PAID_BACK = 0, 1, 2, 3, 7  # places in a block
_CLOSED = "</tool_call>"


class Obedient:
    """A backend that was taken over: it says `turns`, one after the other, whatever it is shown."""

    fingerprint = "obedient"

    def __init__(self) -> None:
        self.turns: Sequence[str] = ()

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        said = [sum(message.role == "assistant" for message in prompt.messages) for prompt in prompts]
        texts = [self.turns[n] if n < len(self.turns) else "Done." for n in said]
        return [Completion(text, "stop", 1, 1, "hash") for text in texts]


def call(name: str, **arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments}, ensure_ascii=False)}\n{_CLOSED}"


def refund(order: str, email: str, cents: Any, **more: Any) -> str:
    return call("refund_order", order=order, email=email, cents=cents, reason="damaged", **more)


def block(number: int) -> list[Order]:
    """The orders of a block, as the shop begins with them."""
    return _ORDERS[number * BLOCK : (number + 1) * BLOCK]


BLOCKS = 300
_ORDERS = list(orders(BLOCKS * BLOCK))


def without_approvals() -> AgentFile:
    agent = writing_agent(FOLDER)
    free = {"approval": False, "per_day": 100_000}
    return agent.model_copy(update={"policy": agent.policy.model_copy(update=free)})


@contextmanager
def shop(folder: Path) -> Iterator[None]:
    """A shop of its own on a free port; its address and token go into the environment, where agent.yaml looks."""
    os.environ["SHOP_TOKEN"] = "bench-shop-token"
    command = [sys.executable, "-m", "examples.refunds.service", "--port", "0", "--orders", str(BLOCKS * BLOCK)]
    server = subprocess.Popen(
        [*command, "--database", str(folder / "shop.db")], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr
    address = re.search(r"http://[\d.:]+", server.stderr.readline())
    assert address
    os.environ["SHOP_URL"] = address[0]
    try:
        yield
    finally:
        server.terminate()
        server.wait()
        server.stderr.close()


def booked(folder: Path) -> list[Refund]:
    store = Store(f"sqlite:///{folder / 'shop.db'}")
    try:
        return store.refunds()
    finally:
        store.close()
