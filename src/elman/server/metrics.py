"""Metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from elman.server.registry import ModelEntry

MEDIA_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds


class Metrics:
    """The metrics of one server; called after every request.

    Args:
        models: the models that are served.

    Attributes:
        sessions, keyboards: their current numbers, set by their owners.
    """

    def __init__(self, models: Mapping[str, ModelEntry]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "elman_requests",
            "Requests by operation and status",
            ("operation", "status"),
            registry=self._registry,
        )
        self._duration = Histogram(
            "elman_request_duration_seconds",
            "Time to answer a request",
            ("operation",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        # Looking up labels takes longer than counting.
        self._labelled: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.sessions = self.keyboards = 0
        self._registry.register(_LiveMetrics(self, models))

    def __call__(self, operation: str, status: int, seconds: float) -> None:
        found = self._labelled.get((operation, status))
        if found is None:
            found = self._requests.labels(operation, status), self._duration.labels(operation)
            self._labelled[operation, status] = found
        requests, duration = found
        requests.inc()
        duration.observe(seconds)

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self._registry)


class _LiveMetrics(Collector):
    """Metrics that are read when they are requested."""

    def __init__(self, metrics: Metrics, models: Mapping[str, ModelEntry]) -> None:
        self._metrics, self._models = metrics, models

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        queued = GaugeMetricFamily(
            "elman_queued_requests", "Requests without an answer yet", labels=["model"]
        )
        active = GaugeMetricFamily(
            "elman_active_generations", "Texts being generated", labels=["model"]
        )
        tokens = CounterMetricFamily("elman_generated_tokens", "Tokens generated", labels=["model"])
        for name, entry in self._models.items():
            queued.add_metric([name], entry.dispatcher.queued)
            if entry.generation is not None:
                active.add_metric([name], entry.generation.active)
                tokens.add_metric([name], entry.generation.tokens)
        yield from (queued, active, tokens)
        counts = self._metrics
        yield GaugeMetricFamily("elman_sessions", "Live sessions", value=counts.sessions)
        yield GaugeMetricFamily("elman_keyboards", "Live keyboards", value=counts.keyboards)
