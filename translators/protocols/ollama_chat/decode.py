"""Ollama's chunks and whole answers -> deltas.

Stateless: one object in, what it says out. A whole answer has the form of a last chunk. A call comes in one piece, its
arguments as an object; older servers send neither its id nor its index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.counts import whole_number
from translators.core.deltas import Delta, Stop, StopReason, Text, Thinking, ToolCall, Usage
from translators.core.errors import Fault
from translators.core.vendor import Json

#: done_reason -> stop reason. "tool_calls" does not exist; an unknown reason ends the turn normally.
STOP_REASONS: dict[str, StopReason] = {"length": "max_tokens"}
#: done_reason of an answer that was none: the model has been loaded or unloaded and nothing else.
NO_ANSWER = frozenset({"load", "unload"})


def chunk(data: Json) -> Iterator[Delta]:
    """The deltas of one line. Raises `Fault` for an error line."""
    if data.get("error"):
        raise Fault(data)
    yield from spoken(data.get("message") or {})
    if data.get("done"):
        yield from usage(data)
        yield finished(data.get("done_reason"))


def whole(data: Json) -> Iterator[Delta]:
    """The deltas of a whole answer. Raises `Fault` for an error, or for something else than an answer."""
    if not isinstance(data.get("message"), Mapping):
        raise Fault(data)
    return chunk(data)


def spoken(said: Mapping[str, Any]) -> Iterator[Delta]:
    """Reasoning, text and calls, in the order in which a client shows them."""
    if reasoning := said.get("thinking"):
        yield Thinking(str(reasoning))
    if text := said.get("content"):
        yield Text(str(text))
    for call in said.get("tool_calls") or ():
        yield tool_call(call)


def tool_call(call: Mapping[str, Any]) -> ToolCall:
    """One complete call."""
    function = call.get("function") or {}
    arguments, index = function.get("arguments"), function.get("index")
    return ToolCall(
        index=index if isinstance(index, int) else None,
        id=str(call.get("id") or ""),
        name=str(function.get("name") or ""),
        arguments=arguments if isinstance(arguments, (str, Mapping)) else {},
    )


def finished(reason: Any) -> Stop:
    """The end of the turn. Raises `Fault` when there was no turn."""
    if reason in NO_ANSWER:
        raise Fault({"error": f"no answer, the model was only asked to {reason}"})
    return Stop(STOP_REASONS.get(str(reason), "end_turn"))


def usage(counts: Mapping[str, Any]) -> Iterator[Delta]:
    """Token counts; thinking is part of the output. Without `prompt_eval_count` (some servers leave it out when all of
    the prompt was cached) the estimate is nearer to the truth than a zero.
    """
    if prompt := whole_number(counts.get("prompt_eval_count")):
        yield Usage(prompt, whole_number(counts.get("eval_count")))
