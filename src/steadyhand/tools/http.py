"""A tool behind an HTTP endpoint: where each argument goes, and what each answer means for what was done.

Redirects are not followed (a write must not travel on), proxies of the environment are not used, answers are bounded in
size and in time from the first byte to the last. A token that a service sends back is taken out of its answers here,
before anything reads or keeps them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from steadyhand.chat.exact import JsonError, loads, plain
from steadyhand.chat.messages import Json
from steadyhand.errors import PrerequisiteError, UsageError, first_line
from steadyhand.text.redaction import SHORTEST, Redactor, without_passwords
from steadyhand.tools.result import Result, Status

METHODS = ("get", "post", "put", "patch", "delete")
MAX_ANSWER = 4 * 1024 * 1024  # bytes
PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(rf"[\x21-\x7e]{{{SHORTEST},}}")
_NOT_DONE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)  # no request had left
_LATER = {408, 425, 429, 500, 502, 503, 504}


class Service:
    """One server: its address, its token, its connections (safe for many threads). Close it in the end.

    A connection carries one call: on one that is kept, an answer that a faulty server sends twice can be taken for the
    answer to the next call, and then a verdict is read off another name.
    """

    def __init__(self, url: str, *, token: str = "", connections: int = 32) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise UsageError(
                f"not an address of a service: {without_passwords(url)!r}", next="for example http://127.0.0.1:8321"
            )
        self.url = url.rstrip("/")
        self.redact = redactor(token, urlsplit(url).password or "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=0)
        self.client = httpx.Client(headers=headers, limits=limits, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        self.client.close()


def redactor(token: str, *others: str) -> Redactor:
    """What takes `token` out of a service's answers. Raises PrerequisiteError for one that no header can hold, or that
    is too short to be told from other text; neither is part of the message. `others` are passwords and the like."""
    if token and not _TOKEN.fullmatch(token):
        raise PrerequisiteError(
            f"a token has at least {SHORTEST} visible ASCII characters and no spaces, and this one has not",
            next="set the variable to the token alone; ask the service for a longer one",
        )
    return Redactor([token, *(one for one in others if len(one) >= SHORTEST)])


@dataclass(frozen=True)
class Endpoint:
    """Method (lower case) and path; `{name}` in the path is filled by the argument of that name. The others go into
    the query of GET and DELETE and into a JSON body otherwise, unless `query` names them. `body`: the argument that is
    the whole body. `key_header` takes a write's idempotency key."""

    method: str
    path: str
    query: frozenset[str] = frozenset()
    body: str = ""
    key_header: str = ""

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(PLACEHOLDER.findall(self.path))


@dataclass(frozen=True)
class HttpCarrier:
    """Carries a tool's call to an endpoint of a service; `tools.bound.Carrier`."""

    service: Service
    endpoint: Endpoint
    clock: Any = field(default=time.monotonic)

    def __call__(self, arguments: Mapping[str, Json], key: str, seconds: float) -> Result:
        return self._carried(arguments, key, seconds).without(self.service.redact)

    def _carried(self, arguments: Mapping[str, Json], key: str, seconds: float) -> Result:
        url, options = self._request(arguments, key)
        until = self.clock() + seconds
        try:
            with self.service.client.stream(self.endpoint.method.upper(), url, timeout=seconds, **options) as response:
                body = self._read(response, until)
        except _NOT_DONE as error:
            return Result(Status.NOT_SENT, detail=f"not reached: {first_line(error)}", again=0.0)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return Result(Status.UNKNOWN, detail=f"no answer: {first_line(error)}", again=0.0)
        if body is None:
            return Result(Status.UNKNOWN, detail=f"the answer took more than {seconds:g} s or {MAX_ANSWER} bytes")
        return judged(response.status_code, body, _pause(response))

    def _request(self, arguments: Mapping[str, Json], key: str) -> tuple[str, dict[str, Any]]:
        rest = dict(arguments)
        path = PLACEHOLDER.sub(lambda found: quote(_plain(rest.pop(found[1])), safe=""), self.endpoint.path)
        options: dict[str, Any] = {"headers": {}}
        if self.endpoint.key_header and key:
            options["headers"][self.endpoint.key_header] = key
        bodiless = self.endpoint.method in ("get", "delete")
        asked = {name: _plain(value) for name, value in rest.items() if bodiless or name in self.endpoint.query}
        if asked:
            options["params"] = asked
        if not bodiless:
            inside = {name: value for name, value in rest.items() if name not in asked}
            content = inside.get(self.endpoint.body) if self.endpoint.body else inside
            options["content"] = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
            options["headers"]["Content-Type"] = "application/json"
        return self.service.url + path, options

    def _read(self, response: httpx.Response, until: float) -> bytes | None:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER or self.clock() > until:
                return None
        return bytes(body)


def judged(code: int, body: bytes, pause: float = 0.0) -> Result:
    """What an HTTP answer says of what was done. 2xx with JSON: done. 4xx: refused, so not done, but 408, after which
    nobody knows. Anything else, and what is no JSON where JSON was due: unknown."""
    value, problem = _value(body)
    if 200 <= code < 300:
        if problem:
            return Result(Status.UNKNOWN, detail=f"the answer is not JSON: {problem}", code=code, again=0.0)
        return Result(Status.OK, value, code=code)
    told = value.get("error") if isinstance(value, dict) else None
    detail = f"HTTP {code}" + (f": {str(told)[:200]}" if told else "")
    refused = 400 <= code < 500 and code != 408
    again = pause if code in _LATER else None
    return Result(Status.REFUSED if refused else Status.UNKNOWN, value if refused else None, detail, code, again)


def _value(body: bytes) -> tuple[Json, str]:
    """The JSON value of a body and what is wrong with it; an empty body is null."""
    if not body.strip():
        return None, ""
    try:
        return plain(loads(body.decode("utf-8"))), ""
    except (UnicodeDecodeError, JsonError) as error:
        return None, str(error)


def _plain(value: Json) -> str:
    """A value in a path or a query: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _pause(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0.0
