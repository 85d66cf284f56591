"""What stands before every page: who may ask, from which host and page, how much, and what a browser may do with the
answer. Pure ASGI; knows no route.

A write needs a page of ours (Origin), this browser's own cookie, and the token that our page carries (CSRF). The body
of a write is read here, within its limit, and handed on as `scope["form"]`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from steadyhand.errors import JobError
from steadyhand.serve.loopback import is_loopback

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

COOKIE = "steady_session"
LARGEST_FORM = 512 * 1024  # bytes of a write
FIELDS = 64
OPEN = ("/login", "/static/")
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


@dataclass(frozen=True)
class Keys:
    """`secret` signs cookies and tokens of pages; it survives a restart, so that open pages go on working. `token`:
    what a person must know to get in, "" where everybody on this machine may."""

    secret: bytes
    token: str = ""

    def session(self) -> str:
        mark = secrets.token_urlsafe(16)
        return f"{mark}.{self._sign('session', mark)}"

    def knows(self, session: str) -> bool:
        mark, _, sign = session.partition(".")
        return bool(mark) and hmac.compare_digest(sign, self._sign("session", mark))

    def csrf(self, session: str) -> str:
        return self._sign("csrf", session)

    def is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _sign(self, what: str, text: str) -> str:
        told = "\0".join((what, text, self.token)).encode()
        return hmac.new(self.secret, told, hashlib.sha256).hexdigest()


def kept_secret(folder: Path | None = None) -> bytes:
    """The studio's key, made at the first call and readable by this account alone. Raises JobError."""
    home = (folder or Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")) / "steadyhand"
    path = home / "studio.key"
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if len(found := path.read_bytes()) >= 32:
                return found
            descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)  # a crash left it short
        with os.fdopen(descriptor, "wb") as file:
            file.write(made := secrets.token_bytes(32))
        return made
    except OSError as error:
        what = f"the studio's key cannot be kept: {error.strerror}"
        raise JobError(what, where=str(path), next="set XDG_STATE_HOME to a folder that can be written") from None


class StudioGuard:
    """`local`: the server listens on loopback only, so a request for any other host name was sent by a page in
    somebody's browser (DNS rebinding)."""

    def __init__(self, app: App, keys: Keys, *, local: bool = True) -> None:
        self._app, self._keys, self._local = app, keys, local

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        session = _cookie(headers.get("cookie", ""))
        known = self._keys.knows(session)
        scope["session"] = session if known else (session := self._keys.session())
        scope["csrf"], scope["authorized"] = self._keys.csrf(session), known or not self._keys.token
        refused = self._refusal(scope, headers)
        if not refused and scope["method"] not in ("GET", "HEAD"):
            refused = await self._read_form(scope, headers, receive)
        if refused:
            await _refuse(*refused, send)
            return
        await self._app(scope, receive, _dressed(send, "" if known or self._keys.token else session))

    def _refusal(self, scope: Message, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self._local and not is_loopback(_name(host)):
            return 400, "this server is asked for by another name than its own"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "only GET and POST"
        if scope["method"] == "POST" and not _is_own(headers, host):
            return 403, "this form was sent by a page of another site"
        if not scope["authorized"] and not scope["path"].startswith(OPEN):
            return (303, "/login") if scope["method"] == "GET" else (401, "log in first")
        return None

    async def _read_form(self, scope: Message, headers: dict[str, str], receive: Receive) -> tuple[int, str] | None:
        if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return 415, "only forms of our pages are taken"
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return 400, "the browser went away"
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LARGEST_FORM:
                return 413, f"more than {LARGEST_FORM:,} bytes"
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS)
        except ValueError:
            return 400, "no form"
        scope["form"] = dict(pairs)
        if scope["path"] != "/login" and not hmac.compare_digest(scope["form"].get("csrf", ""), scope["csrf"]):
            return 403, "this page is older than your session: reload it, and send the form again"
        return None


def session_cookie(session: str) -> str:
    return f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _is_own(headers: dict[str, str], host: str) -> bool:
    """Whether a write comes from a page of this very address."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    return bool(host) and urlsplit(origin).netloc == host


def _dressed(send: Send, new_session: str) -> Send:
    """Adds what a browser must know, and a cookie for one that has none."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *HEADERS]
            if new_session:
                message["headers"].append((b"set-cookie", session_cookie(new_session).encode()))
        await send(message)

    return sent


async def _refuse(status: int, text: str, send: Send) -> None:
    body = b"" if status == 303 else text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *HEADERS]
    if status == 303:
        headers.append((b"location", text.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
