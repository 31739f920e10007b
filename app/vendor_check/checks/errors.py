"""Errors: their status, their envelope, their words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.frames import UNREAD

#: What the clients of each wire look for in an error about the window.
USUAL = re.compile(
    r"context_length_exceeded|maximum context length|prompt is too long|input token count .{0,40}exceeds|"
    r"exceeds the maximum number of tokens|exceed_context_size|exceeds the context window",
    re.IGNORECASE,
)
#: Words about a window that is too small.
UNUSUAL = re.compile(
    r"(context|prompt|input|window|sequence|token).{0,60}(exceed|too long|longer|too large|over the|limit|maximum)|"
    r"(exceed|too long|longer|over).{0,60}(context|prompt|input|window|sequence)",
    re.IGNORECASE | re.DOTALL,
)
NUMBERED = re.compile(r"\d{4,}|context|too long|window", re.IGNORECASE)
RATES = re.compile(r"rate.?limit|per minute|per day|quota|too many requests|TPM|RPM", re.IGNORECASE)
KEY = re.compile(r"(api|access)[ _-]?key|unauthori[sz]ed|authentication|invalid token", re.IGNORECASE)
WAITING = frozenset({429, 503, 529})
WAITS = ("retry-after", "retry-after-ms")


def in_a_200(answer: Answer) -> Iterator[Evidence]:
    """An error before the first word with the status of success."""
    first = next(iter(answer.all("error")), None)
    spoken = any(
        one.kind in ("text", "thinking", "call") and one.at < (first.at if first else 0) for one in answer.said
    )
    if answer.went_well and first and not spoken:
        yield Evidence(first.at, f"status {answer.status} with an error")


def odd_envelope(answer: Answer) -> Iterator[Evidence]:
    """An error that does not look as the wire's errors do."""
    if not answer.went_well and answer.form in ("json", "ndjson") and not answer.wire.is_error(answer.frames[0].value):
        value = answer.frames[0].value
        keys = ", ".join(value) if isinstance(value, dict) else type(value).__name__
        yield Evidence(0, f"the error is {keys}")


def odd_event(answer: Answer) -> Iterator[Evidence]:
    """An error inside a 200 in another envelope."""
    for one in answer.all("error") if answer.went_well else ():
        nested = answer.frames[one.at].object if one.at < len(answer.frames) else {}
        if nested.get("type") not in ("response.failed", "error") and not answer.wire.is_error(one.value):
            yield Evidence(one.at, f"the error is {', '.join(one.value)}")


def html(answer: Answer) -> Iterator[Evidence]:
    """A page for people."""
    if answer.form == "html":
        yield Evidence(0, f"status {answer.status} with an HTML page")


def no_words(answer: Answer) -> Iterator[Evidence]:
    """A refusal that says nothing, or plain text."""
    if not answer.went_well and answer.form == "empty":
        yield Evidence(None, f"status {answer.status} without a body")
    if not answer.went_well and answer.form in ("other", "sse"):
        yield Evidence(0, f"status {answer.status} with {'plain text' if answer.form == 'other' else 'events'}")


def odd_overflow(answer: Answer) -> Iterator[Evidence]:
    """A prompt that is too long, in words that clients do not know."""
    words = words_of(answer)
    known = USUAL.search(words) or RATES.search(words) or not NUMBERED.search(words)
    if answer.status not in WAITING and UNUSUAL.search(words) and not known:
        yield Evidence(0, words[:160])


def no_wait(answer: Answer) -> Iterator[Evidence]:
    """A limit without the time until it is over."""
    told = any(name in answer.headers for name in WAITS) or b"retryDelay" in answer.data
    if answer.status in WAITING and answer.headers_known and not told:
        yield Evidence(None, f"status {answer.status} without retry-after")


def wrong_status(answer: Answer) -> Iterator[Evidence]:
    """A wrong key that is told as another failure."""
    if answer.status in (400, 404, 500) and KEY.search(words_of(answer)):
        yield Evidence(0, f"status {answer.status}: {words_of(answer)[:120]}")


def words_of(answer: Answer) -> str:
    """What an error says, as text."""
    if answer.went_well:
        return " ".join(str(one.value) for one in answer.all("error"))
    if answer.form == "json" and answer.frames[0].value is not UNREAD:
        return str(answer.frames[0].value)
    return answer.data[:2000].decode("utf-8", "replace") if answer.form == "other" else ""


CHECKS = (
    Check(
        name="error in a 200",
        scenario="ER-1",
        says="An error comes with the status 200, before any word of an answer.",
        expects="What fails before the first word has an HTTP status of its own.",
        repair="reported",
        remedy="the client gets the status that the words mean",
        find=in_a_200,
    ),
    Check(
        name="error envelope",
        scenario="ER-1",
        says="The body of an error is not as the wire's errors are.",
        expects='Chat and Responses: {"error": {"message", "type", "code"}}; JSON lines: {"error": text}; '
        'generateContent: {"error": {"code", "message", "status"}}; '
        'Messages: {"type": "error", "error": {"type", "message"}}.',
        repair="reported",
        remedy="the words are found in all known envelopes",
        find=odd_envelope,
    ),
    Check(
        name="error event",
        scenario="ST-8",
        says="An error inside a 200 is not as the wire's errors are.",
        expects="An error inside a stream has the envelope of other errors.",
        repair="reported",
        remedy="the words are found in all known envelopes",
        find=odd_event,
    ),
    Check(
        name="HTML page",
        scenario="ER-1",
        says="An HTML page comes in place of JSON.",
        expects="Errors are JSON.",
        repair="reported",
        remedy="the client gets the title of the page",
        find=html,
    ),
    Check(
        name="error without words",
        scenario="ER-1",
        says="An error has no JSON.",
        expects="Errors are JSON that says what is wrong.",
        repair="reported",
        remedy="the client gets the status and what there is of words",
        find=no_words,
    ),
    Check(
        name="overflow in other words",
        scenario="CX-1",
        says="A prompt that is too long is refused in words of the vendor's own.",
        expects="The usual code is context_length_exceeded; clients look for known words, to shorten the prompt.",
        repair="reported",
        remedy="known words become the sentence that makes Claude Code shorten the conversation",
        find=odd_overflow,
    ),
    Check(
        name="limit without a time",
        scenario="ER-2",
        says="A limit or an overload does not say how long to wait.",
        expects="retry-after says when to come again; clients guess without it, and come too early.",
        repair="reported",
        remedy="the client waits as it thinks best",
        find=no_wait,
    ),
    Check(
        name="key under another status",
        scenario="ER-1",
        says="A wrong key is told under another status than 401 or 403.",
        expects="401: clients ask for another key then.",
        repair="repaired",
        remedy="the words count, the client gets 401",
        find=wrong_status,
    ),
)
