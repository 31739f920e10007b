"""A collector of OpenTelemetry on loopback, made of the scripted server: it takes OTLP over HTTP and decodes it."""

from __future__ import annotations

import gzip
import time
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.scripted_server import Answer, Request, ScriptedServer

DEADLINE = 15.0


def accepted(request: Request) -> Answer:
    """What a collector says to everything."""
    return Answer([b""], headers={"content-type": "application/x-protobuf"}, framing="length")


def exports(collector: ScriptedServer) -> list[ExportTraceServiceRequest]:
    """Everything that was sent to it."""
    found = []
    for request in list(collector.requests):
        assert (request.path, request.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
        packed = request.headers.get("content-encoding") == "gzip"
        found.append(ExportTraceServiceRequest.FromString(gzip.decompress(request.body) if packed else request.body))
    return found


def spans(collector: ScriptedServer) -> list[Span]:
    """Every span."""
    return [
        span
        for export in exports(collector)
        for resource in export.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def spans_when(collector: ScriptedServer, count: int) -> list[Span]:
    """The spans, as soon as there are so many."""
    end = time.monotonic() + DEADLINE
    while len(found := spans(collector)) < count:
        if time.monotonic() > end:
            raise AssertionError(f"{len(found)} of {count} spans came within {DEADLINE} s")
        time.sleep(0.02)
    return found


def attributes(span: Any) -> dict[str, Any]:
    """The attributes of a span, or of a resource."""
    return {pair.key: plain(pair.value) for pair in span.attributes}


def plain(value: Any) -> Any:
    """A value of the wire as Python's."""
    kind = value.WhichOneof("value")
    return [plain(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)
