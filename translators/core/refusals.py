"""A vendor's refusal -> the error that the client understands.

Body shapes, overflow wordings and quota codes are those of OpenAI, DeepSeek, Kimi, SiliconFlow, Mistral, vLLM, SGLang,
NVIDIA, Gemini, xAI, Ollama, OpenRouter, Azure, Z.ai and llama.cpp, collected from their documentation, SDKs and issue
trackers (read 2026-11-21). Overflow becomes the sentence that makes Claude Code compact the conversation.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from translators.core.errors import (
    NotFound,
    OutputTooLong,
    Overloaded,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    TimedOut,
    TooLarge,
    Unreachable,
    UpstreamError,
)
from translators.core.vendor import Route


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern for several wordings."""
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


OVERFLOW = any_of(
    r"context[ _-]?length",
    r"context[ _-]?window.{0,40}exceed",
    r"exceed.{0,40}context[ _-]?(window|size)",
    r"maximum context|max_model_len",
    r"prompt (is )?too long|prompt is longer than",
    r"longer than the (model's )?context",
    r"input token count.*exceed|input tokens exceed",
    r"exceeded model token limit|maximum prompt length",
    r"too many tokens.*(prompt|input|context)",
    r"current length is .* while limit",
    r"large for model with|range of input length|exceed_context_size",
    r"number of tokens to keep from the initial prompt|trying to keep the first",
)
QUOTA = any_of(
    r"insufficient[_ ](quota|balance|credits?)|account balance|requires more credits",
    r"exceeded_current_quota|exceeded your current quota",
    r"credit_balance_exhausted|billing_hard_limit|PerDay",
)
BUSY = any_of(r"overloaded|slow_down|server busy|at capacity|insufficient_system_resource|model is busy")
NO_MODEL = any_of(
    r"model_not_found|DeploymentNotFound|model does not exist",
    r"model .{0,120}(does not exist|not found|is not (a valid|supported))",
    r"(unknown|no such) model|not a valid model",
)
LIMIT = any_of(
    r"(?:context (?:length|size|window)(?: of| is)?|limit(?: is|:)|length is|maximum of|max_model_len=|model with"
    r"|(?:tokens )?allowed \()\D{0,24}(\d{3,})"
)
SECRET = any_of(r"\b(sk|tp|gsk|nvapi|fw|xai|AIza)[-_][A-Za-z0-9_\-]{12,}", r"(?<=Bearer )[^\s\"',;]+")
NUMBER = re.compile(r"(?<![\w.])\d{3,}(?![\w])")
HTML = re.compile(r"<(?:!doctype|html|head|body)", re.IGNORECASE)
TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)

MAX_WORDS = 1200
MAX_RETRY_AFTER = 60


@dataclass(frozen=True, slots=True)
class Words:
    """What a refusal says: the message for people, and everything that can be searched for codes."""

    message: str
    all: str


def refusal(route: Route, status: int, body: Any, headers: Mapping[str, str]) -> RialtoError:
    """The error for a refusal. `body` is parsed JSON or text, `headers` have lower-case names; `status` is the vendor's
    HTTP status, or 200 for an error inside a running answer.
    """
    special = route.vendor.error(status, body)
    if special is not None:
        special.message = redact(special.message, route.key)
        return special
    words = words_of(body)
    status = status_of(status, body)
    message = redact(f"{route.vendor.title}: {words.message or f'HTTP {status} without a message'}", route.key)
    wait = retry_after(headers, body)
    return overflow(status, words) or no_model(route, status, words) or plain(route, status, message, words, wait)


def plain(route: Route, status: int, message: str, words: Words, wait: int | None) -> RialtoError:
    """The error of a status, when the words name no special case."""
    if QUOTA.search(words.all) and status in (400, 402, 403, 429):
        return (
            RateLimited(message, should_retry=False)
            if status == 429
            else Rejected(message, status=402, should_retry=False)
        )
    if status in (503, 529) or (status >= 429 and BUSY.search(words.all)):
        return Overloaded(message, retry_after=wait)
    match status:
        case 401 | 403:
            return Rejected(
                f"{message} (check {route.vendor.key_variable or 'the key'})", status=status, should_retry=False
            )
        case 402:
            return Rejected(message, status=402, should_retry=False)
        case 404 | 405:
            return Unreachable(f"{message} (check the address {route.base_url})", should_retry=False)
        case 408 | 504:
            return TimedOut(message, retry_after=wait)
        case 413:
            return TooLarge(message)
        case 429:
            return RateLimited(message, retry_after=wait)
        case _ if status >= 500:
            return UpstreamError(message, status=status if status in (500, 502) else 502, retry_after=wait)
        case _:
            return Rejected(message, status=400)


