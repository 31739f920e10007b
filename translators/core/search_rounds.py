"""One message out of several answers: between them Rialto has searched, and the client sees one turn.

Takes the events of each round, those of a message stream in which calls of server tools have become such (`told`). The
blocks are counted through, the counts added up, and where the text names a page that was found there is a citation. A
search of tools that the client did not ask for is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from translators.core.counts import added, usage_fields, usage_of
from translators.core.deltas import Usage
from translators.core.errors import Broke, RialtoError
from translators.core.message import Event, fold
from translators.core.search import Kind, Page, citation, error_code, pages_in, result_kind
from translators.core.search_replay import server_id
from translators.core.server_blocks import served_fields
from translators.core.tool_search import RESULT
from translators.core.writer import DELTAS

#: An address in a text, and what may stand behind one that does not belong to it.
ADDRESS = re.compile(r"https?://[^\s<>\"'\]]+")
TRAILING = ".,;:!?)}*_`|"
#: Type of the event that ends a round; it holds what the vendor has `reported`.
ROUND = "round"


class Rounds:
    """The joined answer. `opening` are the events before the first round. The client sees nothing of the server tool
    that is `silent`.
    """

    def __init__(self, opening: list[Event], title: str, silent: str = "") -> None:
        self.error: RialtoError | None = None
        self.usage: Usage | None = None
        self._opening = opening
        self._title = title
        self._silent = silent
        self._muted = False
        self._index = -1
        self._open: Event = {}
        self._text = ""
        self._pages: dict[str, Page] = {}
        self._cited: set[str] = set()
        self._served: dict[Kind, int] = {}
        self._called = self._ended = False
        self._counts: Usage | None = None
        self._last: Event | None = None

    def start(self) -> list[Event]:
        """`message_start`."""
        return self._opening

    def feed(self, event: Event) -> list[Event]:
        """What becomes of one event of a round, or of Rialto's own blocks between two."""
        match event["type"]:
            case "content_block_start":
                return self._started(event["content_block"])
            case "content_block_delta":
                return self._filled(event["delta"])
            case "content_block_stop":
                return self._stopped()
            case "message_delta" if event["delta"].get("stop_reason"):
                self._last = event
                self._counts = added(self._counts, usage_of(event["usage"]))
            case "round" if event["reported"] is not None:
                self.usage = added(self.usage, event["reported"])
        return []

    def close(self) -> list[Event]:
        """The end of the last round: the end of the message."""
        if self._ended:
            return []
        if self._last is None or self._counts is None:
            return self.fail(Broke(f"{self._title}: the answer ended before it was complete"))
        self._ended = True
        delta = self._last["delta"]
        if delta["stop_reason"] == "tool_use" and not self._called:
            delta = {**delta, "stop_reason": "end_turn"}
        usage = usage_fields(self._counts) | served_fields(self._served)
        return [{**self._last, "delta": delta, "usage": usage}, {"type": "message_stop"}]

    def fail(self, error: RialtoError) -> list[Event]:
        """A bad end. What is unfinished stays open, as in a message stream."""
        if self._ended:
            return []
        self._ended, self.error = True, error
        kind = self._open.get("type")
        unfinished = kind in (None, "tool_use", "thinking") or (kind == "text" and not self._index)
        events = [] if unfinished else self._stopped()
        return [*events, {"type": "error", "error": {"type": error.type, "message": error.message}}]

    def again(self) -> bool:
        """Never: a round that came to nothing is an error."""
        return False

    def pulse(self) -> Event:
        """A sign of life, as a message stream gives it."""
        if name := DELTAS.get(str(self._open.get("type"))):
            return self._delta({"type": name[0], name[1]: ""})
        delta = {"stop_reason": None, "stop_sequence": None}
        return {"type": "message_delta", "delta": delta, "usage": usage_fields(Usage(0, 0))}

    def whole(self, events: list[Event]) -> Event:
        """The message that the events make."""
        return fold(events)

    # -- blocks

    def _started(self, block: Event) -> list[Event]:
        self._muted = bool(self._silent) and is_of(block, self._silent)
        if self._muted:
            return []
        self._index += 1
        self._open = block
        self._text, self._cited = "", set()
        self._called = self._called or block["type"] == "tool_use"
        if kind := result_kind(block):
            self._pages |= {page.url.rstrip("/"): page for page in pages_in(block)}
            self._served[kind] = self._served.get(kind, 0) + (not error_code(block))
        return [{"type": "content_block_start", "index": self._index, "content_block": block}]

    def _filled(self, delta: Event) -> list[Event]:
        if self._muted:
            return []
        events = [self._delta(delta)]
        if delta["type"] != "text_delta" or not self._pages:
            return events
        self._text += delta["text"]
        return [*events, *self._citations(at_end=False)]

    def _stopped(self) -> list[Event]:
        if self._muted:
            return []
        events = self._citations(at_end=True) if self._text else []
        self._open = {}
        return [*events, {"type": "content_block_stop", "index": self._index}]

    def _citations(self, at_end: bool) -> list[Event]:
        """Citations of the pages whose addresses the text holds; an address at the end of it may go on."""
        urls, rest = addresses(self._text, at_end)
        self._text = rest
        new = [url for url in dict.fromkeys(filter(None, map(self._known, urls))) if url not in self._cited]
        self._cited.update(new)
        return [self._delta({"type": "citations_delta", "citation": citation(self._pages[url])}) for url in new]

    def _known(self, url: str) -> str:
        """The page that an address in the text means, "" when none was found there."""
        while url and url.rstrip("/") not in self._pages:
            if url[-1] not in TRAILING:
                return ""
            url = url[:-1]
        return url.rstrip("/")

    def _delta(self, delta: Event) -> Event:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}


def is_of(block: Event, name: str) -> bool:
    """A call of the tools' search of this name, or what it has found."""
    return bool(block["type"] == RESULT or (block["type"] == "server_tool_use" and block["name"] == name))


def told(events: Iterable[Event], names: Mapping[str, str]) -> list[Event]:
    """The events of one round as the client sees them. `names` are the server tools that Rialto runs in it, by the
    names of their functions.
    """
    return [
        {**event, "content_block": served(event["content_block"], names)}
        if event["type"] == "content_block_start"
        else event
        for event in events
    ]


def served(block: Event, names: Mapping[str, str]) -> Event:
    """A block as the client sees it: the call of a server tool is the server's."""
    if block["type"] != "tool_use" or block["name"] not in names:
        return block
    return {**block, "type": "server_tool_use", "id": server_id(block["id"]), "name": names[block["name"]]}


def addresses(text: str, at_end: bool) -> tuple[list[str], str]:
    """The addresses of a text that are complete, and the end of the text in which one may still be growing."""
    urls, done = list[str](), 0
    for match in ADDRESS.finditer(text):
        if match.end() == len(text) and not at_end:
            return urls, text[match.start() :]
        urls.append(match[0])
        done = match.end()
    return urls, text[max(done, len(text) - len("https://")) :]


def content_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The content that the events of one round make."""
    opening = {"type": "message_start", "message": {"usage": {}}}
    content: list[Event] = fold([opening, *(event for event in events if "block" in event["type"])])["content"]
    return content
