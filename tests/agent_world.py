"""What tests of writing share: the real USS's feedback tool, a proposal, and a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steadyhand.agent.audit import Log
from steadyhand.agent.policy import Policy, Proposal
from steadyhand.agent.writer import Writer
from steadyhand.chat.messages import Tool
from steadyhand.tools.bound import BoundTool, Patience
from steadyhand.tools.http import Endpoint, HttpCarrier, Service

TRANSITIONS = ("not_found->unsafe", "safe->unsafe")
OPEN = Policy(approval=False, transitions=TRANSITIONS)
PATIENCE = Patience(timeout=5, retries=0)
_SERVICES: list[Service] = []


def close_services() -> None:
    """Call it after each test: a connection that is left to the garbage collector is a warning in some other test."""
    while _SERVICES:
        _SERVICES.pop().close()


def text_schema(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}


def report_tool(url: str, token: str, *, keyed: bool = True) -> BoundTool:
    service = Service(url, token=token)
    _SERVICES.append(service)

    def read(name: str, method: str, path: str, argument: str) -> BoundTool:
        carry = HttpCarrier(service, Endpoint(method, path))
        return BoundTool(
            Tool(name, "", text_schema(argument)), "read" if method == "get" else "write", carry, {}, PATIENCE
        )

    carry = HttpCarrier(service, Endpoint("post", "/v1/feedback", key_header="Idempotency-Key"))
    find = read("find", "get", "/v1/feedback/by-key/{key}", "key")
    undo = read("undo", "delete", "/v1/feedback/{ticket}", "ticket")
    tool = Tool("report_uss", "", text_schema("uri", "verdict", "reason"))
    return BoundTool(tool, "write", carry, {"required": ["ticket"]}, PATIENCE, keyed, find, undo)


def proposal(entity: str = "evil.com", under: Policy = OPEN, **changes: Any) -> Proposal:
    arguments = {"uri": entity, "verdict": "unsafe", "reason": "false_negative"}
    row: dict[str, Any] = {
        "tool": "report_uss", "arguments": arguments, "entity": entity, "verdict": "unsafe", "standing": "safe",
        "report": "0" * 64, "policy": under.digest, "evidence": {"window": "evil[.]com is bad"},
    }  # fmt: skip
    return Proposal(**{**row, **changes})


def writer(url: str, token: str, path: Path, policy: Policy = OPEN, **options: Any) -> Writer:
    return Writer({"report_uss": report_tool(url, token, **options)}, policy, Log(path))
