"""The services and tools of agent.yaml: bound to files and environment, refused with file:line:column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from steadyhand.errors import DomainError, PrerequisiteError
from steadyhand.source.typed import read_typed
from steadyhand.source.yamlfile import read_yaml
from steadyhand.tools.config import Toolbox, bind
from steadyhand.tools.rows import ToolsRow
from tests.uss import TOKEN, Uss, running

TEXT = """\
services:
  uss: {url: "http://127.0.0.1:1", url_from: USS_URL, token_from: USS_TOKEN, retries: 0}
tools:
  report_uss:
    service: uss
    effect: write
    request: POST /v1/feedback
    key_header: Idempotency-Key
    find: {request: "GET /v1/feedback/by-key/{key}"}
    undo: {request: "DELETE /v1/feedback/{ticket}"}
"""
USS = Path(__file__).resolve().parents[2] / "examples" / "uss"
ARGUMENTS = {"uri": "evil.com", "verdict": "unsafe", "reason": "false_negative"}


def rows(text: str = TEXT) -> ToolsRow:
    return read_typed(read_yaml(text, "agent.yaml"), ToolsRow)


@pytest.fixture
def uss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Uss]:
    with running(tmp_path) as service:
        monkeypatch.setenv("USS_URL", service.url)
        monkeypatch.setenv("USS_TOKEN", TOKEN)
        yield service


def test_a_write_is_done_found_and_undone(uss: Uss) -> None:
    with bind(rows(), USS) as tools:
        report = tools["report_uss"]
        assert report.find
        assert report.undo
        assert report.find.call({"key": "key-00001"}).code == 404
        ticket = report.call(ARGUMENTS, key="key-00001").value["ticket"]
        assert report.find.call({"key": "key-00001"}).value["uri"] == "evil.com"
        assert report.undo.call({"ticket": ticket}).ok
    assert uss.filed() == [("evil.com", "unsafe", "withdrawn")]


def test_a_token_that_is_not_set_is_a_prerequisite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USS_TOKEN", raising=False)
    with pytest.raises(PrerequisiteError, match="USS_TOKEN"):
        bind(rows(), USS)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("retries: 0", "retrys: 0", "2:78", "unknown key 'retrys'"),
        ("retries: 0", "retries: many", "2:87", "integer"),
        ("effect: write", "effect: wrote", "6:13", "it cannot be 'wrote'"),
        ("    effect: write\n", "", "5:5", "the key 'effect' is missing"),
        ("POST /v1", "SEND /v1", "7:14", "a method and a path"),
        ("GET /v1", "PUT /v1", "5:5", "find is a GET"),
        ("service: uss", "service: abc", "1:1", "'abc', which is not under services"),
    ],
)
def test_mistakes_are_found_at_their_place(old: str, new: str, place: str, message: str) -> None:
    with pytest.raises(DomainError, match=message) as caught:
        rows(TEXT.replace(old, new, 1))
    assert str(caught.value.where) == f"agent.yaml:{place}"


def test_the_schema_file_must_be_there_and_bear_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USS_TOKEN", TOKEN)
    with pytest.raises(DomainError, match="has no schema"):
        bind(rows(), tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "report_uss.json").write_text('{"name": "other"}', "utf-8")
    with pytest.raises(DomainError, match="called 'other'"):
        bind(rows(), tmp_path)


def test_a_toolbox_is_a_mapping() -> None:
    assert (len(Toolbox({})), list(Toolbox({}))) == (0, [])
