"""A genuine endpoint: the client's body and the vendor's events, both as they are but for the model's name.

Thinking blocks of other vendors, which carry Rialto's signature, are taken out of the history. Anthropic's own stay as
they are: it refuses those that were changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.blocks import text_of
from translators.core.deltas import Usage
from translators.core.errors import Broke, RialtoError
from translators.core.message import fold
from translators.core.search import OWN_ID, SEALED
from translators.core.thinking import PREFIX
from translators.core.tool_search import RESULT, is_search
from translators.core.vendor import Json, Route
from translators.core.writer import DELTAS
from translators.protocols.anthropic_messages.events import event_type, told

#: What an empty result says.
NOTHING = "Nothing was found."


def handed_on(message: Json, route: Route) -> Json:
    """The body for Anthropic, which refuses a `stream` that is null."""
    body = {key: value for key, value in message.items() if key != "stream" or value is not None}
    tools = {str(tool.get("name")): tool for tool in message.get("tools") or ()}
    return {**body, "model": route.model, "messages": list(own_messages(message["messages"], tools))}


def own_messages(messages: list[Json], tools: Mapping[str, Json]) -> Iterator[Json]:
    """The messages without the thinking of others, and with their searches of the web in words: Anthropic refuses an
    `encrypted_content` that it has not made. A message that held nothing else is left out: it answers no call, and
    neighbours of one role are merged by the vendor. `tools` are those of the request, by name.
    """
    for message in messages:
        content = message.get("content")
        if not isinstance(content, list):
            yield message
            continue
        kept = [block for block in content if not is_ours(block)]
        searches = tool_searches(kept, tools)
        kept = [known(block, tools) if block_id(block) in searches else native(block) for block in kept]
        if kept == content:
            yield message
        elif kept:
            yield {**message, "content": kept}


def tool_searches(content: list[Any], tools: Mapping[str, Json]) -> set[str]:
    """The ids of others' searches of tools: what they have loaded is loaded at Anthropic too. It refuses one without
    its result, or whose tool the request does not offer.
    """
    results = {block_id(block) for block in content if block.get("type") == RESULT and is_others(block)}
    uses = (block for block in content if results and block.get("type") == "server_tool_use")
    return {block_id(use) for use in uses if is_search(tools.get(str(use.get("name")), {}))} & results


def known(block: Json, tools: Mapping[str, Json]) -> Json:
    """A block of such a search, without references to tools that the request has no more: they are an error."""
    content = block.get("content")
    if not isinstance(content, Mapping) or not isinstance(found := content.get("tool_references"), list):
        return block
    kept = [item for item in found if isinstance(item, Mapping) and item.get("tool_name") in tools]
    return {**block, "content": {**content, "tool_references": kept}}


def block_id(block: Any) -> str:
    """The id by which a call and its result know each other."""
    return str(block.get("tool_use_id") or block.get("id") or "")


def is_others(block: Any) -> bool:
    """The block is of a server tool that did not run at Anthropic."""
    return block_id(block).startswith(OWN_ID)


def native(block: Any) -> Any:
    """The block as Anthropic can take it; it refuses a text that is empty."""
    if is_others(block):
        return {"type": "text", "text": text_of(block) or NOTHING}
    citations = block.get("citations")
    if block.get("type") != "text" or not isinstance(citations, list):
        return block
    kept = [one for one in citations if not str(one.get("encrypted_index") or "").startswith(SEALED)]
    return block if len(kept) == len(citations) else {**block, "citations": kept or None}


def is_ours(block: Any) -> bool:
    """A thinking block that Rialto signed."""
    return block.get("type") == "thinking" and str(block.get("signature") or "").startswith(PREFIX)


class PassthroughStream:
    """Hands events on. `model` is the client's name of it, byte for byte."""

    def __init__(self, route: Route) -> None:
        self.error: RialtoError | None = None
        self.usage: Usage | None = None  # the client reads it in the vendor's own events
        self._model = route.alias
        self._title = route.vendor.title
        self._ended = False
        self._message: Json | None = None
        self._open: tuple[Any, str] | None = None

    def start(self) -> list[Json]:
        """Nothing: the vendor's own `message_start` comes first."""
        return []

    def feed(self, event: Json) -> list[Json]:
        """The event, or the events of a whole message."""
        if self._ended:
            return []
        match event_type(event):
            case "message":
                self._message = {**event, "model": self._model}
                return [part for piece in told(self._message) for part in self.feed(piece)]
            case "message_start":
                return [{**event, "message": {**event["message"], "model": self._model}}]
            case "content_block_start":
                self._open = (event.get("index"), event_type(event["content_block"]))
            case "content_block_stop":
                self._open = None
            case "message_stop":
                self._ended = True
        return [event]

    def close(self) -> list[Json]:
        """Nothing behind `message_stop`; an error without one."""
        return self.fail(Broke(f"{self._title}: the answer ended before it was complete"))

    def fail(self, error: RialtoError) -> list[Json]:
        """An `error` event."""
        if self._ended:
            return []
        self._ended = True
        self.error = error
        return [error.told()]

    def again(self) -> bool:
        """Never: the client sees what the vendor says."""
        return False

    def pulse(self) -> Json:
        """An empty delta in the open block, else a ping."""
        if self._open is None or self._open[1] not in DELTAS:
            return {"type": "ping"}
        index, kind = self._open
        name, key = DELTAS[kind]
        return {"type": "content_block_delta", "index": index, "delta": {"type": name, key: ""}}

    def whole(self, events: list[Json]) -> Json:
        """The message as it came. Raises `Broke` for events that make none."""
        try:
            made = self._message or fold(events)
        except (LookupError, TypeError, ValueError, AttributeError):
            made = {}
        if not made:
            raise Broke(f"{self._title}: the answer has an unknown form (its events make no message)")
        return made
