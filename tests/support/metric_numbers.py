"""What /metrics says."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.support.rialto_server import RialtoServer

#: Label -> field of the usage line, for the directions of tokens.
TOKENS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
}


class Numbers:
    """The samples of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples of a name with these labels."""
        wanted = [sample for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()]
        return sum(sample.value for sample in wanted)

    def labels(self, name: str, label: str) -> set[str]:
        """The values of a label."""
        return {sample.labels[label] for sample in self.samples if sample.name == name}


def numbers_of(server: RialtoServer, headers: Mapping[str, str] | None = None) -> Numbers:
    """Those of a running server."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers=dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, text
        return Numbers(text)
    finally:
        connection.close()


def totals_of(lines: list[dict[str, Any]]) -> dict[str, float]:
    """What the counters must say of these lines of the usage log; the cost in USD."""
    counted = [line for line in lines if line["input_tokens"] is not None]
    return {
        "requests": len(lines),
        "errors": sum(line["error_type"] is not None for line in lines),
        **{direction: sum(line[field] for line in counted) for direction, field in TOKENS.items()},
        "cost": sum(line["cost_usd"] or 0 for line in lines),
        "unpriced": sum(line["cost_usd"] is None for line in counted),
        "retries": sum(line["retries"] for line in lines),
        "fallbacks": sum(line["fallbacks"] for line in lines),
        "durations": sum(line["latency_ms"] is not None for line in lines),
        "seconds": sum(line["latency_ms"] or 0 for line in lines) / 1000,
        "first tokens": sum(line["first_token_ms"] is not None for line in lines),
    }


def totals_in(numbers: Numbers) -> dict[str, float]:
    """The same of what the server says."""
    errors = numbers.labels("rialto_requests_total", "error_type") - {"none"}
    return {
        "requests": numbers.sum("rialto_requests_total"),
        "errors": sum(numbers.sum("rialto_requests_total", error_type=kind) for kind in errors),
        **{direction: numbers.sum("rialto_tokens_total", direction=direction) for direction in TOKENS},
        "cost": numbers.sum("rialto_cost_usd_total"),
        "unpriced": numbers.sum("rialto_unpriced_requests_total"),
        "retries": numbers.sum("rialto_retries_total"),
        "fallbacks": numbers.sum("rialto_fallbacks_total"),
        "durations": numbers.sum("rialto_request_duration_seconds_count"),
        "seconds": numbers.sum("rialto_request_duration_seconds_sum"),
        "first tokens": numbers.sum("rialto_first_token_seconds_count"),
    }
