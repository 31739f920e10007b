"""The usage record: what one exchange came to, as a line of `logs/usage.jsonl`. Its fields: docs/usage-log.md."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.exchange.account import Account
from translators.core.counts import section, usage_fields, whole_number
from translators.core.tokens import LATIN_PER_TOKEN

MILLION = 1_000_000
#: Characters of a name or id that a client has chosen; a record always fits into a slot of the running exchanges.
NAME, ID = 200, 100


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens as Anthropic counts them: `input` excludes what was read from or written to the cache."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    estimated: bool
    """At least one of them is Rialto's estimate."""

    @property
    def hit_rate(self) -> float | None:
        """The share of the input that came from the cache; None when nobody has counted."""
        whole = self.input + self.cache_read + self.cache_write
        return round(self.cache_read / whole, 4) if whole and not self.estimated else None


def record(account: Account) -> dict[str, Any]:
    """The fields of a line, in their order. None is: not known, or there was none."""
    route = account.route or account.wished
    counts = counts_of(account)
    price = cost(counts, route.prices) if counts and route else None
    return {
        "time": moment(account.began),
        "request_id": account.request_id,
        "client": account.client[:ID] or None,
        "session_id": account.session[:ID] or None,
        "agent_id": account.agent[:ID] or None,
        "kind": account.kind or None,
        "alias": account.alias[:NAME] or None,
        "vendor": route.vendor.name if route else None,
        "model": route.model[:NAME] if route else None,
        "protocol": route.vendor.protocol.name if route else None,
        "stream": account.stream,
        "status": account.status,
        "error_type": account.error.type if account.error else account.cut or None,
        "stop_reason": account.stop_reason,
        "input_tokens": counts.input if counts else None,
        "output_tokens": counts.output if counts else None,
        "cache_read_tokens": counts.cache_read if counts else None,
        "cache_write_tokens": counts.cache_write if counts else None,
        "reasoning_tokens": counts.reasoning if counts else None,
        "estimated": counts.estimated if counts else None,
        "cache_hit_rate": counts.hit_rate if counts else None,
        "cost_usd": None if price is None else float(price),
        "first_token_ms": milliseconds(account.first_token if account.stream else None),
        "latency_ms": milliseconds(account.ended),
        "upstream_ms": milliseconds(upstream(account)),
        "retries": account.retries,
        "fallbacks": account.fallbacks,
        "continuations": account.continuations,
        "tools_offered": account.tools_offered,
        "tools_called": account.tools_called,
        "images": account.images,
        "parent_id": account.parent or None,
    }


def counts_of(account: Account) -> Counts | None:
    """The tokens; None when no answer began. Those of an answer that broke off are made of what the vendor had said
    of them and of what had been told.
    """
    if account.stop_reason is not None:
        return counted(account.usage, is_estimated(account))
    if account.first_token is None and account.reported is None:
        return None
    usage = account.usage | (usage_fields(account.reported) if account.reported else {})
    told = round(account.said / LATIN_PER_TOKEN)
    return counted({**usage, "output_tokens": max(told, whole_number(usage.get("output_tokens")))}, True)


def counted(usage: Mapping[str, Any], estimated: bool) -> Counts | None:
    """The counts of Anthropic's fields; None when there are none."""
    if not usage:
        return None
    return Counts(
        input=whole_number(usage.get("input_tokens")),
        output=whole_number(usage.get("output_tokens")),
        cache_read=whole_number(usage.get("cache_read_input_tokens")),
        cache_write=whole_number(usage.get("cache_creation_input_tokens")),
        reasoning=whole_number(section(usage.get("output_tokens_details")).get("thinking_tokens")),
        estimated=estimated,
    )


def is_estimated(account: Account) -> bool:
    """Whether a complete answer's counts are Rialto's: the vendor gave none, or none for its answer, or the answer
    broke off on its way. Events that are handed on hold the vendor's.
    """
    route, reported = account.route, account.reported
    if route is not None and route.profile.genuine and route.vendor.protocol.verbatim:
        return False
    if account.continuations:
        return True
    return reported is None or (not reported.output and bool(account.usage.get("output_tokens")))


def cost(counts: Counts, prices: Mapping[str, float]) -> Decimal | None:
    """USD; None without the prices of input and output. What is read from the cache, or written to it, costs as much as
    other input where it has no price of its own.
    """
    if "input" not in prices or "output" not in prices:
        return None
    each = {name: Decimal(str(price)) for name, price in prices.items()}
    total = (
        counts.input * each["input"]
        + counts.cache_read * each.get("cached", each["input"])
        + counts.cache_write * each.get("cache_write", each["input"])
        + counts.output * each["output"]
    )
    return total / MILLION


def upstream(account: Account) -> float | None:
    """Seconds from the sending of the last try to the vendor's last word, or to the end before it."""
    end = account.ended if account.answered is None else account.answered
    return None if account.sent is None or end is None else max(0.0, end - account.sent)


def milliseconds(seconds: float | None) -> int | None:
    """Whole milliseconds."""
    return None if seconds is None else round(seconds * 1000)


def moment(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, with milliseconds."""
    whole, thousandth = divmod(int(seconds * 1000), 1000)
    return f"{second(whole)}.{thousandth:03d}Z"


@lru_cache(16)
def second(whole: int) -> str:
    """A whole second since 1970 as ISO 8601; several lines tell of the same one."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
