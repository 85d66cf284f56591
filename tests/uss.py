"""A real USS on loopback for tests: its own database, its own port, faults on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from examples.uss.service.access import AGENT, REVIEWER, Gate
from examples.uss.service.app import create_app
from examples.uss.service.faults import FaultyProtocol
from examples.uss.service.store import Rating, Store
from tests.uss_token import REVIEW_TOKEN, TOKEN

__all__ = ["REVIEW_TOKEN", "TOKEN", "Uss", "agent_files", "running"]

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "uss"


def agent_files(to: Path) -> None:
    """What the example's agent.yaml names beside itself, in a folder with another agent.yaml."""
    for name in ("reading", "never_touch.yaml"):
        (to / name).symlink_to(EXAMPLE / name)


@dataclass
class Uss:
    """`url` of the running service and `store`, its database, to look behind its back."""

    url: str
    store: Store
    client: httpx.Client

    def ask(
        self, method: str, path: str, *, token: str = TOKEN, key: str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        return self.client.request(method, self.url + path, headers=headers, **options)

    def fault(self, *plan: dict[str, Any]) -> None:
        assert self.ask("PUT", "/faults", token=REVIEW_TOKEN, json=list(plan)).status_code == 200

    def rate(self, **levels: int) -> None:
        """`rate(**{"evil.com": 12})`"""
        self.store.seed(Rating(uri=uri, level=level) for uri, level in levels.items())

    def filed(self) -> list[tuple[str, str, str]]:
        """(uri, verdict, state) of all feedback, oldest first."""
        return [(row.uri, row.verdict, row.state) for row in reversed(self.store.listed(None, None, 1000))]


@contextmanager
def running(folder: Path, *, rate: float = 10_000, burst: int = 10_000) -> Iterator[Uss]:
    store = Store(f"sqlite:///{folder}/uss.sqlite")
    app = create_app(store, Gate({AGENT: TOKEN, REVIEWER: REVIEW_TOKEN}, rate, burst), faults=True)
    config = uvicorn.Config(app, port=0, http=FaultyProtocol, log_level="critical", timeout_graceful_shutdown=1)
    server, socket = uvicorn.Server(config), config.bind_socket()
    socket.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        apart = httpx.Limits(max_keepalive_connections=0)  # or what comes twice may answer the next question
        with httpx.Client(trust_env=False, timeout=10, limits=apart) as client:
            yield Uss(f"http://127.0.0.1:{socket.getsockname()[1]}", store, client)
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
        store.close()
