"""Gemini chunks and whole answers -> deltas. Both have one form: GenerateContentResponse.

Stateless: one object in, what it says out. Facts (https://ai.google.dev/api/generate-content, read 2026-11-21): calls
come whole, several in one event or in several; the finish reason of a turn with calls is STOP; a signature may come on
a part with empty text; usage is cumulative and may come alone; a blocked prompt has no candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.counts import whole_number
from translators.core.deltas import Delta, Opaque, Stop, StopReason, Text, Thinking, ToolCall, Usage
from translators.core.errors import Fault
from translators.core.search_found import Cited, Looked
from translators.core.vendor import Json
from translators.protocols.gemini.search import searched

#: Kind of vendor state: the signature of a text part.
TEXT_SIGNATURE = "text"

_BLOCKED = (
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
)
#: finishReason -> stop reason. Those that block are refusals. An unknown one ends the turn normally; CONTINUATION means
#: that the output limit of one request was reached.
STOP_REASONS: dict[str, StopReason] = {
    "MAX_TOKENS": "max_tokens",
    "CONTINUATION": "max_tokens",
}
#: finishReason of an answer that cannot be used.
BROKEN = frozenset(
    [
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"),
        *("MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE"),
    ]
)
UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
#: The namespace in which Gemini sees functions; some answers name it.
NAMESPACES = ("default_api:", "default_api.")


def chunk(data: Json) -> Iterator[Delta | Looked | Cited]:
    """The deltas of one streamed chunk. Raises `Fault` for an error object and for an unusable answer."""
    if data.get("error"):
        raise Fault(data)
    for candidate in (data.get("candidates") or ())[:1]:
        for part in (candidate.get("content") or {}).get("parts") or ():
            yield from spoken(part)
        yield from searched(candidate.get("groundingMetadata"))
        yield from finished(candidate)
    feedback = data.get("promptFeedback") or {}
    if reason := feedback.get("blockReason"):
        yield Stop("refusal", explanation=explained(str(reason), feedback.get("blockReasonMessage")))
    yield from usage(data.get("usageMetadata"))


def whole(data: Json) -> Iterator[Delta | Looked | Cited]:
    """The deltas of a whole answer. Raises `Fault` for one that holds neither candidates nor the reason of a block."""
    candidates = data.get("candidates")
    if not candidates and not (data.get("promptFeedback") or {}).get("blockReason"):
        raise Fault(data)
    yield from chunk(data)
    if candidates and not candidates[0].get("finishReason"):
        yield Stop("end_turn")


def spoken(part: Mapping[str, Any]) -> Iterator[Delta]:
    """One part of the answer. The signature of a text follows it."""
    signature = str(part.get("thoughtSignature") or "")
    if call := part.get("functionCall"):
        yield tool_call(call, signature)
        return
    text = part_text(part)
    if text:
        yield Thinking(text) if part.get("thought") else Text(text)
    if signature:
        yield Opaque(TEXT_SIGNATURE, signature)


def part_text(part: Mapping[str, Any]) -> str:
    """The text of a part; code that Google ran, and what it printed, as Markdown."""
    if code := part.get("executableCode"):
        return f"\n```{str(code.get('language') or '').lower()}\n{code.get('code') or ''}\n```\n"
    if result := part.get("codeExecutionResult"):
        return f"\n```\n{result.get('output') or ''}\n```\n"
    return str(part.get("text") or "")


def tool_call(call: Mapping[str, Any], signature: str) -> ToolCall:
    """A call, complete with its arguments."""
    name = str(call.get("name") or "")
    for namespace in NAMESPACES:
        name = name.removeprefix(namespace)
    arguments = call.get("args")
    return ToolCall(
        id=str(call.get("id") or ""),
        name=name,
        arguments=arguments if isinstance(arguments, Mapping) else {},
        opaque=signature,
    )


def finished(candidate: Mapping[str, Any]) -> Iterator[Delta]:
    """The end of the turn."""
    reason = str(candidate.get("finishReason") or UNSPECIFIED)
    words = explained(reason, candidate.get("finishMessage"))
    if reason in BROKEN:
        raise Fault({"error": {"message": f"the answer is unusable, {words}", "status": reason}})
    if reason in _BLOCKED:
        yield Stop("refusal", explanation=words)
    elif reason != UNSPECIFIED:
        yield Stop(STOP_REASONS.get(reason, "end_turn"))


def explained(reason: str, words: Any) -> str:
    """A reason, and what Google says of it."""
    return f"{reason}: {words}" if words and isinstance(words, str) else reason


def usage(counts: Any) -> Iterator[Delta]:
    """Token counts. The prompt holds what was cached, the candidates do not hold the thoughts."""
    if not isinstance(counts, Mapping) or counts.get("promptTokenCount") is None:
        return
    prompt = whole_number(counts["promptTokenCount"]) + whole_number(counts.get("toolUsePromptTokenCount"))
    cached = min(whole_number(counts.get("cachedContentTokenCount")), prompt)
    thoughts = whole_number(counts.get("thoughtsTokenCount"))
    output = whole_number(counts.get("candidatesTokenCount")) + thoughts
    yield Usage(prompt - cached, output, cached, reasoning=thoughts)
