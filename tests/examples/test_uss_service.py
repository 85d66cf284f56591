"""USS over real HTTP on loopback: what it answers, what it refuses, and that it files feedback once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.uss.service.access import Gate
from examples.uss.service.names import canonical
from examples.uss.service.seed import COUNT, KNOWN, ratings
from tests.uss import REVIEW_TOKEN, TOKEN, Uss, running

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = {"uri": "evil.com", "verdict": "unsafe", "reason": "false_negative"}


@pytest.fixture
def uss(tmp_path: Path) -> Iterator[Uss]:
    with running(tmp_path) as service:
        service.rate(**{"evil.com": 12, "http://evil.com/a": 51})
        yield service


def file(uss: Uss, key: str = "key-00001", **changes: Any) -> httpx.Response:
    return uss.ask("POST", "/v1/feedback", key=key, json=UNSAFE | changes)


@pytest.mark.parametrize(
    ("uri", "answer"),
    [
        ("evil.com", {"level": 12}),
        ("EVIL.com.", {"level": 12}),
        ("HTTP://Evil.com:80/a", {"level": 51}),
        ("http://evil.com/A", {"result": "Not found"}),
        ("1.2.3.4", {"result": "Not found"}),
        ("https://evil.com/go?to=hxxps://other[.]com/x", {"result": "Not found"}),  # as it works on the wire
    ],
)
def test_a_rating_is_found_under_any_spelling_of_its_uri(uss: Uss, uri: str, answer: dict[str, Any]) -> None:
    got = uss.ask("GET", "/v1/reputation", params={"uri": uri})
    assert (got.status_code, got.json()) == (200, answer)


@pytest.mark.parametrize(
    "uri",
    [
        "hxxp://evil.com",
        "evil[.]com",
        "evil[.]com/a?b",
        "http://evil[.]com/a",
        "",
        "two words",
        "x" * 3000,
        "http://a:b/",
        "com",
    ],
)
def test_what_is_no_uri_is_refused_with_a_sentence(uss: Uss, uri: str) -> None:
    got = uss.ask("GET", "/v1/reputation", params={"uri": uri})
    assert got.status_code == 422
    assert "uri" in got.json()["error"]


@given(st.text(max_size=60))
def test_canonical_is_stable_or_refuses(text: str) -> None:
    try:
        once = canonical(text)
    except ValueError:
        return
    assert canonical(once) == once


def test_feedback_is_filed_once_per_key(uss: Uss) -> None:
    first, again = file(uss), file(uss)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"ticket": "T101", "state": "pending"}
    assert file(uss, verdict="safe", reason="false_positive").status_code == 422  # the key stands for something else
    assert uss.filed() == [("evil.com", "unsafe", "pending")]


def test_the_same_correction_under_another_key_is_already_reported(uss: Uss) -> None:
    file(uss)
    other = file(uss, "key-00002", uri="EVIL.com")
    assert (other.status_code, other.json()) == (409, {"error": "already reported", "ticket": "T101"})


@pytest.mark.parametrize("keys", [["same-key"] * 16, [f"other-key-{n}" for n in range(16)]])
def test_sixteen_at_once_file_one_ticket(uss: Uss, keys: list[str]) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda key: file(uss, key), keys))
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert {answer.json()["ticket"] for answer in answers} == {"T101"}
    assert uss.filed() == [("evil.com", "unsafe", "pending")]


@pytest.mark.parametrize(
    "changes", [{"verdict": "bad"}, {"reason": "false_positive"}, {"uri": "evil[.]com"}, {"note": "more"}]
)
def test_wrong_feedback_is_refused(uss: Uss, changes: dict[str, Any]) -> None:
    assert file(uss, **changes).status_code == 422
    assert uss.filed() == []


def test_feedback_without_a_key_is_refused(uss: Uss) -> None:
    got = uss.ask("POST", "/v1/feedback", json=UNSAFE)
    assert got.status_code == 422
    assert "Idempotency-Key" in got.json()["error"]


def test_what_became_of_a_request_can_be_read(uss: Uss) -> None:
    assert uss.ask("GET", "/v1/feedback/by-key/key-00001").status_code == 404
    file(uss)
    found = uss.ask("GET", "/v1/feedback/by-key/key-00001").json()
    assert found == uss.ask("GET", "/v1/feedback/T101").json()
    assert {**found, **UNSAFE, "state": "pending"} == found
    assert uss.ask("GET", "/v1/feedback", params={"uri": "evil.com", "state": "pending"}).json() == {
        "feedback": [found]
    }
    assert uss.ask("GET", "/v1/feedback", params={"state": "accepted"}).json() == {"feedback": []}


def test_only_a_reviewer_decides_and_acceptance_changes_the_rating(uss: Uss) -> None:
    file(uss)
    path, accept = "/v1/feedback/T101/review", {"state": "accepted"}
    assert uss.ask("POST", path, json=accept).status_code == 403
    assert uss.ask("POST", path, token=REVIEW_TOKEN, json=accept).json() == {"ticket": "T101", "state": "accepted"}
    assert uss.ask("GET", "/v1/reputation", params={"uri": "evil.com"}).json() == {"level": 90}
    assert uss.ask("POST", path, token=REVIEW_TOKEN, json={"state": "rejected"}).status_code == 409
    assert uss.ask("DELETE", "/v1/feedback/T101").status_code == 409
    assert file(uss, "key-00002").status_code == 201  # nothing is pending any more


def test_withdrawing_twice_is_withdrawing_once(uss: Uss) -> None:
    file(uss)
    for _ in range(2):
        got = uss.ask("DELETE", "/v1/feedback/T101")
        assert (got.status_code, got.json()["state"]) == (200, "withdrawn")
    assert uss.ask("GET", "/v1/reputation", params={"uri": "evil.com"}).json() == {"level": 12}


def test_reminders_need_a_ticket(uss: Uss) -> None:
    file(uss)
    assert uss.ask("POST", "/v1/feedback/T101/reminders").json() == {"status": "ok"}
    assert uss.ask("POST", "/v1/feedback/T999/reminders").json() == {"error": "no such ticket"}
    assert uss.ask("POST", "/v1/feedback/T٣٤/reminders").status_code == 404


@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_a_token_there_is_no_access(uss: Uss, header: str | None) -> None:
    got = httpx.get(f"{uss.url}/v1/reputation?uri=evil.com", headers={"Authorization": header} if header else {})
    assert (got.status_code, got.json()) == (401, {"error": "no access"})


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path, rate=0.5, burst=2) as uss:
        answers = [uss.ask("GET", "/v1/feedback/T1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[2].json() == {"error": "rate limit"}
    assert answers[2].headers["retry-after"] == "2"


def test_the_bucket_fills_again() -> None:
    now = [0.0]
    gate = Gate({"agent": "x"}, rate=2, burst=1, clock=lambda: now[0])
    assert (gate.wait("agent"), gate.wait("agent"), gate.wait("reviewer")) == (0, 0.5, 0)
    now[0] = 0.5
    assert (gate.wait("agent"), gate.wait("agent")) == (0, 0.5)


@pytest.mark.parametrize("kind", ["fail", "drop"])
def test_faults_before_the_work_leave_nothing_done(uss: Uss, kind: str) -> None:
    uss.fault({"kind": kind, "method": "POST"})
    assert _outcome(uss) in (503, "lost")
    assert uss.filed() == []
    assert file(uss).status_code == 201  # once was ordered


@pytest.mark.parametrize("kind", ["fail_after", "garbage", "drop_after", "twice"])
def test_faults_after_the_work_leave_it_done(uss: Uss, kind: str) -> None:
    uss.fault({"kind": kind, "method": "POST"})
    assert _outcome(uss) in (503, "garbage", "lost", 201)
    assert uss.filed() == [("evil.com", "unsafe", "pending")]
    assert file(uss).status_code == 200


def _outcome(uss: Uss) -> int | str:
    try:
        got = file(uss)
        got.json()
    except httpx.TransportError:
        return "lost"
    except json.JSONDecodeError:
        return "garbage"
    return got.status_code


def test_an_answer_can_be_late(uss: Uss) -> None:
    uss.fault({"kind": "slow", "seconds": 5})
    with pytest.raises(httpx.ReadTimeout):
        uss.ask("GET", "/v1/feedback/T1", timeout=0.05)


def test_faults_are_the_reviewers_alone(uss: Uss) -> None:
    assert uss.ask("PUT", "/faults", json=[]).status_code == 403
    assert uss.ask("PUT", "/faults", token=REVIEW_TOKEN, json=[{"kind": "burn"}]).status_code == 422


def test_the_tools_of_the_domain_are_operations_of_the_service(uss: Uss) -> None:
    """The files in tools/ promise names and arguments; the OpenAPI document has the same."""
    document = uss.client.get(f"{uss.url}/openapi.json").json()
    found = {}
    for path in document["paths"].values():
        for operation in path.values():
            names = {p["name"]: p["schema"] for p in operation.get("parameters", ()) if p["in"] != "header"}
            if body := operation.get("requestBody"):
                reference = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                names |= document["components"]["schemas"][reference]["properties"]
            found[operation["operationId"]] = names
    for name in ("query_uss", "report_uss", "notify_reviewer"):
        promised = json.loads((ROOT / "examples/uss/tools" / f"{name}.json").read_text("utf-8"))["parameters"]
        assert set(promised["properties"]) == set(found[name])
        for argument, schema in promised["properties"].items():
            assert found[name][argument]["type"] == schema["type"]
            assert found[name][argument].get("enum") == schema.get("enum")


def test_answers_keep_to_the_openapi_document(uss: Uss) -> None:
    schemas = uss.client.get(f"{uss.url}/openapi.json").json()["components"]["schemas"]
    jsonschema.validate(uss.ask("GET", "/v1/reputation", params={"uri": "evil.com"}).json(), schemas["Rated"])
    jsonschema.validate(file(uss).json(), schemas["Ticket"])


def test_seed_data_are_the_same_every_time_and_of_both_verdicts() -> None:
    first = {rating.uri: rating.shown() for rating in ratings()}
    assert first == {rating.uri: rating.shown() for rating in ratings()}
    assert len(first) == COUNT + len(KNOWN)
    assert all(canonical(uri) == uri for uri in first)
    assert 100 < sum(row["level"] > 50 for row in first.values()) < 250


def test_the_program_starts_says_where_it_listens_and_stops(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "examples.uss.service",
        "--port",
        "0",
        "--database",
        f"sqlite:///{tmp_path}/new/u.db",
    ]
    environment = os.environ | {"USS_TOKEN": "given", "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    environment.pop("USS_REVIEW_TOKEN", None)
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr
        drawn, listens = program.stderr.readline(), program.stderr.readline()
        url = re.search(r"http://\S+", listens)
        assert drawn.startswith("export USS_REVIEW_TOKEN=")
        assert url
        got = httpx.get(f"{url[0]}/v1/reputation?uri=old-hotel7.top", headers={"Authorization": "Bearer given"})
        assert got.json() == {"level": KNOWN["old-hotel7.top"]}
        program.terminate()
    assert (tmp_path / "new" / "u.db").exists()


def test_a_database_that_cannot_be_used_is_one_line() -> None:
    command = [sys.executable, "-m", "examples.uss.service", "--database", "nonsense://x"]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": "src"}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: the database cannot be used")
