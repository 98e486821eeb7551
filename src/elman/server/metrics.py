"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from elman.server.served import Served

TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Of one server."""

    def __init__(self, models: Mapping[str, Served]) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "elman_answers", "Answers by status", ("operation", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "elman_seconds",
            "Time to answer",
            ("operation",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._of: dict[tuple[str, int], Counter] = {}
        self._times: dict[str, Histogram] = {}
        self.sessions = self.keyboards = 0
        self.registry.register(_Now(self, models))

    def __call__(self, operation: str, status: int, seconds: float) -> None:
        answers = self._of.get((operation, status))
        if answers is None:
            answers = self._answers.labels(operation, status)
            self._of[operation, status] = answers
            self._times[operation] = self._seconds.labels(operation)
        answers.inc()
        self._times[operation].observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Now(Collector):
    """What is counted when it is asked for."""

    def __init__(self, metrics: Metrics, models: Mapping[str, Served]) -> None:
        self._metrics, self._models = metrics, models

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("elman_waiting", "Requests that wait", labels=["model"])
        writing = GaugeMetricFamily("elman_writing", "Texts being written", labels=["model"])
        tokens = GaugeMetricFamily("elman_tokens", "Tokens written", labels=["model"])
        for name, served in self._models.items():
            waiting.add_metric([name], served.desk.waiting)
            if served.writers is not None:
                writing.add_metric([name], served.writers.writing)
                tokens.add_metric([name], served.writers.tokens)
        yield from (waiting, writing, tokens)
        live = self._metrics
        yield GaugeMetricFamily("elman_sessions", "Live sessions", value=live.sessions)
        yield GaugeMetricFamily("elman_keyboards", "Live keyboards", value=live.keyboards)
