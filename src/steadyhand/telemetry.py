"""Spans and metrics by OpenTelemetry's conventions for generative AI, for whoever watches many services in one place.

Off unless `start` was called, and then nothing of OpenTelemetry is imported. What is exported are names, counts and
times: never a report, a prompt, an argument or an answer. The record of what was done is the audit log, not this.

Names and buckets: OpenTelemetry semantic conventions, gen-ai spans and metrics. Spans are `chat MODEL`,
`invoke_agent NAME` and `execute_tool NAME`; metrics are gen_ai.client.operation.duration, gen_ai.client.token.usage and
gen_ai.server.time_to_first_token.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from steadyhand.extras import not_installed

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = tuple(4**n for n in range(14))
FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
PROVIDER = "steadyhand"
P = ParamSpec("P")
R = TypeVar("R")
_COMMON = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.tool.name", "error.type")


class Operation:
    """One piece of work while it lasts; what is noted becomes attributes of its span."""

    def __init__(self, notes: dict[str, Any]) -> None:
        self.notes = notes
        self.began = time.perf_counter()
        self.first: float | None = None

    def note(self, attributes: Mapping[str, Any]) -> None:
        self.notes |= attributes

    def failed(self, kind: str) -> None:
        self.notes["error.type"] = kind

    def spoke(self) -> None:
        """The first piece of the answer is there."""
        if self.first is None:
            self.first = time.perf_counter() - self.began


class _Exporter:
    def __init__(self, traces: Any, meters: Any) -> None:
        from opentelemetry import propagate, trace

        self.trace, self.propagate = trace, propagate
        self.tracer = trace.get_tracer("steadyhand", tracer_provider=traces)
        meter = meters.get_meter("steadyhand")
        self.duration = _histogram(meter, "gen_ai.client.operation.duration", "s", SECONDS)
        self.usage = _histogram(meter, "gen_ai.client.token.usage", "{token}", TOKENS)
        self.first = _histogram(meter, "gen_ai.server.time_to_first_token", "s", FIRST)

    @contextmanager
    def operation(self, name: str, subject: str, notes: Mapping[str, Any], *, remote: bool) -> Iterator[Operation]:
        kind = self.trace.SpanKind.CLIENT if remote else self.trace.SpanKind.INTERNAL
        done = Operation({"gen_ai.operation.name": name, "gen_ai.provider.name": PROVIDER, **notes})
        with self.tracer.start_as_current_span(f"{name} {subject}", kind=kind, record_exception=False) as span:
            try:
                yield done
            except BaseException as error:
                done.failed(type(error).__name__)
                raise
            finally:
                span.set_attributes(done.notes)
                if "error.type" in done.notes:
                    span.set_status(self.trace.StatusCode.ERROR)
                self._measure(done)

    def _measure(self, done: Operation) -> None:
        labels = {name: done.notes[name] for name in _COMMON if name in done.notes}
        self.duration.record(time.perf_counter() - done.began, labels)
        if done.first is not None:
            self.first.record(done.first, labels)
        for kind in ("input", "output"):
            if count := done.notes.get(f"gen_ai.usage.{kind}_tokens"):
                self.usage.record(count, labels | {"gen_ai.token.type": kind})


_exporter: _Exporter | None = None


def start(traces: Any, meters: Any) -> Callable[[], None]:
    """Exports to an OpenTelemetry tracer provider and meter provider from now on, until what it returns is called."""
    global _exporter
    before, _exporter = _exporter, _Exporter(traces, meters)

    def stop() -> None:
        global _exporter
        _exporter = before

    return stop


@contextmanager
def exporting(on: bool) -> Iterator[None]:
    """With `on`, sends by OTLP over HTTP where OpenTelemetry's own OTEL_* variables say, and the rest at the end.

    Raises PrerequisiteError when the packages are not installed.
    """
    if not on:
        yield
        return
    traces, meters = _otlp()
    stop = start(traces, meters)
    try:
        yield
    finally:
        stop()
        traces.shutdown()
        meters.shutdown()


def _otlp() -> tuple[Any, Any]:
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise not_installed(error.name or "opentelemetry", "telemetry") from error
    resource = Resource.create({"service.name": "steadyhand"} | _named())
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return traces, MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource)


def _named() -> dict[str, str]:
    """A service name of the environment goes before ours."""
    import os

    return {"service.name": name} if (name := os.environ.get("OTEL_SERVICE_NAME")) else {}


def is_on() -> bool:
    return _exporter is not None


@contextmanager
def operation(name: str, subject: str, attributes: Mapping[str, Any], *, remote: bool = False) -> Iterator[Operation]:
    """`name` is chat, invoke_agent or execute_tool, `subject` the model, agent or tool; `remote`: another process does
    it."""
    if _exporter is None:
        yield Operation({})
        return
    with _exporter.operation(name, subject, attributes, remote=remote) as done:
        yield done


@contextmanager
def continuing(headers: Mapping[str, str]) -> Iterator[None]:
    """Spans of the block belong to the caller's trace, where its request names one (W3C traceparent)."""
    if _exporter is None or "traceparent" not in headers:
        yield
        return
    from opentelemetry import context

    token = context.attach(_exporter.propagate.extract(dict(headers)))
    try:
        yield
    finally:
        context.detach(token)


def carried(work: Callable[P, R]) -> Callable[P, R]:
    """`work` for another thread, with the spans of this one above it."""
    if _exporter is None:
        return work
    here = contextvars.copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return here.copy().run(work, *args, **kwargs)

    return run


def _histogram(meter: Any, name: str, unit: str, bounds: tuple[float, ...]) -> Any:
    return meter.create_histogram(name, unit, explicit_bucket_boundaries_advisory=list(bounds))
