"""Chat Completions chunks and whole answers -> deltas.

Stateless: one object in, what it says out. What compatible servers do differently, and is survived here: empty
`choices`; usage on the finish chunk, beside it, inside the choice or under `x_groq`; reasoning under four keys, two of
them at once with the same text; arguments as an object; a finish reason of "" ; an error inside a 200 answer: under
`error`, in a frame of its own, under `x_groq`, in the choice (openrouter.ai/docs/api-reference/errors,
console.groq.com/docs/errors, read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.counts import first, section, whole_number
from translators.core.deltas import Delta, Opaque, Stop, StopReason, Text, Thinking, ToolCall, Usage
from translators.core.errors import Fault
from translators.core.lenient import strict
from translators.core.search_found import Cited, Looked
from translators.core.vendor import Json
from translators.protocols.openai_chat.search import cited, looked

#: finish_reason -> stop reason. An unknown one ends the turn normally.
STOP_REASONS: dict[str, StopReason] = {
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "model_length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "tool_use": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "safety": "refusal",
    "sensitive": "refusal",
    "model_context_window_exceeded": "model_context_window_exceeded",
}
#: Where reasoning is said, in the order of trust; its state and parts.
REASONING_TEXTS, DETAILS = ("reasoning_content", "reasoning", "reasoning_text"), "reasoning_details"
REASONING = frozenset({*REASONING_TEXTS, DETAILS})
#: finish_reason of an answer that the vendor broke off.
BROKEN = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})
#: OpenRouter's native_finish_reason of one that cannot be used: Gemini's, whatever it was made of.
UNUSABLE = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"})
#: `code` of a flat frame that is no error.
FINE = frozenset({"", "0", "200", "20000", "None"})


def chunk(data: Json) -> Iterator[Delta | Looked | Cited]:
    """The deltas of one streamed chunk. Raises `Fault` for an error object."""
    if data.get("error") or data.get("object") == "error" or is_flat_error(data):
        raise Fault(data)
    if data.get("web_search"):
        yield from looked(data)
    for choice in data.get("choices") or ():
        said = choice.get("delta") or choice.get("message") or {}
        yield from spoken(said)
        if said.get("annotations"):
            yield from cited(said)
        if choice.get("finish_reason") is not None:
            check(choice, data)
            yield from finished(ending(choice), said)
        if choice.get("usage"):
            yield from usage(choice["usage"])
    beside = data.get("x_groq") or {}
    if beside.get("error"):
        raise Fault({"error": beside["error"]})
    if counts := data.get("usage") or beside.get("usage"):
        yield from usage(counts)


def is_flat_error(data: Json) -> bool:
    """A frame of its own with the code and the words of an error."""
    if "choices" in data or data.get("usage") or str(data.get("code")) in FINE:
        return False
    return isinstance(data.get("message") or data.get("msg"), str)


def check(choice: Mapping[str, Any], data: Json) -> None:
    """Raises `Fault` for an answer that the vendor broke off, in its own words where it has any."""
    reason, native = choice["finish_reason"], choice.get("native_finish_reason")
    if choice.get("error"):
        raise Fault({"error": choice["error"], "provider": data.get("provider")})
    if reason in BROKEN or str(native) in UNUSABLE:
        words = ", ".join(dict.fromkeys(str(word) for word in (reason, native) if word))
        error = {"message": f"the vendor broke off: {words}", "code": reason}
        raise Fault({"error": error, "provider": data.get("provider")})


def whole(data: Json) -> Iterator[Delta | Looked | Cited]:
    """The deltas of a whole answer. Raises `Fault` for an error object or one without choices."""
    if not isinstance(data, dict) or not data.get("choices"):
        raise Fault(data)
    yield from chunk(data)
    if not any(choice.get("finish_reason") for choice in data["choices"]):
        yield Stop("end_turn")


def spoken(said: Mapping[str, Any]) -> Iterator[Delta]:
    """Reasoning, text and calls, in the order in which a client shows them."""
    if not REASONING.isdisjoint(said):
        yield from reasoning(said)
    content = said.get("content")
    if isinstance(content, str) and content:
        yield Text(content)
    elif content:
        yield from parts(content)
    if isinstance(refused := said.get("refusal"), str) and refused:
        yield Text(refused)
        yield Stop("refusal", final=False)
    calls = said.get("tool_calls")
    for call in calls or ():
        yield tool_call(call)
    if not calls and (legacy := said.get("function_call")):
        yield tool_call({"index": 0, "function": legacy})


def reasoning(said: Mapping[str, Any]) -> Iterator[Delta]:
    """Reasoning text once, whatever the key; vendor state that must come back."""
    details = said.get(DETAILS)
    details = [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
    text = next(
        (said[key] for key in REASONING_TEXTS if isinstance(said.get(key), str) and said[key]),
        "",
    )
    if text := text or "".join(detail_text(detail) for detail in details):
        yield Thinking(text)
    for detail in details:
        yield Opaque(DETAILS, detail, call=named_call(detail))


def detail_text(detail: Mapping[str, Any]) -> str:
    """The readable part of one reasoning detail."""
    return str(detail.get("text") or detail.get("summary") or "")


def named_call(detail: Mapping[str, Any]) -> str:
    """The id of the call that encrypted reasoning belongs to, as Gemini's does; the formats of Responses have ids of
    reasoning items there (types of the openrouter SDK, read 2026-11-21).
    """
    id = detail.get("id")
    encrypted = detail.get("type") == "reasoning.encrypted" and "-responses-" not in str(detail.get("format"))
    return id if encrypted and isinstance(id, str) else ""


def parts(content: Any) -> Iterator[Delta]:
    """Content as a list of parts."""
    for part in content:
        if not isinstance(part, Mapping):
            continue
        delta = part_delta(part)
        if delta.text:
            yield delta


def part_delta(part: Mapping[str, Any]) -> Text | Thinking:
    """One part of a content list."""
    if part.get("type") != "thinking":
        return Text(str(part.get("text") or ""))
    inner = part.get("thinking")
    return Thinking(inner if isinstance(inner, str) else "".join(str(item.get("text") or "") for item in inner or ()))


def tool_call(call: Mapping[str, Any]) -> ToolCall:
    """One fragment of a call."""
    function = call.get("function") or {}
    arguments = function.get("arguments")
    index = call.get("index")
    return ToolCall(
        index=index if isinstance(index, int) else None,
        id=str(call.get("id") or ""),
        name=str(function.get("name") or ""),
        arguments=arguments if isinstance(arguments, (str, Mapping)) else "",
        opaque=str(section(section(call.get("extra_content")).get("google")).get("thought_signature") or ""),
    )


def ending(choice: Mapping[str, Any]) -> Any:
    """The finish reason, or the stop that a stop sequence made: vLLM names it in `stop_reason`, SGLang in
    `matched_stop` (their documentation of the OpenAI server), OpenRouter says only that there was one.
    """
    reason = choice.get("finish_reason")
    if reason != "stop":
        return reason
    for matched in (choice.get("stop_reason"), choice.get("matched_stop")):
        if isinstance(matched, str) and matched:
            return Stop("stop_sequence", matched)
    return Stop("stop_sequence") if choice.get("native_finish_reason") == "stop_sequence" else reason


def finished(reason: Any, said: Mapping[str, Any]) -> Iterator[Delta]:
    """The end of the turn. "" counts as one on a chunk that says nothing or holds whole calls: some vendors end so
    after calls.
    """
    if isinstance(reason, Stop):
        yield reason
        return
    if reason:
        yield Stop(STOP_REASONS.get(str(reason).lower(), "end_turn"))
    elif reason == "" and not said.get("content") and (not said or holds_whole_calls(said)):
        yield Stop("end_turn")


def holds_whole_calls(said: Mapping[str, Any]) -> bool:
    """The chunk has calls, and none of them waits for the rest of its arguments."""
    calls = [tool_call(call) for call in said.get("tool_calls") or ()]
    return bool(calls) and all(call.name and is_object(call.arguments) for call in calls)


def is_object(arguments: str | Mapping[str, Any]) -> bool:
    """The arguments are a finished object."""
    try:
        return isinstance(arguments, Mapping) or isinstance(strict(arguments), dict)
    except ValueError:
        return False


def usage(counts: Any) -> Iterator[Delta]:
    """Token counts; none when all are zero. `prompt_tokens` holds the cached ones everywhere; `completion_tokens` holds
    the reasoning everywhere but at xAI, where the total tells.
    """
    if not isinstance(counts, Mapping) or counts.get("prompt_tokens") is None:
        return
    details = section(counts.get("prompt_tokens_details"))
    outcome = section(counts.get("completion_tokens_details"))
    prompt, output = whole_number(counts["prompt_tokens"]), whole_number(counts.get("completion_tokens"))
    cached = first(counts.get("cached_tokens"), details.get("cached_tokens"), counts.get("prompt_cache_hit_tokens"))
    written = first(details.get("cache_write_tokens"), details.get("created_cache_tokens"))
    thought = first(outcome.get("reasoning_tokens"), counts.get("reasoning_tokens"))
    if thought and whole_number(counts.get("total_tokens")) == prompt + output + thought:
        output += thought
    cached = min(cached, prompt)
    written = min(written, prompt - cached)
    if prompt or output:
        yield Usage(prompt - cached - written, output, cached, written, min(thought, output))