def status_of(status: int, body: Any) -> int:
    """The HTTP status, or the one inside the error when it came with a 200."""
    if status >= 400:
        return status
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    code = inner.get("code", inner.get("status")) if isinstance(inner, Mapping) else None
    if isinstance(code, (int, str)) and str(code).isdigit() and 400 <= int(code) <= 599:
        return int(code)
    return 502


def overflow(status: int, words: Words) -> RialtoError | None:
    """The overflow error with the vendor's numbers, if that is what the refusal says."""
    if status not in (400, 402, 403, 413, 422, 500, 502) or not OVERFLOW.search(words.all):
        return None
    numbers = [int(number) for number in NUMBER.findall(words.message)]
    numbers += [number for number in figures(words.all) if number not in numbers]
    if len(numbers) < 2:
        return PromptTooLong()
    limit = window(words.message, numbers)
    above = [number for number in numbers if number > limit]
    below = [number for number in numbers if number < limit]
    parts = next(((a, b) for a in below for b in below if a != b and a + b in above), None)
    if parts:
        return OutputTooLong(*parts, limit)
    if not above and len(below) >= 2 and sum(sorted(below)[-2:]) > limit:
        return OutputTooLong(below[0], below[1], limit)
    if above and below and "max_tokens" in words.message:
        return OutputTooLong(max(below), above[0], limit)
    return PromptTooLong(max(above), limit) if above else PromptTooLong()


def window(message: str, numbers: list[int]) -> int:
    """Which number is the window: the one that follows a word for a limit, else the smallest."""
    named = LIMIT.search(message)
    if named:
        return int(named.group(1))
    return numbers[-1] if "exceed" in message and len(numbers) == 2 and numbers[1] < numbers[0] else min(numbers)


def figures(text: str) -> list[int]:
    """Token counts in fields beside the message (llama.cpp's n_prompt_tokens and n_ctx)."""
    return [int(value) for value in re.findall(r'"n_(?:prompt_tokens|ctx)": ?(\d+)', text)]


def no_model(route: Route, status: int, words: Words) -> RialtoError | None:
    """404 for a model that the vendor does not know, in the shape that the client looks for."""
    if status in (400, 404, 422) and NO_MODEL.search(words.all):
        return NotFound(redact(f"model: {route.alias} ({route.vendor.title}: {words.message})", route.key))
    return None


def words_of(body: Any) -> Words:
    """The message and the searchable text of any known error body."""
    if isinstance(body, list) and body:
        return words_of(body[0])
    if not isinstance(body, Mapping):
        text = readable(str(body or ""))
        return Words(text, text)
    message = message_of(body)
    return Words(message[:MAX_WORDS], json.dumps(body, ensure_ascii=False, default=str)[: 4 * MAX_WORDS])


def message_of(body: Mapping[str, Any]) -> str:
    """The sentence for people: the `error` object, `error` as text, or the flat forms."""
    error = body.get("error")
    if isinstance(error, str) and error:
        return error
    if isinstance(error, Mapping):
        raw = (error.get("metadata") or {}).get("raw") if isinstance(error.get("metadata"), Mapping) else None
        parts = [str(part) for part in (error.get("message"), raw) if part]
        return ": ".join(parts) or str(error.get("type") or error.get("code") or "")
    detail = body.get("message") or body.get("detail") or body.get("title") or body.get("msg")
    return detail if isinstance(detail, str) else json.dumps(detail or dict(body), ensure_ascii=False, default=str)


def readable(text: str) -> str:
    """Plain text as it is; of an HTML page its title."""
    if not HTML.search(text[:400]):
        return text.strip()[:MAX_WORDS]
    title = TITLE.search(text)
    return title.group(1).strip()[:200] if title else "an HTML page instead of an answer"


def retry_after(headers: Mapping[str, str], body: Any) -> int | None:
    """Seconds to wait, 1 to 60, from `retry-after-ms`, `retry-after` or Google's RetryInfo; None when the vendor says
    nothing or more.
    """
    seconds = number(headers.get("retry-after-ms"), 0.001) or number(headers.get("retry-after")) or retry_info(body)
    if seconds is None:
        return None
    return min(MAX_RETRY_AFTER, max(1, math.ceil(seconds)))


def number(value: str | None, scale: float = 1.0) -> float | None:
    """A number from a header, or None."""
    try:
        return float(value) * scale if value else None
    except ValueError:
        return None


def retry_info(body: Any) -> float | None:
    """`retryDelay` of a Google error, in seconds."""
    found = (
        re.search(r'"retryDelay": ?"([\d.]+)s"', json.dumps(body, default=str))
        if isinstance(body, (list, Mapping))
        else None
    )
    return float(found.group(1)) if found else None


def redact(text: str, key: str) -> str:
    """The text without the vendor's key and without anything that looks like one."""
    if len(key) >= 6:
        text = text.replace(key, "[key]")
    return SECRET.sub("[key]", text)
