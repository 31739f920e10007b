"""Account: what one exchange came to. Filled while it runs, settled once at its end, whatever the end was."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from translators.core.deltas import Usage
from translators.core.errors import RialtoError
from translators.core.message import Event
from translators.core.vendor import Json, Route

#: What an exchange answers when its client has left; nobody reads it.
CLIENT_GONE = 499
#: Why an exchange was lost.
KILLED, STOPPED = "worker_killed", "worker_stopped"


@dataclass(slots=True)
class Account:
    """Times are seconds: `began` since 1970, the others since then. `usage` has Anthropic's field names, {} before the
    vendor said something. `route` is the last one tried, None before the first try; `wished` is where the model's name
    leads, None before it is known.
    """

    alias: str = ""
    stream: bool = False
    method: str = "POST"
    path: str = "/v1/messages"
    request_id: str = ""
    parent: str = ""
    """The request for which Rialto itself has asked this."""
    client: str = ""
    """The name of the client's key."""
    session: str = ""
    agent: str = ""
    kind: str = ""
    tools_offered: int = 0
    images: int = 0
    began: float = field(default_factory=time.time)
    wished: Route | None = None
    route: Route | None = None
    committed: bool = False
    """The client has been told that all goes well; an error comes behind a status of 200."""
    running: bool = False
    """An exchange has taken it over and settles it."""
    slot: int | None = None
    """Its place among the running exchanges."""
    came_with: Mapping[str, str] = field(default_factory=dict)
    """The client's headers of a distributed trace."""
    goes_with: Mapping[str, str] = field(default_factory=dict)
    """Those that are sent on to vendors."""
    message: Json | None = field(default=None, repr=False)
    """What was asked, so that no log repeats it."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The client's keys."""
    estimate: int = 0
    retries: int = 0
    fallbacks: int = 0
    continuations: int = 0
    """How often an answer that broke off was gone on with."""
    first_token: float | None = None
    sent: float | None = None
    """When the last try was sent."""
    answered: float | None = None
    """When the vendor's last word came."""
    ended: float | None = None
    status: int | Literal["lost"] = 200
    stop_reason: str | None = None
    error: RialtoError | None = None
    cut: str = ""
    """What ended the exchange with its worker."""
    tools_called: int = 0
    said: int = 0
    """Characters of the answer."""
    usage: dict[str, Any] = field(default_factory=dict)
    reported: Usage | None = None
    """The vendor's own counts, where the answer's events are built by Rialto."""
    _clock: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._clock

    def asked(self, message: Json) -> None:
        """The request is understood."""
        self.message = message
        self.alias = message["model"]
        self.stream = bool(message.get("stream"))
        self.tools_offered = len(message.get("tools") or ())
        self.images = sum([pictures(turn.get("content")) for turn in message["messages"]])

    def tried(self, route: Route, estimate: int) -> None:
        """A try begins."""
        if self.route is not None:
            same = self._leads_to(route)
            self.retries += same
            self.fallbacks += not same
        self.route, self.estimate, self.sent = route, estimate, self.elapsed()

    def continued(self, route: Route, number: int) -> None:
        """A try begins to go on with the answer; several tries may have the same number."""
        again = number == self.continuations
        same = self._leads_to(route)
        self.retries += again and same
        self.fallbacks += not same
        self.continuations, self.route, self.sent = number, route, self.elapsed()

    def heard(self) -> None:
        """The vendor has said all."""
        self.answered = self.elapsed()

    def told(self, events: Iterable[Event]) -> None:
        """Takes note of events on their way to the client."""
        for event in events:
            match event["type"]:
                case "content_block_delta":
                    self.said += length(event["delta"])
                case "content_block_start":
                    if self.first_token is None:
                        self.first_token = self.elapsed()
                    self.tools_called += event["content_block"].get("type") == "tool_use"
                case "message_start":
                    self._used(event["message"].get("usage"))
                case "message_delta":
                    self._used(event.get("usage"))
                    self.stop_reason = event["delta"].get("stop_reason") or self.stop_reason

    def failed(self, error: RialtoError, status: int | None = None) -> None:
        """The exchange ends badly. `status` is the HTTP status that the client saw; None is the error's own, or 200
        when the answer had begun.
        """
        self.error = error
        self.status = (200 if self.committed else error.status) if status is None else status

    def left(self) -> None:
        """The client has gone before the end."""
        if self.error is None and self.stop_reason is None:
            self.status = CLIENT_GONE

    def lost(self, why: str) -> None:
        """The worker ends before the exchange."""
        if self.error is None and self.stop_reason is None:
            self.status, self.cut = "lost", why

    def end(self) -> None:
        """The client has its answer, or is gone."""
        self.ended = self.elapsed()

    def _leads_to(self, route: Route) -> bool:
        """The last try was at the model of this route."""
        last = self.route
        return last is not None and (last.vendor.name, last.model) == (route.vendor.name, route.model)

    def _used(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.usage |= {name: value for name, value in usage.items() if value is not None}


def opened(message: Json, **known: Any) -> Account:
    """The account of a request."""
    account = Account(**known)
    account.asked(message)
    return account


def length(delta: Mapping[str, Any]) -> int:
    """Characters of a piece of the answer."""
    piece = delta.get("text") or delta.get("thinking") or delta.get("partial_json")
    return len(piece) if isinstance(piece, str) else 0


def pictures(content: Any) -> int:
    """Images among the blocks of a message, those inside of tool results and documents too."""
    found = 0
    for block in content if isinstance(content, list) else ():
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "image":
            found += 1
        elif kind == "tool_result":
            found += pictures(block.get("content"))
        elif kind == "document" and isinstance(block.get("source"), dict):
            found += pictures(block["source"].get("content"))
    return found
