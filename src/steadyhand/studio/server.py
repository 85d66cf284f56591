"""Runs the studio on a port until it is stopped. Knows uvicorn; knows no page."""

from __future__ import annotations

from collections.abc import Callable

import uvicorn

from steadyhand.serve.limits import Limits
from steadyhand.serve.server import configured, listening_socket
from steadyhand.studio.app import Studio

GRACE = 1  # seconds that open streams are given when it stops: they go on by themselves after a restart


def run(studio: Studio, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Listens on `host`:`port` (0: any free port), tells `listening` the address, and serves until a signal. Raises
    JobError when the port is taken."""
    with listening_socket(host, port) as bound:
        config = configured(studio.app(), Limits(), lifespan="off", timeout_graceful_shutdown=GRACE)
        name, number = bound.getsockname()[:2]
        listening(f"http://{f'[{name}]' if ':' in name else name}:{number}")
        uvicorn.Server(config).run(sockets=[bound])
