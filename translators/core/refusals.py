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
    Overloaded,
    RateLimited,
    Rejected,
    RialtoError,
    TimedOut,
    TooLarge,
    Unreachable,
    UpstreamError,
)
from translators.core.overflow import any_of, overflow
from translators.core.vendor import Route

QUOTA = any_of(
    r"insufficient[_ ](quota|balance|credits?)|account balance|requires more credits",
    r"exceeded_current_quota|exceeded your current quota|credit_balance_exhausted|billing_hard_limit",
    r"reached your usage limit|usage limit reached",
)
#: What a limit is called; in a 400 it is the name of something else.
OF_A_DAY = any_of(r"per[-_ ]?day|\b[RT]PD\b")
#: Google calls every limit that. Its errors, also where others hand them on.
CURRENT_QUOTA = any_of(r"exceeded your current quota")
OF_GOOGLE = any_of(r"RESOURCE_EXHAUSTED|ai\.google\.dev|generativelanguage\.googleapis")
#: The delay in Google's RetryInfo, also inside a text of JSON that is quoted.
DELAY = re.compile(r'retryDelay\\*": ?\\*"([\d.]+)s')
BUSY = any_of(r"overloaded|slow_down|server busy|(at|over) capacity|insufficient_system_resource|model is busy")
NO_MODEL = any_of(
    r"model_not_found|model_decommissioned|DeploymentNotFound",
    r"model (does )?not exist|model not found|not found the model|(unknown|no such) model",
    r"invalid model:|not a valid model|no endpoints found for ",
    r"models?[ /][`'\"]?[\w./:@-]+[`'\"]? (does not exist|(is )?not found|has been decommissioned)",
    r"models?[ /][`'\"]?[\w./:@-]+[`'\"]? is not (a valid|supported)",
)
LARGE_IMAGE = any_of(
    r"\bimages?\b.{0,60}(too (large|big)|exceeds?\b|larger than|over the limit)",
    r"(too (large|big)|exceeds?\b).{0,40}\bimages?\b",
)
#: What was asked is refused, not the one who asks: a 403 of xAI and OpenRouter (UKGovernmentBEIS/inspect_ai#2267).
AGAINST_RULES = any_of(r"violates? (our |the )?(usage|content)|usage (guidelines|polic)|(input|content) was flagged")
#: The one who asks is refused all the same.
OF_ACCOUNT = any_of(r"\b(account|organi[sz]ation|api[ _-]key)\b")
WRONG_KEY = any_of(r"api_key_invalid|api key not valid|(incorrect|invalid) api key")
#: Names of errors inside a running answer -> the status they would have had.
NAMED = (
    (any_of(r"rate_?limit|too_many_requests|resource_exhausted|quota|balance"), 429),
    (any_of(r"authentication|invalid_api_key"), 401),
    (any_of(r"invalid_request|BadRequest|context_length|invalid_prompt|policy|image"), 400),
)
SECRET = any_of(
    r"\b(?:(?:sk|tp|gsk|nvapi|fw|xai)[-_]|AIza)[A-Za-z0-9_\-]{12,}",
    r"\brialto-[A-Za-z0-9_\-]{40,}",
    r"(?<=Bearer )[^\s\"',;]+",
)
#: Control characters but tab and line feed, and those that turn the direction of writing.
STEERING = dict.fromkeys(
    {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {0x09, 0x0A}
)
HTML = re.compile(r"<(?:!doctype|html|head|body)", re.IGNORECASE)
TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)
MAX_WORDS = 1200
#: Where FastAPI and OpenRouter quote the request, also inside a text; and the longest quotation that is a mere value.
QUOTATIONS = frozenset({"input", "flagged_input"})
QUOTED = re.compile(r"""((?:"input\\?"|'input'): ?)(?:[\[{]|\\?["'](?=.{40})).*""", re.DOTALL)
SHORT = 40
#: Levels of an error in which it may quote: error, message, detail, the list, its entry.
LEVELS = 5
#: Statuses of errors that waiting heals.
WAITING = frozenset({429, 503, 529})


@dataclass(frozen=True, slots=True)
class Words:
    """What a refusal says: the message for people, and everything that can be searched for codes."""

    message: str
    all: str


