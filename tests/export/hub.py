"""The few addresses of a model hub that an upload of small files needs, on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class Hub:
    """`private` by repository; `files` of the last commits; `refuses` whoever wants to make a repository."""

    private: dict[str, bool] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    refuses: bool = False

    async def create(self, request: Request) -> Response:
        if self.refuses:
            return JSONResponse({"error": "you may not write here"}, 403)
        asked = await request.json()
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.private:
            return JSONResponse({"error": "exists", "url": f"{request.base_url}{name}"}, 409)
        self.private[name] = asked["visibility"] == "private"
        return JSONResponse({"url": f"{request.base_url}{name}"})

    async def info(self, request: Request) -> Response:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        return JSONResponse({"id": name, "private": self.private[name], "siblings": [], "sha": "0" * 40})

    async def sort(self, request: Request) -> Response:
        asked = await request.json()
        files = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in asked["files"]]
        return JSONResponse({"files": files})

    async def commit(self, request: Request) -> Response:
        for line in (await request.body()).splitlines():
            row = json.loads(line)
            if row["key"] == "file":
                self.files[row["value"]["path"]] = base64.b64decode(row["value"]["content"])
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        return JSONResponse({"commitUrl": f"{request.base_url}{name}/commit/{'1' * 40}", "commitOid": "1" * 40})


async def _fine(_: Request) -> Response:
    return JSONResponse({"errors": [], "warnings": []})


@contextmanager
def running(hub: Hub) -> Iterator[tuple[Hub, str]]:
    model = "/api/models/{owner}/{name}"
    routes = [
        Route("/api/repos/create", hub.create, methods=["POST"]),
        Route("/api/validate-yaml", _fine, methods=["POST"]),
        Route(f"{model}/preupload/main", hub.sort, methods=["POST"]),
        Route(f"{model}/commit/main", hub.commit, methods=["POST"]),
        Route(model, hub.info),
        Route(f"{model}/revision/main", hub.info),
    ]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical", timeout_graceful_shutdown=1)
    server, socket = uvicorn.Server(config), config.bind_socket()
    socket.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        yield hub, f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
