"""Chat Completions chunks and whole answers -> deltas.

Stateless: one object in, what it says out. What compatible servers do differently, and is survived here: empty
`choices`; usage on the finish chunk, beside it, inside the choice or under `x_groq`; reasoning under four keys, two of
them at once with the same text; arguments as an object; a finish reason of "" ; an `error` inside a 200 answer.
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


def chunk(data: Json) -> Iterator[Delta | Looked | Cited]:
    """The deltas of one streamed chunk. Raises `Fault` for an error object."""
    if data.get("error") or data.get("object") == "error":
        raise Fault(data)
    if data.get("web_search"):
        yield from looked(data)
    for choice in data.get("choices") or ():
        said = choice.get("delta") or choice.get("message") or {}
        yield from spoken(said)
        if said.get("annotations"):
            yield from cited(said)
        if choice.get("finish_reason") is not None:
            yield from finished(ending(choice), said, data)
        if choice.get("usage"):
            yield from usage(choice["usage"])
    if counts := data.get("usage") or (data.get("x_groq") or {}).get("usage"):
        yield from usage(counts)


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
        yield Opaque("reasoning_details", detail)


def detail_text(detail: Mapping[str, Any]) -> str:
    """The readable part of one reasoning detail."""
    return str(detail.get("text") or detail.get("summary") or "")


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


def finished(reason: Any, said: Mapping[str, Any], data: Json) -> Iterator[Delta]:
    """The end of the turn. "" counts as one on a chunk that says nothing or holds whole calls: some vendors end so
    after calls.
    """
    if isinstance(reason, Stop):
        yield reason
        return
    if reason in BROKEN:
        raise Fault(
            {"error": {"message": f"the vendor broke off: {reason}", "code": reason}, "provider": data.get("provider")}
        )
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