def refusal(route: Route, status: int, body: Any, headers: Mapping[str, str]) -> RialtoError:
    """The error for a refusal. `body` is parsed JSON or text, `headers` have lower-case names; `status` is the vendor's
    HTTP status, or 200 for an error inside a running answer.
    """
    special = named(route, status, body) or route.vendor.protocol.error(route, status, body, headers)
    if special is not None:
        special.message = redact(special.message, route.key)
        if special.status in WAITING and special.retry_after is None and special.should_retry is None:
            special.retry_after = retry_after(headers, body)
        return special
    words = words_of(body)
    told = moved(status, headers) or broken(status, body) or words.message or f"HTTP {status} without a message"
    status, message = status_of(status, body), redact(f"{route.vendor.title}: {told}", route.key)
    wait = retry_after(headers, body)
    return (
        overflow(status, words.message, words.all)
        or large_image(status, message)
        or no_model(route, status, words)
        or plain(route, status, message, words, wait)
    )


def moved(status: int, headers: Mapping[str, str]) -> str:
    """A redirect in words, "" for anything else. None is followed: the key would go with it."""
    target = headers.get("location")
    return (
        f"HTTP {status}, a redirect to {target[:MAX_WORDS]}; use its address" if target and status // 100 == 3 else ""
    )


def broken(status: int, body: Any) -> str:
    """Says it of a running answer that is broken JSON, which may hold words of a conversation; "" for anything else."""
    begins = status == 200 and isinstance(body, str) and body.lstrip()[:1] in ("{", "[")
    return "an answer that is no JSON, though it begins so" if begins else ""


def named(route: Route, status: int, body: Any) -> RialtoError | None:
    """What the vendor's own reader finds, under the vendor's title; an unknown model by the client's name for it."""
    error = route.vendor.error(status, body)
    if isinstance(error, NotFound):
        error.message = f"model: {route.alias} ({route.vendor.title}: {error.message})"
    elif isinstance(error, UpstreamError):
        error.message = f"{route.vendor.title}: {error.message}"
    return error


def large_image(status: int, message: str) -> RialtoError | None:
    """An image over the vendor's limit, in the words at which Claude Code takes it out of the conversation; with other
    words it would send it again in every turn.
    """
    if status not in (400, 422) or not LARGE_IMAGE.search(message):
        return None
    known = "image exceeds" in message.lower()
    return Rejected(message if known else f"image exceeds the vendor's limit: {message}", status=400)


def plain(route: Route, status: int, message: str, words: Words, wait: int | None) -> RialtoError:
    """The error of a status, when the words name no special case."""
    if status == 400 and WRONG_KEY.search(words.all):
        status = 401
    if status in (400, 402, 403, 429) and is_used_up(status, words.all):
        return (
            RateLimited(message, should_retry=False)
            if status == 429
            else Rejected(message, status=402, should_retry=False)
        )
    if status in (503, 529) or (status >= 429 and BUSY.search(words.all)):
        return Overloaded(message, retry_after=wait)
    match status:
        case 403 if AGAINST_RULES.search(words.all) and not OF_ACCOUNT.search(words.message):
            return Rejected(message, status=400, should_retry=False)
        case 401 | 403:
            return Rejected(
                f"{message} (check {route.vendor.key_variable or 'the key'})", status=status, should_retry=False
            )
        case 402:
            return Rejected(message, status=402, should_retry=False)
        case 404 | 405:
            return Unreachable(f"{message} (check the address {route.base_url})", should_retry=False)
        case 408 | 499 | 504:
            return TimedOut(message, retry_after=wait)
        case 409:
            return UpstreamError(message, status=409, retry_after=wait)
        case 413:
            return TooLarge(message)
        case 429:
            return RateLimited(message, retry_after=wait)
        case _ if status >= 500:
            return UpstreamError(message, status=status if status in (500, 502) else 502, retry_after=wait)
        case _:
            return Rejected(message, status=400)


def is_used_up(status: int, text: str) -> bool:
    """The text speaks of an account or a quota that waiting does not fill."""
    if status != 400 and OF_A_DAY.search(text):
        return True
    return bool(QUOTA.search(CURRENT_QUOTA.sub("", text) if OF_GOOGLE.search(text) else text))


def status_of(status: int, body: Any) -> int:
    """The HTTP status, or the one inside the error when it came with a 200."""
    if status >= 400:
        return status
    if isinstance(body, list) and body:
        return status_of(status, body[0])
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    if not isinstance(inner, Mapping):
        return 502
    code = str(inner.get("code", inner.get("status")))
    if re.fullmatch(r"[45]\d\d", code):
        return int(code)
    named = f"{inner.get('type')} {code} {inner.get('status')}"
    return next((found for pattern, found in NAMED if pattern.search(named)), 502)


