"""Runs the application on a port until it is stopped. Knows uvicorn, signals and the log; knows no route."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from steadyhand.errors import JobError, SteadyError
from steadyhand.serve.app import Serving, create_app
from steadyhand.serve.connection import within
from steadyhand.serve.limits import Limits
from steadyhand.serve.middleware import App
from steadyhand.text.terminal import printable

GRACE = 5  # seconds that answers under way are given when the server stops
BACKLOG = 128  # callers that the system lets wait
TURNS = 16  # callers that are taken on end: with all of them one turn of the event loop would last 100 ms
TURN = 0.001  # seconds that a thread computes on end while the event loop waits for its turn


def run(serving: Serving, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Listens on `host`:`port` (0: any free port), tells `listening` the address, and serves until a signal.

    Raises JobError when the port is taken, what loading the model raises, and KeyboardInterrupt after Ctrl-C.
    """
    failures: list[BaseException] = []

    def made(server: uvicorn.Server) -> App:
        def failed(error: BaseException) -> None:
            failures.append(error)
            server.should_exit = True

        return create_app(serving, failed)

    run_app(made, serving.limits, host, port, listening)
    if failures:
        raise failures[0] if isinstance(failures[0], SteadyError) else JobError(f"the model fails: {failures[0]}")


def run_app(
    made: Callable[[uvicorn.Server], App], limits: Limits, host: str, port: int, listening: Callable[[str], None]
) -> None:
    """Serves what `made` makes, as `run` does. The server that it is given may be told to stop."""
    with listening_socket(host, port) as bound:
        server = Server(configured("", limits))
        sys.setswitchinterval(TURN)
        server.config.app = made(server)
        name, number = bound.getsockname()[:2]
        listening(f"http://{f'[{name}]' if ':' in name else name}:{number}")
        server.run(sockets=[bound])


class Server(uvicorn.Server):
    """uvicorn's. asyncio takes as many callers on end as the backlog that it is given holds; more of them may wait."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for bound in sockets or []:
            bound.listen(BACKLOG)


def configured(app: Any, limits: Limits, **options: Any) -> uvicorn.Config:
    """uvicorn's settings: HTTP/1.1 alone, within `limits`, errors alone in the log."""
    told: dict[str, Any] = {
        "lifespan": "on", "http": within(limits), "ws": "none", "proxy_headers": False, "access_log": False,
        "server_header": False, "backlog": TURNS, "limit_concurrency": limits.connections + 1,
        "timeout_keep_alive": limits.idle, "timeout_graceful_shutdown": GRACE,
        "h11_max_incomplete_event_size": limits.head_bytes, "log_config": _LOGGING,
    }  # fmt: skip
    return uvicorn.Config(app, **told | options)


class Escaped(logging.Formatter):
    """A record as a terminal may show it: what clients sent can neither steer the terminal nor begin a line."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record)).replace("\n", "\n  ")


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"escaped": {"()": Escaped, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "escaped"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "ERROR", "propagate": False} for name in ("uvicorn", "steadyhand.serve")
    },
}


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening socket: from here on a caller waits instead of being refused."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        after = "choose another --port (0: any free one) or --host"
        raise JobError(f"cannot listen: {error.strerror or error}", where=f"{host}:{port}", next=after) from error
    return bound
