"""One answer of a model that uses tools which Rialto runs: what it says, as events, and what it called for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.exchange.call import Call, Caller, fed
from app.exchange.means import Means
from app.upstream.upstream import Line
from translators.core.deltas import ORDINARY, Usage
from translators.core.message import Event
from translators.core.prefill import GO_ON
from translators.core.search import SEARCH, Kind, WebTool, functions
from translators.core.search_replay import is_result, replayed
from translators.core.search_rounds import ROUND, Rounds, content_of, is_of, told
from translators.core.tool_search import NAMES, ToolSearch, tool_search
from translators.core.vendor import AnswerStream, Json, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round along one route: the web tools that Rialto runs there, its search of tools, and the answer so far. With
    `echo` the vendor's own search is only handed back what it was called with. In the `closing` round the model is to
    use what it has. A `genuine` Anthropic runs its tools itself, also those of an answer that another model has begun.
    """

    tools: Mapping[Kind, WebTool] = field(default_factory=dict)
    finder: ToolSearch | None = None
    echo: bool = False
    content: tuple[Json, ...] = ()
    closing: bool = False
    genuine: bool = False

    @property
    def is_plain(self) -> bool:
        """Rialto has nothing to run."""
        return not (self.tools or self.finder or self.content)

    @property
    def names(self) -> dict[str, str]:
        """Name of a function -> that of the server tool which it stands for."""
        found: dict[str, str] = {tool.name: kind for kind, tool in self.tools.items()}
        return {**found, **dict.fromkeys((*NAMES, self.finder.name), self.finder.name)} if self.finder else found

    @property
    def silent(self) -> str:
        """The name of a search of tools that the client did not ask for, "" without one."""
        return self.finder.name if self.finder and self.finder.silent else ""

    def message(self, message: Json) -> Json:
        """The request of this round."""
        made = {**message, "messages": [*message["messages"], *self._said()]}
        made = made if self.genuine else self._run_here(made)
        wished = message.get("tool_choice") or {}
        if self.closing or (self.content and wished and not self._is_due(wished)):
            kept = {key: value for key, value in wished.items() if key == "disable_parallel_tool_use"}
            made["tool_choice"] = {**kept, "type": "none" if self.closing else "auto"}
        return made

    def _said(self) -> list[Json]:
        """The answer so far. A genuine Anthropic sees every tool, and so knows nothing of a silent search; its newer
        models refuse to go on with an answer unless the user asks for it.
        """
        content = list(self.content)
        if self.genuine:
            content = [block for block in content if not (self.silent and is_of(block, self.silent))]
            content = [] if all(block["type"] == "thinking" for block in content) else content
        said = [{"role": "assistant", "content": content}] if content else []
        return [*said, {"role": "user", "content": GO_ON}] if said and self.genuine else said

    def _run_here(self, message: Json) -> Json:
        """The request with the tools that Rialto runs as functions, and their past as calls of these."""
        run = [kind for kind in self.tools if not (self.echo and kind == SEARCH)]
        searches = {self.finder.name, *NAMES} if self.finder else set[str]()
        history = replayed(message["messages"], searches.union(self.tools), self.echo)
        made = {**message, "messages": history, "tools": functions(message, run)}
        return self.finder.arranged(made) if self.finder else made

    def _is_due(self, wished: Json) -> bool:
        """The call that the client demands is still to be made: so far the model has looked for tools only."""
        called = {block.get("name") for block in self.content if block["type"] == "server_tool_use"}
        return self.finder is not None and called == {self.finder.name} and wished.get("name") != self.finder.name


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
        opening = super().stream(new_id).start()
        return Rounds(opening, self.route.vendor.title, self.round.silent)

    def reported(self, usage: Usage | None) -> None:
        """Nothing: these are the counts of all rounds together."""

    def deltas(self, line: Line) -> Iterator[list[Any]]:
        """The events of this round. Raises a `RialtoError` for everything but an answer."""
        stream = super().stream(self._means.new_id)
        events, asks = stream.start(), True
        while asks:
            for deltas in super().deltas(line):
                for made in fed(stream, deltas):
                    seen = told(made, self.round.names)
                    events += seen
                    yield seen
            asks = stream.again()
        made = told(stream.close(), self.round.names)
        if stream.error:
            raise stream.error
        super().reported(stream.usage)
        self._ended([*events, *made])
        yield [*made, {"type": ROUND, "reported": stream.usage}]

    def _ended(self, events: list[Event]) -> None:
        self.content = content_of(events)
        deltas = (event["delta"] for event in events if event["type"] == "message_delta")
        self.stop_reason = str(next(deltas)["stop_reason"])

    @property
    def is_cut(self) -> bool:
        """The model did not end by itself."""
        return self.stop_reason not in ORDINARY

    @property
    def pending(self) -> list[Json]:
        """The calls that Rialto is to run. A vendor that runs its tools itself may pause within one: that is for the
        client, who asks it to go on.
        """
        run = set() if self.round.genuine else set(self.round.names.values())
        answered = {block.get("tool_use_id") for block in self.content if is_result(block)}
        calls = (block for block in self.content if block["type"] == "server_tool_use" and block["name"] in run)
        return [block for block in calls if block["id"] not in answered]

    @property
    def is_clients(self) -> bool:
        """The model has called a tool of the client's, who goes on."""
        return any(block["type"] == "tool_use" for block in self.content)


def finder_of(message: Json, route: Route) -> ToolSearch | None:
    """The search of tools that Rialto makes for a request along a route; a genuine Anthropic has its own."""
    return None if route.profile.genuine else tool_search(message, route.tools_over, route.profile.max_tools)


def shown(message: Json, route: Route) -> Json:
    """A request as the model sees its first round, for counting."""
    finder = finder_of(message, route)
    return Round(finder=finder).message(message) if finder else message
