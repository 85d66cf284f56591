"""What is exported: spans and metrics of real runs, in memory and over real OTLP; and what never is."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from steadyhand import telemetry
from steadyhand.agent.session import opened
from steadyhand.models.backend import Prompt
from steadyhand.models.generation.tracing import traced
from tests.serving import Scripted, serving
from tests.uss import TOKEN, Uss, agent_files, running

needs_sdk = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry.sdk") is None if importlib.util.find_spec("opentelemetry") else True,
    reason="the extra `otel` is not installed: pip install 'steadyhand[otel]'",
)
FOLDER = Path(__file__).resolve().parents[1] / "examples" / "uss"
REPORT = "The loader calls home to low-seven7[.]com.\n"
WISH = {"name": "report_uss", "arguments": {"uri": "low-seven7.com", "verdict": "unsafe", "reason": "false_negative"}}
CALL = f"<tool_call>\n{json.dumps(WISH)}\n</tool_call>"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Watch:
    """What an exporter in memory has seen so far."""

    def __init__(self) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self.memory, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.traces, self.meters = TracerProvider(), MeterProvider([self.reader])
        self.traces.add_span_processor(SimpleSpanProcessor(self.memory))

    def spans(self) -> list[Any]:
        return list(self.memory.get_finished_spans())

    def named(self, name: str) -> Any:
        (found,) = [span for span in self.spans() if span.name == name]
        return found

    def points(self, name: str) -> dict[tuple[str, ...], Any]:
        """The metric's data points by the values of their attributes."""
        scopes = [scope for row in self.reader.get_metrics_data().resource_metrics for scope in row.scope_metrics]
        metrics = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
        return {tuple(map(str, point.attributes.values())): point for one in metrics for point in one.data.data_points}


@pytest.fixture
def watch() -> Iterator[Watch]:
    found = Watch()
    stop = telemetry.start(found.traces, found.meters)
    yield found
    stop()
    found.traces.shutdown()
    found.meters.shutdown()


@pytest.fixture
def uss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Uss]:
    with running(tmp_path) as service:
        monkeypatch.setenv("USS_URL", service.url)
        monkeypatch.setenv("USS_TOKEN", TOKEN)
        service.rate(**{"low-seven7.com": 12})
        yield service


@needs_sdk
def test_an_answer_of_the_bare_model_is_a_chat_span_in_the_callers_trace(watch: Watch) -> None:
    with serving(lambda: Scripted(lambda _: "Hello there.")) as server:
        server.client.headers["traceparent"] = PARENT
        server.message("hi", max_tokens=9, temperature=0.5, seed=3)
        server.streamed("hi")
    first, second = watch.spans()
    assert (first.name, first.kind.name, f"{first.context.trace_id:032x}") == ("chat m", "INTERNAL", PARENT[3:35])
    assert f"{first.parent.span_id:016x}" == PARENT[36:52]
    wanted = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "steadyhand", "gen_ai.request.model": "m",
        "gen_ai.request.max_tokens": 9, "gen_ai.request.temperature": 0.5, "gen_ai.request.top_p": 1.0,
        "gen_ai.request.seed": 3, "gen_ai.request.stream": True, "gen_ai.response.model": "m",
        "gen_ai.response.finish_reasons": ("stop",), "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 12,
    }  # fmt: skip
    assert dict(first.attributes) == wanted
    assert second.attributes["gen_ai.request.temperature"] == 0
    usage = watch.points("gen_ai.client.token.usage")
    assert {key[-1]: (point.count, point.sum) for key, point in usage.items()} == {"input": (2, 14), "output": (2, 24)}
    (first_token,) = watch.points("gen_ai.server.time_to_first_token").values()
    (duration,) = watch.points("gen_ai.client.operation.duration").values()
    assert (first_token.count, duration.count) == (2, 2)
    assert 0 < first_token.sum <= duration.sum
    assert duration.explicit_bounds == telemetry.SECONDS


