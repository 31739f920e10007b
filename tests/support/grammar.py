"""The grammar of an Anthropic event stream, written from the API's rules and not from the code that makes streams.

`complaints(events)` is empty for a stream that every client understands. Rules: "Streaming" of the Anthropic Messages
API (https://platform.claude.com/docs/en/build-with-claude/streaming, read 2026-11-21) and what its SDKs fail on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

Event = dict[str, Any]

STOP_REASONS = {
    *("end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn"),
    "model_context_window_exceeded",
}
#: Stop reasons after which tool input may be unfinished.
CUT = {"max_tokens", "refusal", "stop_sequence", "model_context_window_exceeded"}
#: Block type -> what its start must hold, beside type.
EMPTY_STARTS = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
    "server_tool_use": {"input": {}},
}
#: Delta type -> (block types, field, type of the field).
DELTAS: dict[str, tuple[tuple[str, ...], str, type]] = {
    "text_delta": (("text",), "text", str),
    "citations_delta": (("text",), "citation", dict),
    "thinking_delta": (("thinking",), "thinking", str),
    "signature_delta": (("thinking",), "signature", str),
    "input_json_delta": (("tool_use", "server_tool_use"), "partial_json", str),
}
#: Type of a server tool's result -> the server tools of which it needs one before it.
RESULTS = {
    "web_search_tool_result": ("web_search",),
    "web_fetch_tool_result": ("web_fetch",),
    "tool_search_tool_result": ("tool_search_tool_bm25", "tool_search_tool_regex"),
}


class Grammar:
    """Reads events one by one and collects complaints."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.place = "before"
        self.index = -1
        self.block: Event = {}
        self.pieces: list[str] = []
        self.signed = False
        self.ids: set[str] = set()
        self.inputs: list[str] = []
        self.served: dict[Any, Any] = {}

    def demand(self, condition: object, complaint: str) -> None:
        """Notes the complaint unless the condition holds."""
        if not condition:
            self.complaints.append(complaint)

    def read(self, event: Event) -> None:
        """The next event."""
        kind = event.get("type")
        if kind == "ping":
            return
        self.demand(self.place != "after", f"{kind} after the end")
        reader = getattr(self, f"read_{kind}", None)
        if reader is None:
            self.complaints.append(f"unknown event {kind}")
            return
        self.demand(kind in ("message_start", "error") or self.place != "before", f"{kind} before message_start")
        reader(event)

    def read_message_start(self, event: Event) -> None:
        """Once, first, with an empty message."""
        self.demand(self.place == "before", "a second message_start")
        self.place = "blocks"
        message = event["message"]
        expected = {"type": "message", "role": "assistant", "content": [], "stop_reason": None, "stop_sequence": None}
        self.demand(expected.items() <= message.items(), f"message_start {message}")
        self.demand(message.get("model") and message.get("id"), "message_start without model or id")
        self.demand_usage(message.get("usage"))
        self.fresh(message.get("id"))

    def read_content_block_start(self, event: Event) -> None:
        """The next index, no other block open, nothing in it yet."""
        self.demand(self.place == "blocks", "a block after the stop reason")
        self.demand(not self.block, f"block {event['index']} opens inside block {self.index}")
        self.index += 1
        self.demand(event["index"] == self.index, f"index {event['index']} instead of {self.index}")
        self.block = event["content_block"]
        self.pieces, self.signed = [], False
        for name, value in EMPTY_STARTS.get(self.block["type"], {}).items():
            self.demand(self.block.get(name) == value, f"{self.block['type']} starts with {self.block}")
        if self.block["type"] in ("tool_use", "server_tool_use"):
            self.demand(self.block.get("name"), "a call without a name")
            self.fresh(self.block.get("id"))
        if self.block["type"] == "server_tool_use":
            self.served[self.block.get("id")] = self.block.get("name")
        if names := RESULTS.get(self.block["type"]):
            use = self.served.pop(self.block.get("tool_use_id"), None)
            self.demand(use in (None, *names), f"{self.block['type']} answers {use}")

    def read_content_block_delta(self, event: Event) -> None:
        """For the open block, of its kind."""
        delta = event["delta"]
        blocks, field, kind = DELTAS.get(delta["type"], ((), "", str))
        self.demand(self.block and event["index"] == self.index, f"a delta for block {event['index']}, not open")
        self.demand(self.block.get("type") in blocks, f"{delta['type']} in {self.block.get('type')}")
        self.demand(isinstance(delta.get(field), kind), f"{delta} lacks {field}")
        self.demand(not self.signed, f"{delta['type']} after the signature")
        self.signed = delta["type"] == "signature_delta"
        self.pieces += [] if self.signed or kind is not str else [str(delta.get(field))]

    def read_content_block_stop(self, event: Event) -> None:
        """Of the open block, which is not empty."""
        self.demand(self.block and event["index"] == self.index, f"a stop for block {event['index']}, not open")
        kind, text = self.block.get("type"), "".join(self.pieces)
        self.demand(kind != "text" or text.strip(), "a blank text block")
        self.demand(kind != "thinking" or self.signed, "a thinking block without signature")
        if kind == "tool_use":
            self.inputs.append(text)
        self.block = {}

    def read_message_delta(self, event: Event) -> None:
        """The stop reason, after all blocks; one without it is a sign of life between blocks."""
        self.demand(self.place == "blocks" and not self.block, "message_delta inside a block or repeated")
        self.demand_usage(event.get("usage"))
        delta = event["delta"]
        self.demand({"stop_reason", "stop_sequence"} <= delta.keys(), f"message_delta {delta}")
        if delta.get("stop_reason") is None:
            return
        self.place = "stopped"
        self.demand(not self.served, f"no results for {list(self.served)}")
        self.demand(delta["stop_reason"] in STOP_REASONS, f"stop_reason {delta['stop_reason']}")
        self.demand((delta["stop_reason"] == "stop_sequence") == bool(delta["stop_sequence"]), f"message_delta {delta}")
        if delta["stop_reason"] not in CUT:
            self.demand_inputs()

    def read_message_stop(self, event: Event) -> None:
        """Last, after the stop reason."""
        self.demand(self.place == "stopped", "message_stop without a stop reason")
        self.place = "after"

    def read_error(self, event: Event) -> None:
        """Ends the stream anywhere."""
        error = event.get("error") or {}
        self.demand(isinstance(error.get("type"), str) and isinstance(error.get("message"), str), f"error {error}")
        self.place = "after"

    def demand_usage(self, usage: Any) -> None:
        """All counts are whole numbers, none negative."""
        counts = [value for value in (usage or {}).values() if not isinstance(value, dict)]
        self.demand(usage and "output_tokens" in usage and "input_tokens" in usage, f"usage {usage}")
        self.demand(all(type(count) is int and count >= 0 for count in counts), f"usage {usage}")

    def demand_inputs(self) -> None:
        """The input of every call is one JSON object, or what a model wrote and nobody can read."""
        for text in filter(None, self.inputs):
            try:
                self.demand(isinstance(json.loads(text), dict), f"tool input {text!r}")
            except ValueError:
                self.complaints.append(f"tool input {text!r}")

    def fresh(self, identifier: Any) -> None:
        """Ids are never used twice."""
        self.demand(isinstance(identifier, str) and identifier not in self.ids, f"id {identifier!r} is not fresh")
        self.ids.add(str(identifier))


