"""What exchanges came to, out of their usage records."""

from __future__ import annotations

from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.exchange.account import CLIENT_GONE, KILLED, STOPPED, Account
from app.metrics.models import NONE, Models
from app.usage.kind import KINDS
from app.usage.watching import Record
from translators.core.errors import TYPES

#: Seconds. Models take from a blink to many minutes; the marks lie close where alerts and percentiles look.
DURATIONS = (0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800)
FIRST_TOKENS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120, 300)
#: Label -> the field of the record.
DIRECTIONS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
}
#: Types that vendors may name themselves become `other`, and so do kinds that nobody knows.
ERROR_TYPES = frozenset({*TYPES.values(), KILLED, STOPPED})
REQUEST_KINDS = frozenset({*KINDS, "test"})
OTHER = "other"
MODEL = ("vendor", "model")


class Exchanges:
    """A watcher of the books; `registry` is None where files take the numbers."""

    def __init__(self, models: Models, registry: CollectorRegistry | None) -> None:
        self._models = models
        self._of = cache(labelled)
        self._running = Gauge(
            "rialto_exchanges_in_flight", "Exchanges that run", registry=registry, multiprocess_mode="livesum"
        )
        self._requests = Counter(
            "rialto_requests",
            "Exchanges that have ended",
            (*MODEL, "status", "error_type", "kind", "stream"),
            registry=registry,
        )
        self._tokens = Counter("rialto_tokens", "Tokens by direction", (*MODEL, "direction"), registry=registry)
        self._cost = Counter("rialto_cost_usd", "What the tokens cost, in USD", MODEL, registry=registry)
        self._unpriced = Counter(
            "rialto_unpriced_requests", "Exchanges with tokens of unknown price", MODEL, registry=registry
        )
        self._retries = Counter("rialto_retries", "Further tries at the same model", MODEL, registry=registry)
        self._fallbacks = Counter("rialto_fallbacks", "Times that another model was tried", MODEL, registry=registry)
        self._duration = Histogram(
            "rialto_request_duration_seconds",
            "From the request to the end of the answer",
            (*MODEL, "outcome"),
            buckets=DURATIONS,
            registry=registry,
        )
        self._first_token = Histogram(
            "rialto_first_token_seconds",
            "From the request to the first content of a stream",
            MODEL,
            buckets=FIRST_TOKENS,
            registry=registry,
        )

    def began(self, account: Account) -> None:
        """One more runs."""
        self._running.inc()

    def settled(self, account: Account, entry: Record) -> None:
        """One has ended."""
        self._running.dec()
        self.found(entry)

    def found(self, entry: Record) -> None:
        """Counts a record."""
        vendor, answered = entry["vendor"], entry["stop_reason"] is not None
        model = (vendor or NONE, self._models.label(vendor, entry["model"], answered))
        self._of(self._requests, *model, *facts(entry)).inc()
        self._of(self._retries, *model).inc(entry["retries"])
        self._of(self._fallbacks, *model).inc(entry["fallbacks"])
        if entry["input_tokens"] is not None:
            self._spent(model, entry)
        if entry["latency_ms"] is not None:
            self._of(self._duration, *model, outcome(entry)).observe(entry["latency_ms"] / 1000)
        if entry["first_token_ms"] is not None:
            self._of(self._first_token, *model).observe(entry["first_token_ms"] / 1000)

    def close(self) -> None:
        """The numbers stay."""

    def _spent(self, model: tuple[str, str], entry: Record) -> None:
        for direction, name in DIRECTIONS.items():
            self._of(self._tokens, *model, direction).inc(entry[name])
        if entry["cost_usd"] is None:
            self._of(self._unpriced, *model).inc()
        else:
            self._of(self._cost, *model).inc(entry["cost_usd"])


def labelled(metric: Any, *labels: Any) -> Any:
    """The series of a metric. Looking it up takes most of the time that counting takes, so it is kept."""
    return metric.labels(*labels)


def facts(entry: Record) -> tuple[Any, ...]:
    """The labels of a request behind its vendor and model."""
    error_type, kind = entry["error_type"], entry["kind"]
    return (
        entry["status"],
        NONE if error_type is None else error_type if error_type in ERROR_TYPES else OTHER,
        NONE if kind is None else kind if kind in REQUEST_KINDS else OTHER,
        "true" if entry["stream"] else "false",
    )


def outcome(entry: Record) -> str:
    """`ok`, `left` (the client) or `error`."""
    if entry["error_type"] is not None:
        return "error"
    return "left" if entry["status"] == CLIENT_GONE else "ok"
