"""Tools of real MCP servers, each a process of its own, over stdio and streamable HTTP, with the real USS behind."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadyhand.agent.audit import Log
from steadyhand.agent.policy import Policy
from steadyhand.agent.session import opened
from steadyhand.agent.writer import State, Writer
from steadyhand.errors import DomainError, JobError, PrerequisiteError
from steadyhand.source.typed import read_typed
from steadyhand.source.yamlfile import read_yaml
from steadyhand.tools.config import Toolbox, bind
from steadyhand.tools.result import Result, Status
from steadyhand.tools.rows import ToolsRow
from tests.agent_world import proposal
from tests.uss import TOKEN, Uss, agent_files, running

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mcp") is None, reason="the extra `mcp` is not installed: pip install 'steadyhand[mcp]'"
)
ROOT = Path(__file__).resolve().parents[2]
SERVER = [sys.executable, "-m", "examples.uss.service.mcp"]
TEXT = """\
services:
  uss: {SERVICE, timeout: 60, retries: 0}
tools:
  query_uss:
    service: uss
    effect: read
    call: reputation
    answers: {type: object, anyOf: [{required: [level]}, {required: [result]}]}
  report_uss:
    service: uss
    effect: write
    call: file_feedback
    key_argument: key
    answers: {type: object, required: [ticket, state]}
    refused: {required: [error], properties: {error: {const: already reported}}}
    find:
      call: feedback_by_key
      arguments: {key: "{key}"}
      refused: {required: [error], properties: {error: {const: no feedback with this key}}}
      answers: {required: [ticket]}
    undo: {call: withdraw, arguments: {ticket: "{ticket}"}, answers: {required: [ticket]}}
