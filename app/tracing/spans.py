"""One span for each exchange, by the semantic conventions for GenAI clients and for errors
(https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/,
https://opentelemetry.io/docs/specs/semconv/gen-ai/anthropic/,
https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/,
https://opentelemetry.io/docs/specs/semconv/general/recording-errors/, read 2026-11-21).

The input is all input, cached or not, as these conventions count it. What was said is in no span. The client's trace
goes on: its `traceparent` is the parent, and the vendor gets one that names the span
(https://www.w3.org/TR/trace-context/, read 2026-11-21).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.exchange.account import Account
from app.startup import VERSION
from app.usage.watching import Record
from translators.core.vendor import Json

OPERATION = "chat"
#: What answers where no vendor was found.
OURSELVES = "rialto"
#: Seconds that the end of the process waits for a collector.
FLUSH_SECONDS = 5.0
SECOND = 1_000_000_000
PORTS = {"http": 80, "https": 443}
#: Attribute -> field of the usage record.
OF_RECORD = {
    "gen_ai.conversation.id": "session_id",
    "gen_ai.request.stream": "stream",
    "gen_ai.usage.output_tokens": "output_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cache_read_tokens",
    "gen_ai.usage.cache_creation.input_tokens": "cache_write_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
    "error.type": "error_type",
    "rialto.request_id": "request_id",
    "rialto.kind": "kind",
    "rialto.alias": "alias",
    "rialto.client": "client",
    "rialto.cost_usd": "cost_usd",
    "rialto.retries": "retries",
    "rialto.fallbacks": "fallbacks",
}
#: Attribute -> field of the request.
OF_REQUEST = {
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.top_k": "top_k",
    "gen_ai.request.stop_sequences": "stop_sequences",
}
INPUT = ("input_tokens", "cache_read_tokens", "cache_write_tokens")


class Spans:
    """A watcher of the books that sends spans to a collector, in the background and several at once."""

    def __init__(self) -> None:
        resource = Resource.create({"service.name": OURSELVES, "service.version": VERSION})
        self._provider = TracerProvider(
            resource=resource.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(OURSELVES, VERSION)
        self._trace = TraceContextTextMapPropagator()
        self._spans: dict[str, Span] = {}
        self._ending, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._end, name="rialto-traces", daemon=True).start()

    def began(self, account: Account) -> None:
        """Begins a span, and lets the vendor's work belong to it."""
        parent, headers = self._trace.extract(account.came_with), dict[str, str]()
        start = round(account.began * SECOND)
        span = self._tracer.start_span(OPERATION, parent, SpanKind.CLIENT, start_time=start)
        self._trace.inject(headers, set_span_in_context(span))
        self._spans[account.request_id], account.goes_with = span, headers

    def settled(self, account: Account, entry: Record) -> None:
        """Ends it."""
        span = self._spans.pop(account.request_id)
        if account.wished:
            span.update_name(f"{OPERATION} {account.wished.model}")
        span.set_attributes(dict(attributes(account, entry)))
        if entry["error_type"]:
            span.set_status(StatusCode.ERROR)
        span.end(round((account.began + (account.ended or 0.0)) * SECOND))

    def found(self, entry: Record) -> None:
        """The span of a killed worker is gone with it."""

    def close(self) -> None:
        """Sends what has not been sent, if the collector takes it soon."""
        self._ending.set()
        self._ended.wait(FLUSH_SECONDS)

    def _end(self) -> None:
        """In a thread that is there already: when the process ends, none may begin."""
        self._ending.wait()
        self._provider.shutdown()
        self._ended.set()


def attributes(account: Account, entry: Record) -> Iterator[tuple[str, Any]]:
    """The attributes of an exchange; what is not known is left out."""
    yield "gen_ai.operation.name", OPERATION
    yield from known(entry, OF_RECORD)
    yield from known(account.message or {}, OF_REQUEST)
    yield from of_route(account)
    if entry["input_tokens"] is not None:
        yield "gen_ai.usage.input_tokens", sum(entry[name] for name in INPUT)
    if entry["stop_reason"]:
        yield "gen_ai.response.finish_reasons", [entry["stop_reason"]]
    if account.stream and account.first_token is not None:
        yield "gen_ai.response.time_to_first_chunk", account.first_token
    if isinstance(account.status, int):
        yield "http.response.status_code", account.status


def of_route(account: Account) -> Iterator[tuple[str, Any]]:
    """Who was asked for what, and who answered."""
    route = account.route or account.wished
    yield "gen_ai.provider.name", (route.vendor.traced_as or route.vendor.name) if route else OURSELVES
    if account.wished:
        yield "gen_ai.request.model", account.wished.model
    if route is None:
        return
    if account.stop_reason is not None or account.first_token is not None:
        yield "gen_ai.response.model", route.model
    place = urlsplit(route.base_url)
    if place.hostname:
        yield "server.address", place.hostname
        yield "server.port", place.port or PORTS.get(place.scheme, 0)


def known(source: Json | Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Attribute and value of the fields that there are."""
    for attribute, name in names.items():
        if source.get(name) is not None:
            yield attribute, source[name]
