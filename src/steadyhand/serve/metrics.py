"""What /metrics tells Prometheus. Labels come from closed lists, so that no client can make new series."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from steadyhand.chat.reason import Reason
from steadyhand.serve.answer import Answer

ROUTES = ("/v1/chat/completions", "/v1/models", "/v1/agent", "/healthz", "/metrics")
SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
REFUSALS = (
    Reason.PARSE_UNCLOSED, Reason.PARSE_JSON, Reason.PARSE_SHAPE, Reason.UNKNOWN_TOOL, Reason.WRONG_COUNT,
    Reason.SCHEMA,
)  # fmt: skip


class Metrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = of = CollectorRegistry()
        self.requests = Counter("steady_requests", "Requests that were answered.", ["route", "status"], registry=of)
        self.seconds = Histogram(
            "steady_request_seconds", "Until the end of the answer.", ["route"], registry=of, buckets=SECONDS
        )
        self.tokens = Counter("steady_tokens", "Tokens of finished answers.", ["model", "kind"], registry=of)
        self.refusals = Counter(
            "steady_tool_call_refusals", "Attempts to call that were handed on as text.", ["code"], registry=of
        )
        self.withheld = Counter(
            "steady_guard_refusals", "Answers that a check of the domain withheld.", ["check", "code"], registry=of
        )
        self._of_answers, self._of_tokens = lru_cache(None)(self._children), lru_cache(None)(self.tokens.labels)
        self.busy = Gauge("steady_jobs", "Answers under way or waiting.", registry=of)
        for code in REFUSALS:
            self.refusals.labels(code.value)

    def answered(self, model: str, answer: Answer) -> None:
        self._of_tokens(model, "prompt").inc(answer.prompt_tokens)
        self._of_tokens(model, "completion").inc(answer.completion_tokens)
        if answer.refused:
            self.refusals.labels(answer.refused.value).inc()
        if answer.withheld:
            self.withheld.labels(answer.withheld.check, answer.withheld.code).inc()

    def request(self, path: str, status: int, seconds: float) -> None:
        route = next((route for route in ROUTES if path == route or path.startswith(f"{route}/")), "other")
        requests, lasting = self._of_answers(route, status)
        requests.inc()
        lasting.observe(seconds)

    def _children(self, route: str, status: int) -> tuple[Counter, Histogram]:
        return self.requests.labels(route, str(status)), self.seconds.labels(route)

    def text(self) -> bytes:
        return generate_latest(self._registry)
