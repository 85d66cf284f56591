"""The HTTP face of the shop. It checks tokens and types, and leaves every judgment to whoever may write."""

from __future__ import annotations

import hmac
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from examples.refunds.service.store import Store

Key = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[A-Za-z0-9_-]{8,128}$")]


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    order: str
    email: str
    cents: int
    reason: Literal["damaged", "lost"]


def create_app(store: Store, token: str) -> FastAPI:
    async def allowed(request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise HTTPException(401, "no access")

    app = FastAPI(title="A shop's refunds", dependencies=[Depends(allowed)], docs_url=None, redoc_url=None)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _invalid)

    @app.get("/v1/orders/{order}")
    def look_up_purchase(order: str) -> dict[str, Any]:
        found = store.order(order)
        if found is None:
            raise HTTPException(404, "no such order")
        return found.shown()

    @app.post("/v1/refunds")
    def refund(wish: Wish, key: Key, response: Response) -> dict[str, Any]:
        booked = store.book(key, **wish.model_dump())
        if booked is None:
            raise HTTPException(422, "no such order")
        if not booked.same:
            raise HTTPException(409, "the key was used for something else")
        response.status_code = 201 if booked.new else 200
        return booked.refund.shown()

    @app.get("/v1/refunds/by-key/{key}")
    def by_key(key: str) -> dict[str, Any]:
        found = store.by_key(key)
        if found is None:
            raise HTTPException(404, "no such refund")
        return found.shown()

    @app.delete("/v1/refunds/{refund}")
    def withdraw(refund: str) -> dict[str, Any]:
        found = store.withdraw(refund)
        if found is None:
            raise HTTPException(404, "no such refund")
        return found.shown()

    return app


async def _told(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, error.status_code)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return JSONResponse({"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}, 422)
