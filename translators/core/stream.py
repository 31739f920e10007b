"""MessageStream: deltas -> Anthropic events. The one state machine that every protocol shares.

Laws (Anthropic Messages API, "Streaming", https://platform.claude.com/docs/en/build-with-claude/streaming, read
2026-11-21):

* `message_start` first; then blocks with indexes 0, 1, 2 ..., one after the other, each started, filled and stopped;
  then one `message_delta` with the stop reason and the usage; then `message_stop`. An `error` event may end the stream
  at any point instead.
* A block opens on its first content, so that no empty block is ever sent.
* Calls run one at a time: the first is live, interleaved ones wait. Text that arrives while a call is unfinished waits
  behind it.
* Every id is fresh; vendors repeat theirs.
* The stop reason is `tool_use` whenever a call was made and the turn ended normally.
* The end of the vendor's stream without a Stop means that the vendor broke.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from translators.core import tokens
from translators.core.arguments import Arguments
from translators.core.calls import Call, CallIds, Calls
from translators.core.counts import added, final_fields, usage_fields
from translators.core.deltas import (
    ORDINARY,
    Block,
    Cite,
    Delta,
    Opaque,
    Stop,
    Text,
    Thinking,
    ToolCall,
    Usage,
    stronger,
)
from translators.core.errors import Broke, Empty, RialtoError
from translators.core.filters import Filter, filtered, flushed
from translators.core.message import Event, fold
from translators.core.server_blocks import ServerBlocks
from translators.core.thinking import CALL_STATE, VENDORS_ID
from translators.core.tool_names import ToolNames
from translators.core.writer import DELTAS, Writer


class State(Enum):
    """Where the stream is."""

    NEW = "new"
    OPEN = "open"
    ENDED = "ended"


class MessageStream:
    """Builds the events of one answer. `start feed close fail` each return a list of events.

    `model` is echoed byte for byte; `new_id(prefix)` makes fresh ids; `input_tokens` is the estimate for
    `message_start`; `title` is the vendor's, for messages; `omitted` keeps the thinking text out of sight and in the
    signature; `members` has what the calls of a toolset's functions carry in place of the function's name.
    """

    def __init__(
        self,
        *,
        model: str,
        new_id: Callable[[str], str],
        origin: tuple[str, str],
        title: str,
        names: ToolNames,
        schemas: Mapping[str, Mapping[str, Any]] | None = None,
        members: Mapping[str, Mapping[str, str]] | None = None,
        input_tokens: int = 0,
        omitted: bool = False,
        filters: Sequence[Filter] = (),
        renewed: Callable[[], Sequence[Filter] | None] = lambda: None,
        begun: bool = False,
        edits: Sequence[Event] | None = None,
    ) -> None:
        self.state = State.NEW
        self.usage: Usage | None = None
        self.error: RialtoError | None = None
        self.model = model
        self._new_id = new_id
        self._ids = CallIds(lambda: new_id("toolu_"))
        self._title = title
        self._names = names
        self._schemas = schemas or {}
        self._members = members or {}
        self._input_tokens = input_tokens
        self._writer = Writer(origin, omitted)
        self._served = ServerBlocks(new_id)
        self._filters = filters
        self._renewed = renewed
        self._edits = edits
        self._calls = Calls(self._arguments)
        self._held: list[Text | Thinking | Block | Cite] = []
        self._blank = ""
        self._said = 0
        self._called = self._complete = False
        self._answered = begun
        self._stop: Stop | None = None
        self._before: Usage | None = None

    def start(self) -> list[Event]:
        """`message_start`, with an estimate of the input."""
        self.state = State.OPEN
        message: Event = {
            "id": self._new_id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_fields(Usage(self._input_tokens, 0)),
        }
        return [{"type": "message_start", "message": message}]

    def feed(self, delta: Delta) -> list[Event]:
        """The events of one delta. After the end nothing more is sent."""
        if self.state is State.ENDED:
            return []
        items = filtered(delta, self._filters)
        return self._take(items[0]) if len(items) == 1 else [event for item in items for event in self._take(item)]

    def close(self) -> list[Event]:
        """The end of the vendor's answer: a complete message, or an error when the answer is incomplete, empty or
        unusable.
        """
        if self.state is State.ENDED:
            return []
        events: list[Event] = []
        try:
            for item in flushed(self._filters):
                events += self._take(item)
            stop = self._ended()
        except RialtoError as error:
            return [*events, *self.fail(error)]
        events += self._finish_calls(complete=stop.reason in ORDINARY)
        events += self._writer.finish()
        self.state = State.ENDED
        usage = final_fields(self.counts(), self._input_tokens) | self._served.usage
        final: Event = {"type": "message_delta", "delta": self._ending(stop), "usage": usage}
        if self._edits is not None:
            final["context_management"] = {"applied_edits": list(self._edits)}
        return [*events, final, {"type": "message_stop"}]

    def again(self) -> bool:
        """At the vendor's end: whether its answer is useless and nothing of it has been sent but thinking. The stream
        then takes a second answer, and counts both.
        """
        filters = None if self.state is State.ENDED else self._renewed()
        if filters is None:
            return False
        self._before, self.usage = self.counts(), None
        self._filters, self._stop, self._complete = filters, None, False
        return True

    def fail(self, error: RialtoError) -> list[Event]:
        """A bad end: the error, without a stop reason and `message_stop`. What is unfinished stays open: Claude Code
        runs every call whose block has been closed, and 2.1.197 asks again only as long as no block has been.
        """
        if self.state is State.ENDED:
            return []
        live = self._calls.live
        cut = self._writer.kind == "tool_use" and live is not None and not live.complete
        events = [] if cut or self._writer.is_half else self._writer.close()
        self.state = State.ENDED
        self.error = error
        return [*events, error.told()]

    def pulse(self) -> Event:
        """A sign of life that also resets clients which ignore pings: an empty delta, or a `message_delta` without a
        stop reason.
        """
        if self._writer.kind in DELTAS:
            return self._writer.add("")
        return {
            "type": "message_delta",
            "delta": {"stop_reason": None, "stop_sequence": None},
            "usage": usage_fields(Usage(self._input_tokens, 0)),
        }

    @property
    def in_text(self) -> bool:
        """Neither an end nor a call has come."""
        return self._stop is None and not (self._called or self._calls)

    def whole(self, events: list[Event]) -> Event:
        """The message that the events make."""
        return fold(events)

    # -- deltas

    def _take(self, delta: Delta) -> list[Event]:
        match delta:
            case Text(text):
                return (self._said_now(delta) if self._calls else self._text(text)) if text else []
            case Thinking(text):
                return (self._said_now(delta) if self._calls else self._thinking(text)) if text else []
            case Block() | Cite():
                return self._said_now(delta)
            case ToolCall():
                self._calls.add(delta)
                return self._advance()
            case Opaque(key, value, call):
                if call:
                    self._writer.remember(f"{VENDORS_ID}:{self._ids.of_state(call)}", call)
                self._writer.remember(key, value)
            case Usage():
                self.usage = delta
            case Stop():
                self._stop = stronger(self._stop, delta)
                self._complete = self._complete or delta.final
        return []

    def _said_now(self, delta: Text | Thinking | Block | Cite) -> list[Event]:
        """Content, behind the calls that came before it."""
        if not self._calls:
            return self._content(delta)
        if all(call.complete for call in self._calls.pending()):
            return [*self._finish_calls(complete=True), *self._content(delta)]
        self._held.append(delta)
        return []

    def _content(self, delta: Text | Thinking | Block | Cite) -> list[Event]:
        match delta:
            case Text(text):
                return self._text(text)
            case Thinking(text):
                return self._thinking(text)
            case Block(block):
                self._answered, self._blank = True, ""
                return self._writer.write(self._served.named(block))
            case Cite(citation):
                return self._writer.cite(citation)

    def _text(self, text: str) -> list[Event]:
        """Text; white space opens no block, because no vendor takes a blank one back."""
        opening: list[Event] = []
        if self._writer.kind != "text":
            text, self._blank = self._blank + text, ""
            if not text.strip():
                self._blank = text
                return []
            opening = self._open({"type": "text", "text": ""})
        self._said += len(text)
        self._answered = True
        return [*opening, self._writer.add(text)]

    def _thinking(self, text: str) -> list[Event]:
        self._said += len(text)
        return self._writer.think(text)

    def _open(self, block: dict[str, Any]) -> list[Event]:
        self._blank = ""
        return self._writer.open(block)

    # -- calls

    def _arguments(self, name: str) -> Arguments:
        return Arguments(self._schemas.get(self._names.long(name)))

    def _advance(self) -> list[Event]:
        """Sends what the live call has ready; a complete one makes room for the next."""
        events: list[Event] = []
        while (call := self._calls.live) is not None:
            if call.name and call.begun:
                events += self._send(call)
            if not (self._calls.crowded and call.name and call.complete):
                break
            events += self._end_call(call, complete=True)
            self._calls.finish()
        return events

    def _send(self, call: Call) -> list[Event]:
        events: list[Event] = []
        if not call.sent:
            call.sent = True
            self._called = self._answered = True
            name, id = self._names.long(call.name), self._ids.of_call(call.id)
            if call.opaque:
                self._writer.remember(f"{CALL_STATE}:{id}", call.opaque)
            origin = self._members.get(name, {"name": name})
            events += self._open({"type": "tool_use", "id": id, **origin, "input": {}})
        if text := call.take():
            self._said += len(text)
            events.append(self._writer.add(text))
        return events

    def _end_call(self, call: Call, complete: bool) -> list[Event]:
        call.ready += call.arguments.close(complete)
        return [*self._send(call), *self._writer.close()]

    def _finish_calls(self, complete: bool) -> list[Event]:
        """Ends every call in order, then says what waited behind them. A cut answer's unfinished calls that nobody has
        seen are left out.
        """
        events: list[Event] = []
        for call in self._calls.drain():
            if call.name and (complete or call.complete or call.sent):
                events += self._end_call(call, complete or call.complete)
        held, self._held = self._held, []
        for delta in held:
            events += self._content(delta)
        return events

    # -- the end

    def _ended(self) -> Stop:
        """The vendor's end. Raises `Broke` for an answer that cannot be handed on as complete, `Empty` for one that is
        complete and holds nothing: to ask again is of no use.
        """
        if self._stop is None or not self._complete:
            raise Broke(f"{self._title}: the answer ended before it was complete")
        if self._stop.reason in ORDINARY:
            if any(not call.name for call in self._calls.pending()):
                raise Broke(f"{self._title}: a tool call came without a name")
            if not (self._answered or self._calls or self._held):
                thought = self._writer.index >= 0
                problem = "holds only reasoning, no text and no tool call" if thought else "was empty"
                raise Empty(f"{self._title}: the answer {problem}", should_retry=False)
        return self._stop

    def _ending(self, stop: Stop) -> Event:
        """What is told of the end."""
        reason = stop.reason
        if reason in ORDINARY:
            reason = "tool_use" if self._called else "end_turn"
        told: Event = {"stop_reason": reason, "stop_sequence": stop.sequence}
        if reason == "refusal":
            words = f"{self._title}: {stop.explanation}" if stop.explanation else None
            told["stop_details"] = {"type": "refusal", "category": None, "explanation": words}
        return told

    def counts(self) -> Usage:
        """The vendor's numbers, or estimates when it gave none."""
        said = round(self._said / tokens.LATIN_PER_TOKEN)
        if self.usage is None:
            return added(self._before, Usage(self._input_tokens, max(1, said)))
        return added(self._before, self.usage if self.usage.output else replace(self.usage, output=said))