"""
STDIO = f"kind: mcp, command: [sh, -c, 'echo $$ > $PID_FILE; exec {' '.join(SERVER)}'], pass_env: [PID_FILE, USS_URL, USS_TOKEN, PYTHONPATH]"  # noqa: E501
ARGUMENTS = {"uri": "evil.com", "verdict": "unsafe", "reason": "false_negative"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uss]:
    folder = tmp_path_factory.mktemp("uss")
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with pytest.MonkeyPatch.context() as patch, running(folder) as service:
        for name, value in {"USS_URL": service.url, "USS_TOKEN": TOKEN, "PYTHONPATH": path}.items():
            patch.setenv(name, value)
        patch.setenv("PID_FILE", str(folder / "pid"))
        service.rate(**{"evil.com": 12, "low-seven7.com": 12})
        yield service


@pytest.fixture(scope="module")
def address(server: Uss) -> Iterator[str]:
    child = subprocess.Popen([*SERVER, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    yield child.stdout.readline().strip()
    child.terminate()
    child.wait()
    child.stdout.close()


@pytest.fixture(scope="module", params=["stdio", "http"])
def tools(request: pytest.FixtureRequest, server: Uss) -> Iterator[Toolbox]:
    where = STDIO if request.param == "stdio" else f"kind: mcp, url: '{request.getfixturevalue('address')}'"
    with bind(rows(TEXT.replace("SERVICE", where)), Path("no schemas here")) as found:
        yield found


@pytest.fixture
def uss(server: Uss) -> Uss:
    server.fault()
    return server


def rows(text: str) -> ToolsRow:
    return read_typed(read_yaml(text, "agent.yaml"), ToolsRow)


def key_of(tools: Toolbox, name: str) -> str:
    return f"{name}-{id(tools)}"


def test_a_read_comes_back_validated(uss: Uss, tools: Toolbox) -> None:
    assert tools["query_uss"].call({"uri": "evil.com"}) == Result(Status.OK, {"level": 12})
    assert tools["query_uss"].call({"uri": 1}).status is Status.INVALID
    assert tools["query_uss"].call({}).status is Status.INVALID


def test_the_servers_schema_is_the_tools_without_the_key(uss: Uss, tools: Toolbox) -> None:
    tool = tools["report_uss"].tool
    assert (tool.name, tool.description[:29]) == ("report_uss", "Tell USS that its verdict is ")
    assert set(tool.parameters["properties"]) == set(tool.parameters["required"]) == {"uri", "verdict", "reason"}
    assert tools["report_uss"].call({**ARGUMENTS, "verdict": "purple"}).status is Status.INVALID


def test_a_write_is_done_once_found_and_undone(uss: Uss, tools: Toolbox) -> None:
    report, key = tools["report_uss"], key_of(tools, "once")
    assert report.find
    assert report.undo
    assert report.find.call({"key": key}).code == 404
    first, again = (report.call(ARGUMENTS, key=key) for _ in range(2))
    assert (first.status, first.value) == (Status.OK, again.value)
    assert report.find.call({"key": key}).value["uri"] == "evil.com"
    assert report.call(ARGUMENTS, key=key_of(tools, "other")).status is Status.REFUSED
    assert report.undo.call({"ticket": first.value["ticket"]}).ok
    assert ("evil.com", "unsafe", "withdrawn") in uss.filed()


def test_an_error_of_the_tool_leaves_a_write_in_doubt_and_reading_settles_it(
    uss: Uss, tools: Toolbox, tmp_path: Path
) -> None:
    uss.fault({"kind": "fail_after", "method": "POST"})
    name = f"doubt-{id(tools)}.com"
    agent = Writer(dict(tools), Policy(approval=False), Log(tmp_path / "audit.jsonl"))
    outcome = agent.settle(proposal(name), send=True)
    agent.log.close()
    assert (outcome.state, outcome.detail) == (
        State.DONE,
        "the tool failed: Error executing tool file_feedback: USS failed: HTTP 503",
    )
    assert [record.event for record in agent.log.records] == ["intent", "result", "reconciled"]
    assert [row for row in uss.filed() if row[0] == name] == [(name, "unsafe", "pending")]


def test_an_answer_that_breaks_its_schema_is_none(uss: Uss, tools: Toolbox) -> None:
    uss.fault({"kind": "fail", "times": 1})
    assert tools["query_uss"].call({"uri": "evil.com"}).status is Status.UNKNOWN


def test_a_server_that_dies_in_a_call_leaves_doubt_and_the_next_call_starts_it_anew(uss: Uss) -> None:
    with bind(rows(TEXT.replace("SERVICE", STDIO)), Path("none")) as tools:
        assert tools["query_uss"].call({"uri": "evil.com"}).ok
        uss.fault({"kind": "slow", "seconds": 30, "method": "POST"})
        pid = int(Path(os.environ["PID_FILE"]).read_text("utf-8"))
        from threading import Timer

        killer = Timer(1.0, os.kill, (pid, signal.SIGKILL))
        killer.start()
        result = tools["report_uss"].call({**ARGUMENTS, "uri": "dies.com"}, key="dies-00001")
        killer.join()
        assert result.status is Status.UNKNOWN
        uss.fault()
        assert tools["query_uss"].call({"uri": "evil.com"}).ok
        assert int(Path(os.environ["PID_FILE"]).read_text("utf-8")) != pid


def test_a_report_goes_through_the_plan_over_mcp(uss: Uss, tmp_path: Path) -> None:
    example = (ROOT / "examples" / "uss" / "agent.yaml").read_text("utf-8")
    plan = example[example.index("plan:") :].replace("approval: true", "approval: false")
    plan = plan.replace("  extract: extract_resource", "  # no")
    (tmp_path / "agent.yaml").write_text(TEXT.replace("SERVICE", STDIO) + plan, "utf-8")
    agent_files(tmp_path)
    with opened(tmp_path, tmp_path / "audit.jsonl") as session:
        found = [session.take("The loader calls home to low-seven7[.]com.\n", send=True) for _ in range(2)]
    assert [(row.ending.value, row.detail.split()[-1]) for run in found for row in run.rows] == [
        ("written", "pending")
    ] * 2
    assert [row for row in uss.filed() if row[0] == "low-seven7.com"] == [("low-seven7.com", "unsafe", "pending")]


def test_a_server_that_is_not_there_is_one_error(server: Uss) -> None:
    for where in ("kind: mcp, url: 'http://127.0.0.1:9/mcp'", "kind: mcp, command: [no-such-program-here]"):
        with pytest.raises(JobError, match="does not answer"):
            bind(rows(TEXT.replace("SERVICE", where)), Path("none"))


def test_with_schemas_of_its_own_a_domain_is_bound_without_the_server(server: Uss) -> None:
    where = "kind: mcp, url: 'http://127.0.0.1:9/mcp'"
    with bind(rows(TEXT.replace("SERVICE", where)), ROOT / "examples" / "uss") as tools:
        result = tools["query_uss"].call({"uri": "evil.com"})
    assert result.status is Status.NOT_SENT


def test_a_tool_that_the_server_does_not_have_is_named(uss: Uss, address: str) -> None:
    text = TEXT.replace("SERVICE", f"kind: mcp, url: '{address}'").replace("call: reputation", "call: reputations")
    with pytest.raises(DomainError, match="has no tool 'reputations'"):
        bind(rows(text), Path("none"))


def test_without_the_sdk_the_extra_is_named(server: Uss, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(PrerequisiteError, match="not installed") as caught:
        bind(rows(TEXT.replace("SERVICE", STDIO)), Path("none"))
    assert "steadyhand[mcp]" in str(caught.value.next)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: mcp, ", "", "belong to kind: mcp"),
        ("SERVICE", "kind: mcp, url: 'http://h', command: [x]", "a url, or"),
        ("SERVICE", "kind: mcp, command: [x], token_from: T", "token_from belongs to a url"),
        ("SERVICE", "url: 'http://h'", "belong to kind: mcp"),
        ("call: reputation", "request: GET /x", "belong to HTTP"),
        ("key_argument: key", "key_header: Key", "key_argument for kind: mcp"),
        ('      refused: {required: [error], properties: {error: {const: no feedback with this key}}}\n', "", "refused, which says"),  # noqa: E501
        ("undo: {call: withdraw, ", "undo: {", "undo of report_uss: lacks call"),
        ("effect: write\n    call", "effect: read\n    call", "belong to a write"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file_are_told(old: str, new: str, message: str) -> None:
    text = TEXT.replace("SERVICE", STDIO) if old != "SERVICE" else TEXT
    with pytest.raises(DomainError, match=message):
        rows(text.replace(old, new, 1))
