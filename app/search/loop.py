"""Loop: all calls of one exchange. As a rule it is one; when the model searches the web or its tools, or opens a page,
Rialto does so and asks it again, until it answers. Each round has tries and fallbacks of its own, the vendor that spoke
first among them.

A vendor that searches by itself is left to it. Where nobody can search, the model is told so at once, and a request
that can be nothing but a search gets that answer without the model.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from app.catalog.catalog import route_name
from app.exchange.asking import Asking
from app.exchange.call import Call, Caller
from app.exchange.means import Means
from app.exchange.story import ContinuedCall, Story, is_continued
from app.logs.redaction import without_echo
from app.resilience.attempts import Attempts
from app.search.call import Round, WebCall, finder_of
from app.search.tools import MOST_SEARCHES, found_tools
from app.upstream.upstream import Line
from app.usage.kind import is_claude_code, is_web_search
from translators.core.blocks import content_text
from translators.core.errors import RialtoError
from translators.core.message import Event
from translators.core.search import (
    FETCH,
    SEARCH,
    Kind,
    error_code,
    failed,
    found,
    functions,
    searching,
    server_use,
    web_tools,
)
from translators.core.search_replay import calls_alone, seen_text, server_id
from translators.core.tool_search import ToolSearch
from translators.core.vendor import Json, Route

#: Rounds of one exchange, whatever limits the request names.
MOST_ROUNDS = 25
#: Rounds in a row whose every call failed for good; after one the model may call no more, where it calls all the same
#: the message ends.
MOST_VAIN = 2
#: Errors that another call would meet too.
FINAL = frozenset({"unavailable", "max_uses_exceeded", "too_many_requests"})
HINT = "web search was asked for, but %s does not search and no engine is set up: see docs/web-search.md"

log = logging.getLogger("rialto")


class Loop:
    """Makes the calls and runs what they call for."""

    def __init__(
        self,
        message: Json,
        routes: Sequence[Route],
        means: Means,
        caller: Caller,
        line: Line,
        asking: Asking | None = None,
    ) -> None:
        self._message = message
        self._routes = list(routes)
        self._means = means
        self._caller = caller
        self._line = line
        self._asking = asking or Asking(means, caller, line)
        self._fitted: dict[str, Json] = {}
        """Name of a route -> the message as its model is to see it."""
        self._content: list[Json] = []
        self._finder: ToolSearch | None = None
        """The search of tools with which the content has begun: whoever stands in goes on with it."""
        self._uses: Counter[Kind] = Counter()
        self._rounds = self._vain = self._lookups = 0
        self._story = Story(message)

    def called(self, route: Route) -> Call:
        """A call of this round along a route."""
        call = self._made(route)
        call.describe = self._described
        return call

    def _described(self, message: Json, route: Route) -> Json:
        """The message for a model that turned out to be blind."""
        fitting = self._means.fitting
        return fitting.described(message, route, self._asking) if fitting else message

    def _made(self, route: Route) -> Call:
        round, message = self._round(route), self._fitted.get(route_name(route), self._message)
        if not round.is_plain:
            return WebCall(round, message, route, self._means, self._caller)
        if is_continued(route):
            return ContinuedCall(self._story, message, route, self._means, self._caller)
        return Call(message, route, self._means, self._caller)

    def _fit(self, route: Route) -> None:
        """Brings the message to what the route's model can see, once."""
        name, fitting = route_name(route), self._means.fitting
        if fitting is not None and name not in self._fitted:
            self._fitted[name] = fitting.message(self._message, route, self._asking)

    def run(self) -> Iterator[Call | list[Any]]:
        """The calls and what they bring. Raises what `Attempts.run` raises."""
        if self._is_in_vain():
            yield from self._at_once()
            return
        while True:
            call: Call | None = None
            try:
                for item in self._attempts().run():
                    call = item if isinstance(item, Call) else call
                    yield item
            except RialtoError as error:
                self._resume(error, call)
                continue
            if not isinstance(call, WebCall) or not call.pending:
                return
            yield from self._answers(call)
            if self._is_over(call):
                return
            self._routes.sort(key=partial(is_other, call.route))

    def _attempts(self) -> Attempts[Call]:
        for_log = partial(without_echo, message=self._message)
        return Attempts(self._routes, self.called, self._means.traffic, self._line, for_log, self._fit)

    def _resume(self, error: RialtoError, call: Call | None) -> None:
        """Turns to the vendors that can go on with an answer which broke off, the one that began it first. Raises why
        it broke off where nobody can.
        """
        if self._line.cut_off or call is None or not self._story.goes_on(error):
            raise self._story.cause or error
        log.info("%s; going on with the answer", without_echo(error.message, message=self._message))
        able = [route for route in self._routes if is_continued(route) and self._round(route).is_plain]
        self._routes = sorted(able, key=partial(is_other, call.route))

    # -- who searches

    def _round(self, route: Route) -> Round:
        """This round along a route: what the vendor does not run itself is run here."""
        message, genuine = self._message, route.profile.genuine
        forbidden = (message.get("tool_choice") or {}).get("type") == "none"
        tools = {} if genuine or forbidden else web_tools(message)
        finder = self._finder if self._content or genuine else finder_of(message, route)
        alone = calls_alone(message) or self._lookups > MOST_SEARCHES
        closing = bool(self._vain) and alone
        round = Round(tools=tools, finder=finder, content=tuple(self._content), closing=closing, genuine=genuine)
        web = self._means.web
        if SEARCH not in tools or (web.searches and web.conf.first == "engine"):
            return round
        beside = {**message, "tools": functions(message, [FETCH])}
        own = route.vendor.search(beside, route.carrying(beside))
        if own is None or own.echo:
            return replace(round, echo=own is not None)
        return replace(round, tools={kind: tool for kind, tool in tools.items() if kind != SEARCH})

    def _is_in_vain(self) -> bool:
        """The request can be nothing but a search, and nobody can make one."""
        message, headers = self._message, self._caller.headers
        if self._means.web.searches or searching(message) is None:
            return False
        wished = message.get("tool_choice") or {}
        named = wished.get("type") == "tool" and wished.get("name") == web_tools(message)[SEARCH].name
        alone = is_web_search(message, headers)
        if not named and not (alone and (wished.get("type") == "any" or is_claude_code(message, headers))):
            return False
        round = self._round(self._routes[0])
        return SEARCH in round.tools and not round.echo

    def _at_once(self) -> Iterator[Call | list[Any]]:
        """The answer to it, without the model."""
        log.warning(HINT, self._routes[0].vendor.title)
        words = [content_text(turn.get("content")) for turn in self._message["messages"] if turn["role"] == "user"]
        use = server_use(server_id(self._means.new_id("toolu_")), SEARCH, {"query": words[-1] if words else ""})
        yield self.called(self._routes[0])
        end = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {}}
        yield [*written(use), *written(failed(use["id"], SEARCH, "unavailable")), end]

    # -- between two rounds

    def _answers(self, call: WebCall) -> Iterator[list[Event]]:
        """Runs what the round called for, one after the other."""
        self._content += call.content
        self._finder = call.round.finder
        codes = set()
        for use in call.pending:
            if self._line.cut_off:
                return
            block = self._result(use, call)
            codes.add(error_code(block))
            self._content.append(block)
            yield written(block)
        self._rounds += 1
        self._vain = self._vain + 1 if codes <= FINAL else 0

    def _result(self, use: Json, call: WebCall) -> Json:
        """The result block of one call."""
        if call.round.finder and use["name"] == call.round.finder.name:
            self._lookups += 1
            return found_tools(use["id"], use["input"], call.round.finder, self._lookups)
        kind: Kind = use["name"]
        tool = call.round.tools[kind]
        if call.is_cut:
            return failed(use["id"], kind, "invalid_tool_input")
        if self._uses[kind] >= self._means.web.limit(tool):
            return failed(use["id"], kind, "max_uses_exceeded")
        self._uses[kind] += 1
        if call.round.echo and kind == SEARCH:
            return found(use["id"], ())
        if kind == SEARCH and not self._means.web.searches:
            log.warning(HINT, call.route.vendor.title)
        return self._means.web.result(use["id"], use["input"], tool, self._seen, self._line)

    def _seen(self) -> str:
        """What users and tools have said, in this answer too."""
        return seen_text([*self._message["messages"], {"role": "assistant", "content": self._content}])

    def _is_over(self, call: WebCall) -> bool:
        """Whether the message ends here: the client is to go on, the answer was cut, or the model will not stop."""
        stubborn = self._vain >= MOST_VAIN or self._rounds >= MOST_ROUNDS
        return call.is_clients or call.is_cut or stubborn or self._line.cut_off


def is_other(used: Route, route: Route) -> bool:
    """The route is not the one that was used."""
    return (route.vendor.name, route.model) != (used.vendor.name, used.model)


def written(block: Json) -> list[Event]:
    """A complete block as the events of a round; the input of a server tool comes behind its start."""
    given = block.get("input")
    start = {"type": "content_block_start", "content_block": {**block, "input": {}} if given else block}
    delta = {"type": "input_json_delta", "partial_json": json.dumps(given, ensure_ascii=False)}
    filled = [{"type": "content_block_delta", "delta": delta}] if given else []
    return [start, *filled, {"type": "content_block_stop"}]