def no_model(route: Route, status: int, words: Words) -> RialtoError | None:
    """404 for a model that the vendor does not know, in the shape that the client looks for."""
    if status in (400, 404, 422) and NO_MODEL.search(f"{words.message} {words.all}"):
        return NotFound(redact(f"model: {route.alias} ({route.vendor.title}: {words.message})", route.key))
    return None


def words_of(body: Any) -> Words:
    """The message and the searchable text of any known error body, without what it quotes of the request: words of the
    conversation are no reasons.
    """
    body = unquoted(body, LEVELS)
    if isinstance(body, list) and body:
        return words_of(body[0])
    if not isinstance(body, Mapping):
        text = readable(str(body or ""))
        return Words(text, text)
    message = message_of(body)
    return Words(message[:MAX_WORDS], json.dumps(body, ensure_ascii=False, default=str)[: 4 * MAX_WORDS])


def unquoted(value: Any, levels: int) -> Any:
    """An error without its quotations, so many levels deep."""
    if isinstance(value, str):
        return QUOTED.sub(r"\1…", value)
    if not levels:
        return value
    if isinstance(value, list):
        return [unquoted(item, levels - 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: unquoted(item, levels - 1)
        for name, item in value.items()
        if name not in QUOTATIONS or (not isinstance(item, (list, Mapping)) and len(str(item)) <= SHORT)
    }


def message_of(body: Mapping[str, Any]) -> str:
    """The sentence for people: the `error` object, `error` as text, or the flat forms."""
    error = body.get("error")
    if isinstance(error, str) and error:
        return error
    if isinstance(error, Mapping):
        raw = (error.get("metadata") or {}).get("raw") if isinstance(error.get("metadata"), Mapping) else None
        parts = [str(part) for part in (error.get("message"), raw) if part]
        return ": ".join(parts) or str(error.get("type") or error.get("code") or "")
    return sentences(body.get("message") or body.get("detail") or body.get("title") or body.get("msg")) or keys_of(body)


def sentences(detail: Any) -> str:
    """What the parts of an error say, each behind its place; not the request that some servers quote beside it."""
    inner = (detail.get("detail") or detail.get("error")) if isinstance(detail, Mapping) else None
    parts = [part if isinstance(part, Mapping) else {"msg": part} for part in listed(inner or detail)]
    said = [(part.get("loc"), part.get("msg") or part.get("message")) for part in parts]
    return "; ".join(
        f"{'.'.join(map(str, place))}: {words}" if isinstance(place, list) and place else words
        for place, words in said
        if isinstance(words, str)
    )


def listed(value: Any) -> list[Any]:
    """The value as a list."""
    return value if isinstance(value, list) else [value]


def keys_of(body: Mapping[str, Any]) -> str:
    """The names alone of a body that is no error in any known form: what is in it may be words of a conversation."""
    names = ", ".join(str(name)[:40] for name in list(body)[:12])
    return f"an answer of unknown form (its keys: {names})" if names else ""


def readable(text: str) -> str:
    """Plain text as it is; of an HTML page its title."""
    if not HTML.search(text[:400]):
        return text.strip()[:MAX_WORDS]
    title = TITLE.search(text)
    return title.group(1).strip()[:200] if title else "an HTML page instead of an answer"


def retry_after(headers: Mapping[str, str], body: Any) -> int | None:
    """Whole seconds to wait, 1 at least, from `retry-after-ms`, `retry-after` or Google's RetryInfo; None when the
    vendor says nothing.
    """
    seconds = number(headers.get("retry-after-ms"), 0.001) or number(headers.get("retry-after")) or retry_info(body)
    return None if seconds is None else math.ceil(seconds)


def number(value: str | None, scale: float = 1.0) -> float | None:
    """A positive number from a header, or None."""
    try:
        found = float(value or 0) * scale
    except ValueError:
        return None
    return found if 0 < found < math.inf else None


def retry_info(body: Any) -> float | None:
    """`retryDelay` of a Google error, in seconds."""
    found = DELAY.search(json.dumps(body, default=str)) if isinstance(body, (list, Mapping)) else None
    return float(found.group(1)) if found else None


def redact(text: str, key: str) -> str:
    """The text without the vendor's key, without anything that looks like one, and without characters that steer the
    terminal or log that shows it.
    """
    text = text.translate(STEERING)
    if len(key) >= 6:
        text = text.replace(key, "[key]")
    return SECRET.sub("[key]", text)