@needs_sdk
def test_a_report_is_one_tree_of_spans(watch: Watch, uss: Uss, tmp_path: Path) -> None:
    def says(prompt: Prompt) -> str:
        return CALL

    text = (FOLDER / "agent.yaml").read_text("utf-8").replace("approval: true", "approval: false")
    (tmp_path / "tools").mkdir()
    agent_files(tmp_path)
    (tmp_path / "agent.yaml").write_text(text, "utf-8")
    for name in ("extract_resource", "query_uss", "report_uss"):
        (tmp_path / "tools" / f"{name}.json").write_bytes((FOLDER / "tools" / f"{name}.json").read_bytes())
    with (
        opened(tmp_path, tmp_path / "audit.jsonl") as session,
        serving(lambda: Scripted(says), session=session, judge=True, send=True) as server,
    ):
        assert "1 written" in server.message(REPORT, model="steady-agent")[0]["content"]
        key = session.log.records[-1].data["key"]
    agent = watch.named("invoke_agent steady-agent")
    children = {span.name: span for span in watch.spans() if span is not agent}
    assert set(children) == {"execute_tool query_uss", "chat m", "execute_tool report_uss"}
    assert {span.parent.span_id for span in children.values()} == {agent.context.span_id}
    assert agent.attributes["gen_ai.agent.name"] == "steady-agent"
    assert agent.attributes["steadyhand.state"] == "complete"
    assert children["execute_tool report_uss"].attributes["gen_ai.tool.call.id"] == key
    assert len(watch.points("gen_ai.client.operation.duration")) == 4


@needs_sdk
def test_a_tool_that_fails_is_an_error_by_its_status(watch: Watch, uss: Uss, tmp_path: Path) -> None:
    uss.fault({"kind": "fail", "times": 4})
    with opened(FOLDER, tmp_path / "audit.jsonl") as session:
        assert session.take(REPORT).state == "incomplete"
    span = watch.named("execute_tool query_uss")
    assert (span.attributes["error.type"], span.status.status_code.name) == ("unknown", "ERROR")
    assert watch.named("invoke_agent steady-agent").attributes["steadyhand.state"] == "incomplete"


@needs_sdk
def test_what_was_said_is_never_exported(watch: Watch, uss: Uss, tmp_path: Path) -> None:
    with (
        opened(FOLDER, tmp_path / "audit.jsonl") as session,
        serving(lambda: Scripted(lambda _: CALL), session=session, judge=True) as server,
    ):
        server.message("my password is geheim")
        server.message(REPORT, model="steady-agent")
    told = " ".join(span.to_json() for span in watch.spans()) + str(watch.reader.get_metrics_data())
    assert not [word for word in ("geheim", "low-seven7", "loader", "false_negative", TOKEN) if word in told]


class Collector(BaseHTTPRequestHandler):
    """Takes what OTLP sends, as a collector does."""

    got: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@needs_sdk
def test_otlp_reaches_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    got: list[tuple[str, bytes]] = []
    with HTTPServer(("127.0.0.1", 0), type("Here", (Collector,), {"got": got})) as collector:
        threading.Thread(target=collector.serve_forever).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        with telemetry.exporting(True), serving(lambda: Scripted(lambda _: "Hello.")) as server:
            server.message("hi")
        collector.shutdown()
    assert not telemetry.is_on()
    rows = dict(got)
    sent = ExportTraceServiceRequest.FromString(rows["/v1/traces"]).resource_spans[0]
    assert [span.name for scope in sent.scope_spans for span in scope.spans] == ["chat m"]
    assert "steadyhand" in str(sent.resource)
    metrics = ExportMetricsServiceRequest.FromString(rows["/v1/metrics"]).resource_metrics[0]
    names = {metric.name for scope in metrics.scope_metrics for metric in scope.metrics}
    assert names >= {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}


def test_off_nothing_is_wrapped() -> None:
    model = Scripted(str)
    assert traced(model, "m") is model
    with telemetry.operation("chat", "m", {}) as done:
        done.note({"a": 1})
    assert telemetry.carried(str) is str


def test_without_the_packages_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from steadyhand.errors import PrerequisiteError

    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.metrics", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.metric_exporter", None)
    with pytest.raises(PrerequisiteError) as caught, telemetry.exporting(True):
        pass
    assert "steadyhand[otel]" in str(caught.value.next)
