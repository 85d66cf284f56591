"""Calling tools over real HTTP: what was done and what not, what is repeated, what the caller is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Tool
from steadyhand.errors import UsageError
from steadyhand.tools.bound import BoundTool, Patience
from steadyhand.tools.http import MAX_ANSWER, Endpoint, HttpCarrier, Service, judged
from steadyhand.tools.result import Result, Status
from tests.uss import TOKEN, Uss, running

URI = {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"], "additionalProperties": False}
REPORT = {"type": "object", "required": ["uri", "verdict", "reason"]}
LEVEL = {"type": "object", "anyOf": [{"required": ["level"]}, {"required": ["result"]}]}
ARGUMENTS = {"uri": "evil.com", "verdict": "unsafe", "reason": "false_negative"}
QUICK = Patience(timeout=5, retries=2, wait=0.5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uss]:
    with running(tmp_path_factory.mktemp("uss")) as service:
        service.rate(**{"evil.com": 12})
        yield service


@pytest.fixture
def uss(server: Uss) -> Uss:
    server.fault()
    return server


@pytest.fixture
def service(uss: Uss) -> Iterator[Service]:
    service = Service(uss.url, token=TOKEN)
    yield service
    service.close()


def query(service: Service, patience: Patience = QUICK) -> BoundTool:
    carry = HttpCarrier(service, Endpoint("get", "/v1/reputation"))
    return BoundTool(Tool("query_uss", "", URI), "read", carry, LEVEL, patience)


def report(service: Service, patience: Patience = QUICK) -> BoundTool:
    carry = HttpCarrier(service, Endpoint("post", "/v1/feedback", key_header="Idempotency-Key"))
    return BoundTool(Tool("report_uss", "", REPORT), "write", carry, {}, patience, keyed=True)


def asked(tool: BoundTool, arguments: dict[str, Any], key: str = "") -> tuple[Result, list[float]]:
    waits: list[float] = []
    return tool.call(arguments, key=key, sleep=waits.append), waits


def test_a_read_comes_back_validated(service: Service) -> None:
    assert asked(query(service), {"uri": "evil.com"}) == (Result(Status.OK, {"level": 12}, code=200), [])


@pytest.mark.parametrize("arguments", [{}, {"uri": 1}, {"uri": "evil.com", "more": 1}])
def test_wrong_arguments_are_never_sent(uss: Uss, service: Service, arguments: dict[str, Any]) -> None:
    uss.fault({"kind": "fail", "times": 1})
    assert asked(query(service), arguments)[0].status is Status.INVALID
    assert uss.ask("GET", "/v1/reputation?uri=a.com").status_code == 503  # the fault is still there: nothing had come


@pytest.mark.parametrize("kind", ["fail", "fail_after", "garbage", "drop", "drop_after"])
def test_a_read_is_repeated_with_growing_pauses(uss: Uss, service: Service, kind: str) -> None:
    uss.fault({"kind": kind, "times": 2})
    result, waits = asked(query(service), {"uri": "evil.com"})
    assert (result.value, waits) == ({"level": 12}, [0.5, 1.0])
    uss.fault({"kind": kind, "times": 3})
    assert asked(query(service), {"uri": "evil.com"})[0].status is Status.UNKNOWN


def test_an_answer_that_comes_twice_is_one_answer(uss: Uss, service: Service) -> None:
    uss.fault({"kind": "twice", "times": 1})
    assert asked(query(service), {"uri": "evil.com"})[0].value == {"level": 12}
    assert asked(query(service), {"uri": "1.2.3.4"})[0].value == {"result": "Not found"}  # and not the spare one


@pytest.mark.parametrize(
    ("kind", "done"), [("fail", 0), ("drop", 0), ("fail_after", 1), ("garbage", 1), ("drop_after", 1)]
)
def test_a_write_is_never_repeated_and_its_outcome_is_unknown(uss: Uss, service: Service, kind: str, done: int) -> None:
    before = len(uss.filed())
    uss.fault({"kind": kind, "times": 1, "method": "POST"})
    arguments = {**ARGUMENTS, "uri": f"{kind.replace('_', '-')}.com"}
    result, waits = asked(report(service), arguments, f"key-{kind}")
    assert (result.status, waits) == (Status.UNKNOWN, [])
    assert len(uss.filed()) == before + done


def test_a_refusal_is_told_with_the_services_own_answer(uss: Uss, service: Service) -> None:
    first, again = (asked(report(service), ARGUMENTS, key)[0] for key in ("key-one-1", "key-two-2"))
    assert first.value["state"] == "pending"
    assert (again.status, again.code) == (Status.REFUSED, 409)
    assert again.value == {"error": "already reported", "ticket": first.value["ticket"]}
    assert again.text() == f'{{"error": "already reported", "ticket": "{first.value["ticket"]}"}}'


def test_late_is_unknown_for_a_write(uss: Uss, service: Service) -> None:
    uss.fault({"kind": "slow", "seconds": 3})
    assert asked(report(service, Patience(timeout=0.1)), ARGUMENTS, "key-late")[0].status is Status.UNKNOWN


def test_without_a_server_nothing_is_done() -> None:
    service = Service("http://127.0.0.1:9")  # discard: nobody listens there
    result, waits = asked(report(service), ARGUMENTS)
    service.close()
    assert (result.status, waits) == (Status.NOT_SENT, [])
    assert result.text().startswith('{"error": "not reached')


def test_the_token_stands_in_no_message(uss: Uss) -> None:
    service = Service(uss.url, token="wrong-secret")
    result = asked(query(service), {"uri": "evil.com"})[0]
    service.close()
    assert (result.status, result.detail) == (Status.REFUSED, "HTTP 401: no access")


def test_an_answer_that_breaks_its_schema_is_none(service: Service) -> None:
    tool = BoundTool(query(service).tool, "read", query(service).carry, {"required": ["score"]}, Patience(retries=0))
    result = asked(tool, {"uri": "evil.com"})[0]
    assert (result.status, result.value) == (Status.UNKNOWN, None)
    assert result.detail == "the answer breaks its schema: : 'score' is a required property"


def test_path_arguments_cannot_leave_their_place(uss: Uss, service: Service) -> None:
    schema = {"type": "object", "properties": {"ticket": {"type": "string"}}, "required": ["ticket"]}
    tool = BoundTool(Tool("show", "", schema), "read", HttpCarrier(service, Endpoint("get", "/v1/feedback/{ticket}")))
    for ticket in ("../reputation?uri=evil.com", "T1/../..", "..%2f"):
        assert asked(tool, {"ticket": ticket})[0].code == 404


@pytest.mark.parametrize(
    ("code", "body", "status"),
    [
        (200, b'{"a": 1}', Status.OK), (204, b"", Status.OK), (200, b"{", Status.UNKNOWN),
        (200, b"NaN", Status.UNKNOWN),
        (200, b'{"a": 1, "a": 2}', Status.UNKNOWN), (302, b"", Status.UNKNOWN), (400, b"no", Status.REFUSED),
        (408, b"", Status.UNKNOWN), (429, b"", Status.REFUSED), (500, b'{"error": "x"}', Status.UNKNOWN),
    ],
)  # fmt: skip
def test_what_an_answer_says_of_what_was_done(code: int, body: bytes, status: Status) -> None:
    assert judged(code, body).status is status


@given(st.integers(100, 599), st.binary(max_size=40))
def test_only_json_with_2xx_counts_as_done(code: int, body: bytes) -> None:
    assert judged(code, body).ok <= (200 <= code < 300)


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:80", ""])
def test_a_service_needs_an_address(url: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        Service(url)


def test_an_endless_answer_is_cut(service: Service) -> None:
    class Endless:
        def iter_bytes(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 65536

    carrier = HttpCarrier(service, Endpoint("get", "/"), clock=lambda: 0.0)
    assert carrier._read(Endless(), 1.0) is None  # type: ignore[arg-type]
    assert MAX_ANSWER > 65536
