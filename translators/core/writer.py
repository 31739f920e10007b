"""Writes the content blocks of one answer: counted, one open at a time, each started, filled and stopped.

Vendor state leaves as the signature of the thinking block that is open when it is due, or of an empty one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from translators.core.message import Event
from translators.core.thinking import Signature, sign

#: Block type -> (type, key) of its deltas.
DELTAS = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
    "server_tool_use": ("input_json_delta", "partial_json"),
}


class Writer:
    """`origin` is (vendor, model); `omitted` keeps the thinking text out of sight and in the signature."""

    def __init__(self, origin: tuple[str, str], omitted: bool) -> None:
        self.index = -1
        self.kind = ""
        """Type of the open block, or ""."""
        self._origin = origin
        self._omitted = omitted
        self._opaque: list[tuple[str, Any]] = []
        self._hidden: list[str] = []

    @property
    def is_half(self) -> bool:
        """The open block is worth nothing without its end: a thought, or text before which nothing is whole."""
        return self.kind == "thinking" or (self.kind == "text" and not self.index)

    def open(self, block: dict[str, Any]) -> list[Event]:
        """Starts a block behind the open one and behind the state that waits."""
        waiting = [] if self.kind == "thinking" or not self._opaque else self._open_thinking()
        return [*waiting, *self._start(block)]

    def write(self, block: dict[str, Any]) -> list[Event]:
        """A complete block; the input of a server tool comes behind its start, as that of every call."""
        given = block.get("input") if block["type"] == "server_tool_use" else None
        events = self.open({**block, "input": {}} if given else block)
        return [*events, *([self.add(json.dumps(given, ensure_ascii=False))] if given else []), *self.close()]

    def cite(self, citation: Mapping[str, Any]) -> list[Event]:
        """What the open text rests on; nothing where there is no text."""
        return [self._delta({"type": "citations_delta", "citation": dict(citation)})] if self.kind == "text" else []

    def close(self) -> list[Event]:
        """Stops the open block, if there is one."""
        if not self.kind:
            return []
        events = [self._signature()] if self.kind == "thinking" else []
        self.kind = ""
        return [*events, {"type": "content_block_stop", "index": self.index}]

    def finish(self) -> list[Event]:
        """Stops the open block and lets out the state that waits.

        State behind the last text stays unsent: clients take the last block for the answer (Claude Code 2.1.329 printed
        an empty result), and no vendor demands what belongs to a finished text.
        """
        if self.kind == "text":
            self._opaque.clear()
        events = self.close()
        return [*events, *self._open_thinking(), *self.close()] if self._opaque else events

    def think(self, text: str) -> list[Event]:
        """Adds to the open thinking block or a new one."""
        opening = [] if self.kind == "thinking" else self._open_thinking()
        if self._omitted:
            self._hidden.append(text)
            return opening
        return [*opening, self.add(text)]

    def add(self, text: str) -> Event:
        """Fills the open block."""
        kind, key = DELTAS[self.kind]
        return self._delta({"type": kind, key: text})

    def remember(self, key: str, value: Any) -> None:
        """State for the next signature."""
        self._opaque.append((key, value))

    def _open_thinking(self) -> list[Event]:
        return self._start({"type": "thinking", "thinking": "", "signature": ""})

    def _start(self, block: dict[str, Any]) -> list[Event]:
        events = self.close()
        self.index += 1
        self.kind = block["type"]
        return [*events, {"type": "content_block_start", "index": self.index, "content_block": block}]

    def _signature(self) -> Event:
        text, self._hidden = "".join(self._hidden), []
        opaque, self._opaque = tuple(self._opaque), []
        return self._delta({"type": "signature_delta", "signature": sign(Signature(*self._origin, text, opaque))})

    def _delta(self, delta: dict[str, Any]) -> Event:
        return {"type": "content_block_delta", "index": self.index, "delta": delta}
