"""The studio on a real port, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from steadyhand.serve.limits import Limits
from steadyhand.serve.server import configured, listening_socket
from steadyhand.studio.app import Studio
from steadyhand.studio.guard import Keys
from steadyhand.studio.project import Project

SECRET = b"0" * 32


@contextmanager
def studio(project: Project, token: str = "") -> Iterator[str]:
    """Its address."""
    with listening_socket("127.0.0.1", 0) as bound:
        app = Studio(project, Keys(SECRET, token)).app()
        server = uvicorn.Server(configured(app, Limits(), lifespan="off", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            project.close()


def reviewed(path: Path, account: str = "mei") -> Project:
    return Project(files=(path,), account=account)
