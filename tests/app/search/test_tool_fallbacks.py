"""Who stands in behind a search that Rialto has run. Above all Anthropic, which searches by itself: as the fallback of
the same answer, and as the vendor of the next turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import Answer, Call, answer, thought, words
from tests.scenarios.rig import assistant, environment, result, user
from tests.scenarios.wires import WIRES
from tests.support.anthropic_rules import loaded, refusals
from tests.support.filler_tools import filler_tools
from tests.support.scripted_server import Answer as Bytes
from tests.support.scripted_server import Request, ScriptedServer, json_answer
from translators.core.vendor import Route

Json = dict[str, Any]
CHAT, GENUINE, RESPONSES = WIRES["chat"], WIRES["passthrough"], WIRES["responses"]
BM25: Json = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
READ: Json = {"name": "Read", "description": "Reads.", "input_schema": {"type": "object", "properties": {}}}
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}
FETCH: Json = {"type": "web_fetch_20250910", "name": "web_fetch"}
HUNDRED = filler_tools()
MARKED = [*HUNDRED[:-1], {**HUNDRED[-1], "cache_control": {"type": "ephemeral"}}]
DEFERRED = [{**tool, "defer_loading": True} for tool in HUNDRED]
WANTED = "mcp__calendar__delete_reminder"
ASKED = {"query": "delete a reminder"}
CALLED = Call(WANTED, ('{"identifier":"r1"}',), "call_2")
SERVED = ["server_tool_use", "tool_search_tool_result"]
#: Tools of the request, and the name of the search that the other model is offered.
SEARCHED = {"asked for": ([READ, BM25, *DEFERRED], BM25["name"]), "silent": ([READ, *MARKED], "tool_search")}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def client(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Rialto that searches above twenty tools; Anthropic stands in."""
    monkeypatch.setattr("app.settings.settings.STATE_DIR", None)
    own = {"TOOL_SEARCH_OVER": "20", "FALLBACK_MODELS": GENUINE.model, "SEARXNG_URL": f"{server.url}/searxng"}
    return create_app(Settings.load(environment(server.url) | own)).test_client()


def play(server: ScriptedServer, *said: Answer | Bytes | None) -> None:
    """What the models say in turn, each on its own wire or in bytes of its own; None refuses."""
    waiting = iter(said)

    def script(request: Request) -> Bytes:
        if request.path.startswith("/searxng"):
            return json_answer({"results": []})
        told, wire = next(waiting), GENUINE if request.path.startswith("/anthropic") else CHAT
        wire = RESPONSES if request.path.endswith("/responses") else wire
        if isinstance(told, Bytes):
            return told
        if told is None:
            return json_answer({"error": {"message": "overloaded"}}, 503)
        return wire.answered(told, wire.wants_stream(request))

    server.play(script)


def ask(client: FlaskClient, model: str, *turns: Json, **fields: Any) -> Json:
    """The message."""
    body = {"model": model, "max_tokens": 900, "messages": turns or [user("hi")], **fields}
    reply = client.post("/v1/messages", json=body)
    assert reply.status_code == 200, reply.text
    message: Json = reply.json or {}
    return message


def look(name: str) -> Call:
    return Call(name, (json.dumps(ASKED),))


def kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["content"] if block.get("thinking") != ""]


@pytest.mark.parametrize("opening", [(), (words("I look."),), (thought("Hm."), words("I look."))], ids=len)
@pytest.mark.parametrize(("tools", "name"), SEARCHED.values(), ids=SEARCHED.keys())
def test_anthropic_goes_on_behind_a_search(
    tools: list[Json], name: str, opening: tuple[Any, ...], client: FlaskClient, server: ScriptedServer
) -> None:
    play(server, answer(*opening, look(name)), None, answer(CALLED))
    message = ask(client, CHAT.model, tools=tools)
    body = server.bodies[-1]
    assert server.requests[-1].path == "/anthropic/v1/messages"
    assert refusals(body) == []
    assert WANTED in loaded(body)
    assert message["content"][-1]["name"] == WANTED and message["stop_reason"] == "tool_use"
    assert [kind for kind in kinds(message) if kind in SERVED] == (SERVED if name in str(tools) else [])
    if opening:
        assert "I look." in json.dumps(body["messages"])


@pytest.mark.parametrize(("tools", "name"), SEARCHED.values(), ids=SEARCHED.keys())
def test_a_demand_outlasts_the_search(
    tools: list[Json], name: str, client: FlaskClient, server: ScriptedServer
) -> None:
    play(server, answer(look(name)), None, answer(CALLED))
    ask(client, CHAT.model, tools=tools, tool_choice={"type": "any"})
    assert server.bodies[-1]["tool_choice"] == {"type": "any"}


@pytest.mark.parametrize(("tools", "name"), SEARCHED.values(), ids=SEARCHED.keys())
def test_the_next_turn_at_anthropic(tools: list[Json], name: str, client: FlaskClient, server: ScriptedServer) -> None:
    play(server, answer(words("I look."), look(name)), answer(CALLED), answer("Done."))
    first = ask(client, CHAT.model, tools=tools)
    turns = [user("hi"), assistant(*first["content"]), user(result(first["content"][-1]["id"], "gone"))]
    ask(client, GENUINE.model, *turns, tools=tools)
    body = server.bodies[-1]
    assert refusals(body) == []
    assert WANTED in loaded(body)
    assert body["tools"] == tools


