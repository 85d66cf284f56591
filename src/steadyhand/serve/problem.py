"""What a client did wrong, or what stands in its way, in OpenAI's shape. Knows no route."""

from __future__ import annotations

from collections.abc import Mapping

from steadyhand.chat.messages import Json
from steadyhand.errors import SteadyError, UsageError

BAD, DENIED, ABSENT, CLASH, TOO_LARGE, MEDIA, UNMET, BUSY, LEFT, BROKEN, UPSTREAM, UNREADY, LATE = (
    400, 401, 404, 409, 413, 415, 422, 429, 499, 500, 502, 503, 504,
)  # fmt: skip
_TYPES = {DENIED: "authentication_error", BUSY: "rate_limit_error"}


class Problem(Exception):  # noqa: N818  OpenAI calls its object error; this is the reason for one
    """`message` is for a person, `code` for a program; `param` names the field of the request, if one is to blame."""

    def __init__(
        self,
        message: str,
        *,
        status: int = BAD,
        code: str = "invalid_value",
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.param = message, status, code, param
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Json]:
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < BROKEN else "server_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def problem_of(error: BaseException) -> Problem:
    """The problem that an exception of the work stands for; what we did not foresee tells the client nothing more."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UsageError):  # the chat template refuses the dialogue
        return Problem(error.what, code="invalid_dialogue", param="messages")
    if isinstance(error, SteadyError):
        return Problem(error.what, status=UPSTREAM, code="backend_failed")
    return Problem("the server failed; its log says why", status=BROKEN, code="internal_error")
