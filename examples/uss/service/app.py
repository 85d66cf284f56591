"""The HTTP face of USS: what can be asked, who may, and how it answers. `/openapi.json` describes it.

Every answer is one JSON object; one with an `error` says why nothing was done. Answers to tools are those that
`tools/*.json` and the scenarios promise: a level or "Not found", a ticket that is pending, "already reported".
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from examples.uss.service.access import REVIEWER, Gate
from examples.uss.service.faults import SWITCH, Fault, Faults
from examples.uss.service.names import MAX_URI, canonical
from examples.uss.service.store import Store

Verdict = Literal["safe", "unsafe"]
Reason = Literal["false_negative", "false_positive"]
State = Literal["pending", "accepted", "rejected", "withdrawn"]
REASONS = {"unsafe": "false_negative", "safe": "false_positive"}
KEY_PATTERN = r"^[A-Za-z0-9_-]{8,128}$"
Key = Annotated[str, Header(alias="Idempotency-Key", pattern=KEY_PATTERN)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Rated(Closed):
    level: int = Field(ge=0, le=100, description="Above 50 is unsafe; no other field decides.")
    confidence: int | None = Field(default=None, ge=0, le=100)
    severity: int | None = Field(default=None, ge=1, le=5)
    threat_level: str | None = None


class NotFound(Closed):
    result: Literal["Not found"] = "Not found"


class Correction(Closed):
    uri: str = Field(max_length=MAX_URI)
    verdict: Verdict
    reason: Reason


class Ticket(Closed):
    ticket: str
    state: State


class TicketDetail(Ticket):
    uri: str
    verdict: Verdict
    reason: Reason
    created: str
    changed: str


class Problem(BaseModel):
    error: str
    ticket: str | None = None


class Review(Closed):
    state: Literal["accepted", "rejected"]


class Status(Closed):
    status: Literal["ok"] = "ok"


ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}, 503: {"model": Problem},
}  # fmt: skip
CLASH: dict[int | str, dict[str, Any]] = {200: {"model": Ticket}, 409: {"model": Problem}}
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}


async def _allowed(request: Request) -> str:
    gate: Gate = request.app.state.gate
    role = gate.role(request.headers.get("authorization"))
    if role is None:
        raise HTTPException(401, "no access", headers={"WWW-Authenticate": "Bearer"})
    if wait := gate.wait(role):
        raise HTTPException(429, "rate limit", headers={"Retry-After": str(math.ceil(wait))})
    return role


def _reviewer(role: Annotated[str, Depends(_allowed)]) -> None:
    if role != REVIEWER:
        raise HTTPException(403, "only a reviewer may do that")


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


Database = Annotated[Store, Depends(_store)]
router = APIRouter(prefix="/v1", dependencies=[Depends(_allowed)], responses=ERRORS)


def _uri(text: str) -> str:
    try:
        return canonical(text)
    except ValueError as error:
        raise HTTPException(422, f"uri: {error}") from error


@router.get("/reputation", operation_id="query_uss", response_model_exclude_none=True)
def reputation(uri: Annotated[str, Query(max_length=MAX_URI)], store: Database) -> Rated | NotFound:
    """Ask USS about one URI."""
    rating = store.rating(_uri(uri))
    return Rated(**rating.shown()) if rating else NotFound()


@router.post("/feedback", operation_id="report_uss", status_code=201, response_model=Ticket, responses=CLASH)
def report(correction: Correction, key: Key, store: Database, response: Response) -> Any:
    """Tell USS that its verdict is wrong. The same key again gives the same ticket and does nothing."""
    if REASONS[correction.verdict] != correction.reason:
        raise HTTPException(422, f"the reason of the verdict {correction.verdict} is {REASONS[correction.verdict]}")
    filed = store.file(key, _uri(correction.uri), correction.verdict, correction.reason)
    if filed.clash == "key":
        raise HTTPException(422, "this Idempotency-Key was used for other feedback")
    if filed.clash:
        return JSONResponse({"error": "already reported", "ticket": filed.feedback.ticket}, 409)
    response.status_code = 201 if filed.new else 200
    return {"ticket": filed.feedback.ticket, "state": filed.feedback.state}


@router.get("/feedback", operation_id="list_feedback")
def listed(
    store: Database,
    uri: str | None = None,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, list[TicketDetail]]:
    """The newest feedback first."""
    rows = store.listed(None if uri is None else _uri(uri), state, limit)
    return {"feedback": [TicketDetail(**row.shown()) for row in rows]}


@router.get("/feedback/by-key/{key}", operation_id="find_feedback", responses=MISSING)
def by_key(key: str, store: Database) -> TicketDetail:
    """What became of a request whose answer was lost."""
    if (row := store.by_key(key)) is None:
        raise HTTPException(404, "no feedback with this key")
    return TicketDetail(**row.shown())


@router.get("/feedback/{ticket}", operation_id="show_feedback", responses=MISSING)
def by_ticket(ticket: str, store: Database) -> TicketDetail:
    """One ticket."""
    return _known(store.by_ticket(ticket))


@router.delete("/feedback/{ticket}", operation_id="withdraw_feedback", responses=MISSING | {409: {"model": Problem}})
def withdraw(ticket: str, store: Database) -> Ticket:
    """Take pending feedback back; again is no error."""
    row = store.decide(ticket, "withdrawn")
    if row is not None and row.state != "withdrawn":
        raise HTTPException(409, f"already {row.state}")
    return Ticket(ticket=ticket, state=_known(row).state)


@router.post(
    "/feedback/{ticket}/review",
    operation_id="review_feedback",
    dependencies=[Depends(_reviewer)],
    responses=MISSING | {409: {"model": Problem}},
)
def review(ticket: str, decision: Review, store: Database) -> Ticket:
    """A reviewer accepts (the rating changes) or rejects."""
    row = store.decide(ticket, decision.state)
    if row is not None and row.state != decision.state:
        raise HTTPException(409, f"already {row.state}")
    return Ticket(ticket=ticket, state=_known(row).state)


@router.post("/feedback/{ticket}/reminders", operation_id="notify_reviewer", responses=MISSING)
def remind(ticket: str, store: Database) -> Status:
    """Remind the reviewer of a ticket."""
    _known(store.remind(ticket))
    return Status()


def _known(row: Any) -> TicketDetail:
    if row is None:
        raise HTTPException(404, "no such ticket")
    return TicketDetail(**row.shown())


def create_app(store: Store, gate: Gate, *, faults: bool = False) -> Any:
    """The ASGI application; with `faults`, `PUT /faults` (a reviewer's token) says how the next requests go wrong."""
    app = FastAPI(title="USS", version="1", description="Ratings of URIs, and feedback on them.")
    app.state.store, app.state.gate = store, gate
    app.include_router(router)
    app.add_api_route("/healthz", lambda: {"status": "ok"}, operation_id="healthz")
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SQLAlchemyError, _down)
    if not faults:
        return app
    wrapped = Faults(app)
    guard = [Depends(_reviewer)]
    app.add_api_route(SWITCH, _switch(wrapped), methods=["PUT"], dependencies=guard, include_in_schema=False)
    return wrapped


def _switch(wrapped: Faults) -> Callable[[list[Fault]], Awaitable[Status]]:
    async def switch(plan: list[Fault]) -> Status:
        wrapped.set(plan)
        return Status()

    return switch


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return JSONResponse({"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}, 422)


async def _down(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": "service down"}, 503)
