"""One answer of a model that uses web tools which Rialto runs: what it says, as events, and what it called for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.exchange.call import Call, Caller
from app.exchange.means import Means
from app.ids import new_id
from app.upstream.upstream import Line
from translators.core.deltas import ORDINARY, Usage
from translators.core.message import Event
from translators.core.search import SEARCH, Kind, WebTool, functions, result_kind
from translators.core.search_replay import replayed
from translators.core.search_rounds import ROUND, Rounds, content_of
from translators.core.vendor import AnswerStream, Json, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round along one route: the web tools that Rialto runs there, and the answer so far. With `echo` the vendor's
    own search is only handed back what it was called with. In the `closing` round the model is to use what it has.
    """

    tools: Mapping[Kind, WebTool] = field(default_factory=dict)
    echo: bool = False
    content: tuple[Json, ...] = ()
    closing: bool = False

    @property
    def names(self) -> dict[str, Kind]:
        """Name of a web tool -> its kind."""
        return {tool.name: kind for kind, tool in self.tools.items()}

    def message(self, message: Json) -> Json:
        """The request of this round."""
        messages = message["messages"]
        if self.content:
            messages = [*messages, {"role": "assistant", "content": list(self.content)}]
        run = [kind for kind in self.tools if not (self.echo and kind == SEARCH)]
        made = {**message, "messages": replayed(messages, self.tools, self.echo), "tools": functions(message, run)}
        wished = message.get("tool_choice")
        if not self.content or not (wished or self.closing):
            return made
        kept = {key: value for key, value in (wished or {}).items() if key == "disable_parallel_tool_use"}
        return {**made, "tool_choice": {**kept, "type": "none" if self.closing else "auto"}}


class WebCall(Call):
    """A call of one round. `content`, as the client sees it, and `stop_reason` are known once it has ended."""

    def __init__(self, round: Round, message: Json, route: Route, means: Means, caller: Caller) -> None:
        super().__init__(round.message(message), route, means, caller)
        self.round = round
        self.goes_on = bool(round.content)
        self.content: list[Json] = []
        self.stop_reason = ""

    def stream(self, new_id: Callable[[str], str]) -> AnswerStream:
        """What joins this round and those behind it."""
        return Rounds(super().stream(new_id).start(), self.round.names, self.route.vendor.title)

    def reported(self, usage: Usage | None) -> None:
        """Nothing: these are the counts of all rounds together."""

    def deltas(self, line: Line) -> Iterator[list[Any]]:
        """The events of this round. Raises a `RialtoError` for everything but an answer."""
        stream = super().stream(new_id)
        events, asks = stream.start(), True
        while asks:
            for deltas in super().deltas(line):
                made = [event for delta in deltas for event in stream.feed(delta)]
                events += made
                yield made
            asks = stream.again()
        made = stream.close()
        if stream.error:
            raise stream.error
        super().reported(stream.usage)
        self._ended([*events, *made])
        yield [*made, {"type": ROUND, "reported": stream.usage}]

    def _ended(self, events: list[Event]) -> None:
        self.content = content_of(events, self.round.names)
        deltas = (event["delta"] for event in events if event["type"] == "message_delta")
        self.stop_reason = str(next(deltas)["stop_reason"])

    @property
    def is_cut(self) -> bool:
        """The model did not end by itself."""
        return self.stop_reason not in ORDINARY

    @property
    def pending(self) -> list[Json]:
        """The calls of web tools that have no result yet."""
        answered = {block.get("tool_use_id") for block in self.content if result_kind(block)}
        return [block for block in self.content if block["type"] == "server_tool_use" and block["id"] not in answered]

    @property
    def is_clients(self) -> bool:
        """The model has called a tool of the client's, who goes on."""
        return any(block["type"] == "tool_use" for block in self.content)
