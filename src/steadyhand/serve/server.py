"""Runs the application on a port until it is stopped. Knows uvicorn and signals; knows no route."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from steadyhand.errors import JobError, SteadyError
from steadyhand.serve.app import Serving, create_app

GRACE = 5  # seconds that answers under way are given when the server stops


def run(serving: Serving, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Listens on `host`:`port` (0: any free port), tells `listening` the address, and serves until a signal.

    Raises JobError when the port is taken, what loading the model raises, and KeyboardInterrupt after Ctrl-C.
    """
    failures: list[BaseException] = []
    with _bound(host, port) as bound:
        server = uvicorn.Server(uvicorn.Config("", log_level="error", timeout_graceful_shutdown=GRACE, lifespan="on"))

        def failed(error: BaseException) -> None:
            failures.append(error)
            server.should_exit = True

        server.config.app = create_app(serving, failed)
        name, number = bound.getsockname()[:2]
        listening(f"http://{f'[{name}]' if ':' in name else name}:{number}")
        server.run(sockets=[bound])
    if failures:
        raise failures[0] if isinstance(failures[0], SteadyError) else JobError(f"the model fails: {failures[0]}")


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket: from here on a caller waits instead of being refused."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(128)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        after = "choose another --port (0: any free one) or --host"
        raise JobError(f"cannot listen: {error.strerror or error}", where=f"{host}:{port}", next=after) from error
    return bound