def complaints(events: Iterable[Event]) -> list[str]:
    """Everything that is wrong with a finished stream."""
    grammar = Grammar()
    for event in events:
        grammar.read(event)
    grammar.demand(grammar.place == "after", f"the stream ends {grammar.place} the end")
    return grammar.complaints


def joined(events: Iterable[Event]) -> list[Event]:
    """The events, words that follow words of one kind in one block as one piece: in how many they come is chance."""
    made: list[Event] = []
    for event in events:
        before, delta = made[-1] if made else {}, event.get("delta") or {}
        field = {"text_delta": "text", "thinking_delta": "thinking"}.get(delta.get("type"), "")
        if field and without(before, field) == without(event, field):
            event = {**event, "delta": {**delta, field: made.pop()["delta"][field] + delta[field]}}
        made.append(event)
    return made


def without(event: Event, field: str) -> Event:
    """The event without what one field of its delta holds."""
    return {**event, "delta": {**(event.get("delta") or {}), field: ""}}


def blocks(events: Iterable[Event]) -> Iterator[Event]:
    """The content blocks of a stream as a client builds them; the input of a call is its JSON text."""
    built: list[Event] = []
    for event in events:
        if event["type"] == "content_block_start":
            built.append(dict(event["content_block"]) | ({"input": ""} if "input" in event["content_block"] else {}))
        elif event["type"] == "content_block_delta":
            _, field, _ = DELTAS[event["delta"]["type"]]
            target = "input" if field == "partial_json" else field
            if field == "citation":
                built[event["index"]].setdefault("citations", []).append(event["delta"][field])
            else:
                built[event["index"]][target] += event["delta"][field]
    yield from built
