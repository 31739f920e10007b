"""The fields of the log files as DuckDB's columns (docs/usage-log.md explains them), and what is measured with them."""

from __future__ import annotations

from dataclasses import dataclass

TEXT, WHOLE, FLAG, MONEY, MOMENT = "VARCHAR", "INTEGER", "BOOLEAN", "DOUBLE", "TIMESTAMP"

#: Whose exchange it was and what became of it.
SHARED = {
    "time": TEXT,
    "request_id": TEXT,
    "client": TEXT,
    "session_id": TEXT,
    "agent_id": TEXT,
    "kind": TEXT,
    "alias": TEXT,
    "vendor": TEXT,
    "model": TEXT,
    "protocol": TEXT,
    "stream": FLAG,
    "status": TEXT,
    "error_type": TEXT,
}
COUNTED = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
TIMED = ("first_token_ms", "latency_ms", "upstream_ms")
NUMBERED = ("retries", "fallbacks", "continuations", "tools_offered", "tools_called", "images")


@dataclass(frozen=True, slots=True)
class Log:
    """A kind of file: its name, and its fields with their types."""

    name: str
    file: str
    fields: dict[str, str]

    @property
    def columns(self) -> dict[str, str]:
        """What is kept of a line: its fields, the time as one, and the folder."""
        return {**self.fields, "time": MOMENT, "place": TEXT}


USAGE = Log(
    "usage",
    "usage.jsonl",
    {
        **SHARED,
        "stop_reason": TEXT,
        **dict.fromkeys(COUNTED, WHOLE),
        "estimated": FLAG,
        "cost_usd": MONEY,
        **dict.fromkeys((*TIMED, *NUMBERED), WHOLE),
    },
)
ERRORS = Log("errors", "errors.jsonl", {"time": TEXT, "request_id": TEXT, "by_vendor": FLAG, "message": TEXT})
LOGS = (USAGE, ERRORS)

INPUT = "(input_tokens::BIGINT + cache_read_tokens + cache_write_tokens)"
#: Over many exchanges: what adds up,
SUMS = {
    "requests": "count(*)",
    "errors": "count(error_type)",
    "tokens_in": f"coalesce(sum({INPUT}), 0)::BIGINT",
    "cache_read": "coalesce(sum(cache_read_tokens), 0)::BIGINT",
    "cache_write": "coalesce(sum(cache_write_tokens), 0)::BIGINT",
    "tokens_out": "coalesce(sum(output_tokens), 0)::BIGINT",
    "reasoning": "coalesce(sum(reasoning_tokens), 0)::BIGINT",
    "estimated": "count(*) FILTER (estimated)",
    "cost": "coalesce(fsum(cost_usd), 0)",
    "unpriced": "count(*) FILTER (cost_usd IS NULL AND input_tokens IS NOT NULL)",
    "counted_in": f"coalesce(sum({INPUT}) FILTER (NOT estimated), 0)::BIGINT",
    "counted_cache": "coalesce(sum(cache_read_tokens) FILTER (NOT estimated), 0)::BIGINT",
}
#: and what does not. Of times only those of exchanges that ended well count: a refusal is quick and tells nothing.
PAIRED = {
    "first_token": "quantile_cont(first_token_ms, [0.5, 0.95]) FILTER (error_type IS NULL)",
    "latency": "quantile_cont(latency_ms, [0.5, 0.95]) FILTER (error_type IS NULL)",
}
MEASURES = {**SUMS, "hit_rate": f"{SUMS['counted_cache']} / nullif({SUMS['counted_in']}, 0)", **PAIRED}
#: Measures that are two numbers, the median and what 95 of 100 stay below.
PAIRS = (*PAIRED,)
