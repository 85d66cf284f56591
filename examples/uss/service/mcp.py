"""USS as an MCP server: `python -m examples.uss.service.mcp`, over stdio, or with --port over streamable HTTP.

It stands in front of a USS that runs already (USS_URL, USS_TOKEN) and hands its answers on: a refusal comes as an
object with `error`, a failure of USS as an error of the tool.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Literal

import click
import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError


def create_server(client: httpx.Client) -> MCPServer:
    """The tools; `client` knows USS's address and token."""
    server = MCPServer("uss")

    def asked(method: str, path: str, **options: Any) -> dict[str, Any]:
        response = client.request(method, path, **options)
        if response.status_code >= 500:
            raise ToolError(f"USS failed: HTTP {response.status_code}")
        answer: dict[str, Any] = response.json()
        return answer

    def reputation(uri: str) -> dict[str, Any]:
        """Ask USS about one URI."""
        return asked("GET", "/v1/reputation", params={"uri": uri})

    def file_feedback(
        uri: str, verdict: Literal["safe", "unsafe"], reason: Literal["false_negative", "false_positive"], key: str
    ) -> dict[str, Any]:
        """Tell USS that its verdict is wrong. The same key again gives the same ticket and does nothing."""
        correction = {"uri": uri, "verdict": verdict, "reason": reason}
        return asked("POST", "/v1/feedback", json=correction, headers={"Idempotency-Key": key})

    def feedback_by_key(key: str) -> dict[str, Any]:
        """What became of the feedback with this key; an object with `error` when there is none."""
        return asked("GET", f"/v1/feedback/by-key/{key}")

    def withdraw(ticket: str) -> dict[str, Any]:
        """Take a feedback back that is still pending."""
        return asked("DELETE", f"/v1/feedback/{ticket}")

    for tool in (reputation, file_feedback, feedback_by_key, withdraw):
        server.add_tool(tool)
    return server


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Streamable HTTP on this port (0: any) instead of stdio.")
def main(port: int | None) -> None:
    """Run until stopped; over stdio, until its input ends."""
    token = {"Authorization": f"Bearer {os.environ.get('USS_TOKEN', '')}"}
    with httpx.Client(base_url=os.environ["USS_URL"], headers=token, trust_env=False, timeout=30) as client:
        server = create_server(client)
        if port is None:
            server.run()
        else:
            _over_http(server, port)


def _over_http(server: MCPServer, port: int) -> None:
    import uvicorn

    config = uvicorn.Config(server.streamable_http_app(), port=port, log_level="warning", timeout_graceful_shutdown=1)
    socket = config.bind_socket()
    socket.listen()
    click.echo(f"http://127.0.0.1:{socket.getsockname()[1]}/mcp")
    uvicorn.Server(config).run(sockets=[socket])


if __name__ == "__main__":
    sys.exit(main())
