"""The events of an endpoint that only looks like Anthropic's, read as deltas and built anew by the message stream.

What that repairs (tried 2026-11-21 with llama.cpp and vLLM; Ollama by its source): llama.cpp opens a call without
`input`, stops all blocks together at the end, reports a matched stop sequence as end_turn and counts only the output in
`message_delta`; vLLM joins several calls in one block; Ollama estimates the input in `message_start` and ends a failed
answer without `message_stop`; ids repeat or have other forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from translators.core.answer import message_stream
from translators.core.counts import section, usage_of, whole_number
from translators.core.deltas import Block, Cite, Delta, Opaque, Stop, StopReason, Text, Thinking, ToolCall, Usage
from translators.core.errors import RialtoError
from translators.core.message import parsed
from translators.core.vendor import Json, Route
from translators.protocols.anthropic_messages.events import event_type, told
from translators.protocols.anthropic_messages.fitted import REDACTED, SIGNATURE

REASONS: dict[str, StopReason] = {reason: reason for reason in get_args(StopReason)}


class RepairedStream:
    """A message stream that takes the vendor's events."""

    def __init__(self, message: Mapping[str, Any], route: Route, new_id: Callable[[str], str]) -> None:
        self._stream = message_stream(message, route, new_id)
        self._reader = Reader()

    @property
    def usage(self) -> Usage | None:
        """What the vendor has reported."""
        return self._stream.usage

    @property
    def error(self) -> RialtoError | None:
        """Why the answer ended badly."""
        return self._stream.error

    @error.setter
    def error(self, error: RialtoError | None) -> None:
        self._stream.error = error

    @property
    def in_text(self) -> bool:
        """Neither an end nor a call has come."""
        return self._stream.in_text and not self._reader.is_ending

    def counts(self) -> Usage:
        """The tokens so far."""
        return self._stream.counts()

    def start(self) -> list[Json]:
        """`message_start`."""
        return self._stream.start()

    def feed(self, event: Json) -> list[Json]:
        """What becomes of one event, or of a whole message."""
        events = told(event) if event_type(event) == "message" else [event]
        return [made for one in events for delta in self._reader.feed(one) for made in self._stream.feed(delta)]

    def close(self) -> list[Json]:
        """The end."""
        return self._stream.close()

    def fail(self, error: RialtoError) -> list[Json]:
        """A bad end."""
        return self._stream.fail(error)

    def again(self) -> bool:
        """Whether a second answer may follow."""
        if not self._stream.again():
            return False
        self._reader = Reader()
        return True

    def pulse(self) -> Json:
        """A sign of life."""
        return self._stream.pulse()

    def whole(self, events: list[Json]) -> Json:
        """The whole message."""
        return self._stream.whole(events)


class Reader:
    """Events -> deltas."""

    def __init__(self) -> None:
        self._usage: Json = {}
        self._stop: Stop | None = None
        self._server: dict[int, tuple[Json, list[str]]] = {}
        """Open blocks of server tools: the block, and the pieces of its input."""

    @property
    def is_ending(self) -> bool:
        """The reason of the end has come."""
        return self._stop is not None

    def feed(self, event: Json) -> Iterator[Delta]:
        """The deltas of one event."""
        index = whole_number(event.get("index"))
        match event_type(event):
            case "message_start":
                self._count(event["message"].get("usage"))
            case "content_block_start":
                yield from self._opened(index, event["content_block"])
            case "content_block_delta":
                yield from self._filled(index, event["delta"])
            case "content_block_stop" if index in self._server:
                yield self._closed(index)
            case "message_delta":
                self._count(event.get("usage"))
                self._stop = stop(event["delta"]) or self._stop
                yield from usage(self._usage)
            case "message_stop" if self._stop:
                yield self._stop

    def _count(self, counts: Any) -> None:
        if isinstance(counts, Mapping):
            self._usage |= {key: value for key, value in counts.items() if value is not None}

    def _opened(self, index: int, block: Json) -> Iterator[Delta]:
        match event_type(block):
            case "text":
                yield Text(words(block.get("text")))
            case "thinking":
                yield Thinking(words(block.get("thinking")))
            case "redacted_thinking":
                yield Opaque(REDACTED, block.get("data"))
            case "tool_use":
                given = block.get("input")
                arguments = given if given and isinstance(given, dict) else ""
                yield ToolCall(index, words(block.get("id")), words(block.get("name")), arguments)
            case _:
                self._server[index] = (block, [])

    def _filled(self, index: int, delta: Json) -> Iterator[Delta]:
        match event_type(delta):
            case "text_delta":
                yield Text(words(delta.get("text")))
            case "thinking_delta":
                yield Thinking(words(delta.get("thinking")))
            case "citations_delta" if isinstance(delta.get("citation"), Mapping):
                yield Cite(delta["citation"])
            case "signature_delta" if delta.get("signature"):
                yield Opaque(SIGNATURE, delta["signature"])
            case "input_json_delta" if index in self._server:
                self._server[index][1].append(words(delta.get("partial_json")))
            case "input_json_delta":
                yield ToolCall(index, arguments=words(delta.get("partial_json")))

    def _closed(self, index: int) -> Block:
        block, pieces = self._server.pop(index)
        return Block({**block, "input": parsed("".join(pieces))} if pieces else block)


def words(value: Any) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""


def stop(delta: Mapping[str, Any]) -> Stop | None:
    """The reason of the end, None while there is none."""
    reason, sequence = delta.get("stop_reason"), words(delta.get("stop_sequence"))
    if not reason:
        return None
    if sequence and reason in ("end_turn", "stop_sequence"):
        return Stop("stop_sequence", sequence)
    if reason == "refusal":
        return Stop("refusal", explanation=words(section(delta.get("stop_details")).get("explanation")) or None)
    return Stop("end_turn" if reason == "stop_sequence" else REASONS.get(str(reason), "end_turn"))


def usage(counts: Mapping[str, Any]) -> Iterator[Usage]:
    """The counts, when there are any."""
    if not any(counts.get(key) for key in ("input_tokens", "output_tokens", "cache_read_input_tokens")):
        return
    yield usage_of(counts)