def test_a_search_that_found_nothing(client: FlaskClient, server: ScriptedServer) -> None:
    """At Anthropic an empty text is an error."""
    play(server, answer(Call("web_search", ('{"query":"x"}',))), answer("No."), answer("Done."))
    first = ask(client, CHAT.model, tools=[SEARCH])
    assert kinds(first) == ["server_tool_use", "web_search_tool_result", "text"]
    ask(client, GENUINE.model, user("hi"), assistant(*first["content"]), user("And now?"), tools=[SEARCH])
    assert refusals(server.bodies[-1]) == []


def test_anthropic_goes_on_behind_a_search_of_the_web(client: FlaskClient, server: ScriptedServer) -> None:
    play(server, answer(words("I look."), Call("web_search", ('{"query":"x"}',))), None, answer("Done."))
    message = ask(client, CHAT.model, tools=[SEARCH])
    assert kinds(message) == ["text", "server_tool_use", "web_search_tool_result", "text"]
    assert refusals(server.bodies[-1]) == []


GONE: dict[str, list[Json]] = {
    "the search": [READ, *DEFERRED],
    "what was found": [READ, BM25, *(tool for tool in DEFERRED if tool["name"] != WANTED)],
}


@pytest.mark.parametrize("left", GONE.values(), ids=GONE.keys())
def test_tools_that_are_gone_by_then(left: list[Json], client: FlaskClient, server: ScriptedServer) -> None:
    """Anthropic refuses what refers to a tool that the request has no more."""
    play(server, answer(look(BM25["name"])), answer("Found."), answer("Done."))
    first = ask(client, CHAT.model, tools=[READ, BM25, *DEFERRED])
    ask(client, GENUINE.model, user("hi"), assistant(*first["content"]), user("And now?"), tools=left)
    assert refusals(server.bodies[-1]) == []


def test_a_search_that_was_cut_short(client: FlaskClient, server: ScriptedServer) -> None:
    """A client may keep the call alone of an answer that broke off."""
    use = {"type": "server_tool_use", "id": "srvtoolu_rialto1", "name": BM25["name"], "input": ASKED}
    play(server, answer("Done."))
    ask(client, GENUINE.model, user("hi"), assistant(use), user("And now?"), tools=[READ, BM25, *DEFERRED])
    assert refusals(server.bodies[-1]) == []


@pytest.mark.parametrize(("first", "then"), [(20, 0), (0, 20)])
def test_a_fallback_with_a_limit_of_its_own(
    first: int, then: int, client: FlaskClient, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that has begun is gone on with, and none begins that the client would see."""
    catalog, limits = client.application.extensions["rialto"].catalog, {CHAT.vendor: first, "groq": then}
    known = catalog.known

    def facts(route: Route) -> Route:
        return replace(known(route), tools_over=limits[route.vendor.name], fallbacks=("groq/m",))

    monkeypatch.setattr(catalog, "known", facts)
    looks = look("tool_search") if first else Call("web_search", (json.dumps(ASKED),))
    play(server, answer(looks), None, answer(CALLED))
    message = ask(client, CHAT.model, tools=[READ, SEARCH, *HUNDRED])
    assert kinds(message)[-1] == "tool_use" and "tool_search" not in json.dumps(message)
    offered = list(CHAT.tools(server.bodies[-1]))
    assert ("tool_search" in offered) == bool(first) and WANTED in offered
    assert [role for role, _ in CHAT.said(server.bodies[-1])][-1] == "tool"


def test_a_fallback_that_does_not_search_by_itself(
    client: FlaskClient, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor that began would have searched without Rialto; the search of the other one is still no client's."""
    catalog = client.application.extensions["rialto"].catalog
    known = catalog.known
    monkeypatch.setattr(catalog, "known", lambda route: replace(known(route), fallbacks=("groq/m",)))
    opens = Call("web_fetch", ('{"url":"https://never.test/"}',))
    play(server, answer(opens), None, answer(look("web_search")), answer("Done."))
    message = ask(client, RESPONSES.model, tools=[SEARCH, FETCH])
    assert [request.path.rsplit("/", 1)[-1] for request in server.requests if "searxng" not in request.path] == [
        *("responses", "responses", "completions", "completions")
    ]
    fetched, found = ["server_tool_use", "web_fetch_tool_result"], ["server_tool_use", "web_search_tool_result"]
    assert kinds(message) == [*fetched, *found, "text"]
    assert message["stop_reason"] == "end_turn"


PAUSED: dict[str, tuple[list[Json], Answer, Json]] = {
    "the web": ([SEARCH], answer(look("web_search")), {"name": "web_search", "input": {"query": "y"}}),
    "tools": ([READ, BM25, *DEFERRED], answer(look(BM25["name"])), {"name": BM25["name"], "input": ASKED}),
}


@pytest.mark.parametrize(("tools", "first", "use"), PAUSED.values(), ids=PAUSED.keys())
def test_anthropic_pauses(
    tools: list[Json], first: Answer, use: Json, client: FlaskClient, server: ScriptedServer
) -> None:
    """Its own tool has not come to an end: the client asks again, nothing is run here."""
    paused = {
        **GENUINE.whole(answer("I look.")),
        "stop_reason": "pause_turn",
        "content": [{"type": "server_tool_use", "id": "srvtoolu_01A", **use}],
    }
    play(server, first, None, json_answer(paused))
    message = ask(client, CHAT.model, tools=tools)
    assert message["stop_reason"] == "pause_turn"
    assert message["content"][-1] == paused["content"][0]
