"""Token counts: out of a vendor's JSON, where anything may be missing, and into Anthropic's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from translators.core.deltas import Usage


def first(*counts: Any) -> int:
    """The first count that the vendor gave."""
    return next((whole_number(count) for count in counts if count is not None), 0)


def whole_number(value: Any) -> int:
    """A count, also one that is written as text; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return max(0, int(value)) if isinstance(value, (int, float)) and math.isfinite(value) else 0


def section(value: Any) -> Mapping[str, Any]:
    """An object inside an answer; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def usage_fields(usage: Usage) -> dict[str, Any]:
    """Usage in Anthropic's field names."""
    fields: dict[str, Any] = {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return fields


def final_fields(usage: Usage, estimate: int) -> dict[str, Any]:
    """The usage at the end of an answer at whose start an `estimate` of the input was told. Claude Code (2.1.197) keeps
    what it was told where a 0 follows, so one token of a prompt that was wholly cached is told as a new one.
    """
    if estimate and not usage.input and usage.cache_read:
        usage = replace(usage, input=1, cache_read=usage.cache_read - 1)
    elif estimate and not usage.input and usage.cache_write:
        usage = replace(usage, input=1, cache_write=usage.cache_write - 1)
    return usage_fields(usage)


def usage_of(fields: Mapping[str, Any]) -> Usage:
    """Usage out of Anthropic's field names."""
    return Usage(
        input=whole_number(fields.get("input_tokens")),
        output=whole_number(fields.get("output_tokens")),
        cache_read=whole_number(fields.get("cache_read_input_tokens")),
        cache_write=whole_number(fields.get("cache_creation_input_tokens")),
        reasoning=whole_number(section(fields.get("output_tokens_details")).get("thinking_tokens")),
    )


def added(one: Usage | None, other: Usage) -> Usage:
    """The counts of two answers."""
    if one is None:
        return other
    return Usage(
        one.input + other.input,
        one.output + other.output,
        one.cache_read + other.cache_read,
        one.cache_write + other.cache_write,
        one.reasoning + other.reasoning,
    )
