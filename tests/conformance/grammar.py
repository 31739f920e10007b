"""The grammar of an Anthropic stream, as an official client relies on it.

Source: Anthropic Messages API, "Streaming" (https://platform.claude.com/docs/en/build-with-claude/streaming, read
2026-11-21), and the accumulators of the official SDKs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

#: Block type -> (types of its deltas, keys of an empty block).
BLOCKS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "text": (frozenset({"text_delta", "citations_delta"}), frozenset({"type", "text"})),
    "thinking": (frozenset({"thinking_delta", "signature_delta"}), frozenset({"type", "thinking", "signature"})),
    "tool_use": (frozenset({"input_json_delta"}), frozenset({"type", "id", "name", "input"})),
}
PAYLOAD = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
STOPS = frozenset(
    {"end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn", "model_context_window_exceeded"}
)
COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


@dataclass
class Reader:
    """Follows one stream; raises AssertionError at the first event that may not stand where it stands."""

    started: bool = False
    ended: str = ""
    final: str | None = None
    index: int = -1
    open: str = ""
    filled: int = 0
    signed: bool = False
    types: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def read(self, event: Json) -> None:
        """Takes the next event."""
        kind = event["type"]
        assert not self.ended, f"{kind} after {self.ended}"
        assert self.started or kind in ("message_start", "error", "ping"), f"{kind} before message_start"
        rule: Callable[[Json], None] | None = getattr(self, f"on_{kind}", None)
        assert rule is not None, f"unknown event {kind}"
        rule(event)

    def on_ping(self, event: Json) -> None:
        """Allowed anywhere."""

    def on_error(self, event: Json) -> None:
        """Ends the stream."""
        error = event["error"]
        assert isinstance(error["type"], str) and error["type"].endswith("_error") or error["type"] == "request_too_large"
        assert error["message"], "an error without a message"
        assert self.final is None, "an error after the stop reason"
        self.ended = "error"

    def on_message_start(self, event: Json) -> None:
        """First, and once."""
        assert not self.started, "a second message_start"
        message = event["message"]
        assert message["content"] == [] and message["role"] == "assistant" and message["type"] == "message"
        assert message["stop_reason"] is None and message["id"].startswith("msg_")
        counts(message["usage"])
        self.started = True

    def on_content_block_start(self, event: Json) -> None:
        """One block at a time, indexes without gaps."""
        assert not self.open, f"block {event['index']} starts inside block {self.index}"
        assert self.final is None, "a block after the stop reason"
        assert event["index"] == self.index + 1, f"block {event['index']} after block {self.index}"
        block = event["content_block"]
        assert block["type"] in BLOCKS, f"unknown block {block['type']}"
        assert set(block) == BLOCKS[block["type"]][1], f"a {block['type']} block starts as {block}"
        self.index, self.open, self.filled, self.signed = event["index"], block["type"], 0, False
        self.types.append(block["type"])
        if self.open == "tool_use":
            self.on_call(block)

    def on_call(self, block: Json) -> None:
        """A call has a name and an id of its own."""
        assert block["name"] and block["input"] == {}
        assert block["id"].startswith("toolu_") and block["id"] not in self.ids, f"id {block['id']} is not fresh"
        self.ids.append(block["id"])

    def on_content_block_delta(self, event: Json) -> None:
        """Of the open block's kind; a signature is the last word of a thinking block."""
        delta = event["delta"]
        assert self.open and event["index"] == self.index, f"a delta for block {event['index']}, which is not open"
        assert delta["type"] in BLOCKS[self.open][0], f"{delta['type']} in a {self.open} block"
        assert not self.signed, "a delta after the signature"
        assert isinstance(delta[PAYLOAD[delta["type"]]], str)
        self.signed = delta["type"] == "signature_delta"
        self.filled += 1

    def on_content_block_stop(self, event: Json) -> None:
        """Closes the open block, which has content."""
        assert self.open and event["index"] == self.index, f"block {event['index']} stops, but is not open"
        assert self.filled, f"the {self.open} block {self.index} is empty"
        self.open = ""

    def on_message_delta(self, event: Json) -> None:
        """The stop reason, once, when all blocks are closed; a null one is a sign of life."""
        counts(event["usage"])
        reason = event["delta"]["stop_reason"]
        if reason is None:
            return
        assert not self.open, "the stop reason comes inside a block"
        assert self.final is None, "a second stop reason"
        assert reason in STOPS, f"unknown stop reason {reason}"
        sequence = event["delta"]["stop_sequence"]
        assert (reason == "stop_sequence") == bool(sequence), f"{reason} with stop_sequence {sequence!r}"
        called = "tool_use" in self.types
        assert reason != "tool_use" or called, "tool_use without a call"
        assert reason != "end_turn" or not called, "end_turn although a call was made"
        self.final = reason

    def on_message_stop(self, event: Json) -> None:
        """Last, after the stop reason."""
        assert self.final is not None, "message_stop without a stop reason"
        self.ended = "message_stop"


def counts(usage: Json) -> None:
    """Token counts are whole numbers, none negative."""
    for name in COUNTS:
        assert isinstance(usage[name], int) and usage[name] >= 0, f"{name} is {usage[name]!r}"


def check(events: Iterable[Json]) -> Reader:
    """The reader behind the last event. Raises AssertionError for a stream that breaks the grammar or does not end."""
    reader = Reader()
    for event in events:
        reader.read(event)
    assert reader.ended, "the stream has no end"
    return reader
