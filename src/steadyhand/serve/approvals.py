"""Approving, refusing and undoing over HTTP, by persons who each have a token of their own. Knows no model.

Fails closed: without approvers the routes are not there; the clients' token opens none of them, so nobody approves what
his own report proposed; a digest is given whole, stands in the log, and was made under the policy that holds now. How
long an approval holds and what it is bound to is `agent.writer`'s, for HTTP and command line alike.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steadyhand.agent.audit_index import LogRecord
from steadyhand.agent.session import Session
from steadyhand.agent.writer import State, Writer, approve
from steadyhand.chat.messages import Json
from steadyhand.errors import GateFailed, SteadyError, UsageError
from steadyhand.serve.middleware import APPROVERS as PREFIX
from steadyhand.serve.problem import ABSENT, BROKEN, CLASH, DENIED, Problem

SHOWN = 200  # proposals at most, the latest first
_FIELDS = ("digest", "key", "tool", "arguments", "entity", "verdict", "standing", "report", "evidence")


class Approvals:
    """`approvers`: name -> token. The name is what stands in the record."""

    def __init__(self, session: Session, approvers: Mapping[str, str]) -> None:
        self._session, self._tokens = session, {name: token.encode() for name, token in approvers.items()}
        self._writer = Writer(dict(session.tools), session.agent.policy, session.log)

    def routes(self) -> list[Route]:
        return [
            Route(f"{PREFIX}proposals", self.proposals),
            Route(f"{PREFIX}proposals/{{digest}}/approve", self.approve, methods=["POST"]),
            Route(f"{PREFIX}proposals/{{digest}}/refuse", self.refuse, methods=["POST"]),
            Route(f"{PREFIX}writes/{{key}}/undo", self.undo, methods=["POST"]),
        ]

    async def proposals(self, request: Request) -> Response:
        """What was proposed, with its evidence and where it stands; `?state=waiting` for some of it."""
        self._approver(request)
        wanted = request.query_params.get("state")
        rows = await asyncio.to_thread(self._listed)
        found = [row for row in rows if wanted in (None, row["state"])]
        return JSONResponse({"object": "list", "data": found[:SHOWN], "more": len(found) > SHOWN})

    async def approve(self, request: Request) -> Response:
        return await self._decided(request, granted=True)

    async def refuse(self, request: Request) -> Response:
        return await self._decided(request, granted=False)

    async def undo(self, request: Request) -> Response:
        """Takes a written one back. Again is no error."""
        by, key = self._approver(request), request.path_params["key"]
        if key not in self._session.log.known.by_key:
            raise Problem("no write has this key", status=ABSENT, code="no_such_write")
        try:
            outcome = await asyncio.to_thread(self._writer.undo, key, by)
        except SteadyError as error:
            raise _problem(error) from error
        if outcome.state is not State.UNDONE:
            raise Problem(f"in doubt: {outcome.detail}; ask again", status=BROKEN, code="undo_unfinished")
        return JSONResponse({"key": key, "state": outcome.state.value, "by": by})

    async def _decided(self, request: Request, *, granted: bool) -> Response:
        by, digest = self._approver(request), request.path_params["digest"]
        record = await asyncio.to_thread(self._judge, digest, by, granted)
        told = {"digest": digest, "event": record.event, "by": by, "time": record.time}
        hours = self._session.agent.policy.approval_hours
        return JSONResponse(told | ({"hours": hours} if granted else {}))

    def _judge(self, digest: str, by: str, granted: bool) -> LogRecord:
        if len(digest) != 64:
            raise Problem("a digest is given whole, all 64 signs", status=ABSENT, code="no_such_proposal")
        row = next((row for row in self._listed() if row["digest"] == digest), None)
        if granted and row and row["state"] == "outdated":
            raise Problem("it was proposed under another policy", status=CLASH, code="outdated")
        try:
            return approve(self._session.log, digest, by, granted=granted)
        except SteadyError as error:
            raise _problem(error) from error

    def _listed(self) -> list[dict[str, Json]]:
        with self._session.log.locked():  # what others appended is known from here on
            proposals = [record for record in self._session.log.records if record.event == "proposal"]
        rows = [{name: record.data[name] for name in _FIELDS} | {"time": record.time} for record in proposals]
        return [row | {"state": self._standing(row, record)} for row, record in zip(rows, proposals, strict=True)][::-1]

    def _standing(self, row: dict[str, Json], record: LogRecord) -> str:
        state = self._writer.state(row["key"])[0]
        if state is not State.NONE:
            return state.value
        if record.data["policy"] != self._session.agent.policy.digest:
            return "outdated"
        if self._writer.approved(row["digest"]):
            return "approved"
        judged = self._session.log.known.judged.get(row["digest"])
        return "refused" if judged and judged.event == "refusal" else "waiting"

    def _approver(self, request: Request) -> str:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        given = secret.strip().encode("utf-8", "surrogateescape") if kind.lower() == "bearer" else b""
        found = [name for name, token in self._tokens.items() if hmac.compare_digest(given, token)]
        if not found:
            said = {"WWW-Authenticate": "Bearer"}
            raise Problem("only an approver may do that", status=DENIED, code="not_an_approver", headers=said)
        return found[0]


def _problem(error: SteadyError) -> Problem:
    status = ABSENT if isinstance(error, UsageError) else CLASH if isinstance(error, GateFailed) else BROKEN
    return Problem(error.what, status=status, code="not_done")
