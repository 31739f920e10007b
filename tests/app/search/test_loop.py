"""The loop in which a model searches: across fallbacks, beside a vendor's own state, and where it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.exchange.call import Caller
from app.exchange.client import ClientGone
from app.exchange.exchange import Exchange
from app.search.conf import SearchConf
from app.search.web import Web
from app.settings.settings import Settings
from tests.scenarios.answers import Answer, Call, answer, thought, words
from tests.scenarios.wires import Chat, Gemini
from tests.support.scripted_server import Answer as Bytes
from tests.support.scripted_server import Request, ScriptedServer, json_answer

Json = dict[str, Any]
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}
FETCH: Json = {"type": "web_fetch_20250910", "name": "web_fetch"}
PAGE = "https://a.test/x"
Script = Callable[[Request], Bytes]
CHAT, GEMINI = Chat(), Gemini()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def app(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Three vendors and SearXNG, all at the scripted server."""
    monkeypatch.setattr("app.settings.settings.STATE_DIR", None)
    environment = {
        "MISTRAL_API_KEY": "k",
        "MISTRAL_BASE_URL": f"{server.url}/mistral/v1",
        "GROQ_API_KEY": "k",
        "GROQ_BASE_URL": f"{server.url}/groq/v1",
        "KIMI_API_KEY": "k",
        "KIMI_BASE_URL": f"{server.url}/kimi/v1",
        "GEMINI_API_KEY": "k",
        "GEMINI_BASE_URL": f"{server.url}/gemini/v1beta",
        "SEARXNG_URL": f"{server.url}/searxng",
        "FALLBACK_MODELS": "groq/openai/gpt-oss-20b",
        "URL_FETCH": "private",
        "LEARN_LIMITS": "0",
        "RETRY_BUDGET": "0",
    }
    return create_app(Settings.load(environment))


def found(request: Request) -> Bytes:
    return json_answer({"results": [{"url": PAGE, "title": "A", "content": "Words."}]})


def play(server: ScriptedServer, *answers: Answer | Script, wire: Any = CHAT) -> None:
    """What the models say in turn; the engine finds one page."""
    waiting = iter(answers)

    def script(request: Request) -> Bytes:
        if request.path.startswith("/searxng"):
            return found(request)
        told = next(waiting)
        return told(request) if callable(told) else wire.answered(told, wire.wants_stream(request))

    server.play(script)


def ask(app: Flask, model: str, *tools: Json, **fields: Any) -> Json:
    """The message."""
    question = {"role": "user", "content": "Find it."}
    body = {"model": model, "max_tokens": 900, "messages": [question], "tools": tools or (SEARCH,), **fields}
    reply = app.test_client().post("/v1/messages", json=body)
    assert reply.status_code == 200, reply.text
    message: Json = reply.json or {}
    return message


def models(server: ScriptedServer) -> list[str]:
    """The vendors that were asked, in order."""
    return [request.path.split("/")[1] for request in server.requests]


def kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["content"]]


def look(**given: Any) -> Call:
    return Call("web_search", (json.dumps(given or {"query": "birds"}),))


def refuse(request: Request) -> Bytes:
    return json_answer({"error": {"message": "overloaded"}}, 503)


SERVED = ["server_tool_use", "web_search_tool_result", "text"]


def test_a_fallback_goes_on_with_what_was_found(app: Flask, server: ScriptedServer) -> None:
    play(server, answer(words("I look."), look()), refuse, answer("So."))
    message = ask(app, "mistral/mistral-large-4")
    assert kinds(message) == ["text", *SERVED]
    assert models(server) == ["mistral", "searxng", "mistral", "groq"]
    assert "Words." in str(server.bodies[-1]["messages"])


def test_who_stood_in_goes_on(app: Flask, server: ScriptedServer) -> None:
    play(server, refuse, answer(look()), answer("So."))
    assert kinds(ask(app, "mistral/mistral-large-4")) == SERVED
    assert models(server) == ["mistral", "groq", "searxng", "groq"]


def test_a_failed_try_leaves_nothing_behind(app: Flask, server: ScriptedServer) -> None:
    play(server, refuse, answer("So."))
    assert kinds(ask(app, "mistral/mistral-large-4")) == ["text"]


def test_kimis_own_search_gets_its_arguments_back(app: Flask, server: ScriptedServer) -> None:
    given = {"search_result": {"search_id": "s1"}, "usage": {"total_tokens": 9}}
    play(server, answer(Call("$web_search", (json.dumps(given),), "web_search:0")), answer("So."))
    message = ask(app, "kimi/kimi-k2.6")
    assert kinds(message) == SERVED
    assert message["content"][1]["content"] == []
    assert "searxng" not in models(server)
    first, second = server.bodies
    assert first["tools"] == [{"type": "builtin_function", "function": {"name": "$web_search"}}]
    assert first["thinking"] == {"type": "disabled"}
    call, result = second["messages"][-2:]
    assert (call["tool_calls"][0]["type"], call["tool_calls"][0]["function"]["name"]) == (
        "builtin_function",
        "$web_search",
    )
    assert json.loads(result["content"]) == given


def test_a_vendors_own_search_comes_first_unless_the_file_says_otherwise(app: Flask, server: ScriptedServer) -> None:
    play(server, answer("So."), wire=GEMINI)
    ask(app, "gemini/gemini-3.8-flash")
    assert server.bodies[0]["tools"] == [{"googleSearch": {}}]
    rialto = app.extensions["rialto"]
    conf = replace(rialto.means.web.conf, first="engine")
    app.extensions["rialto"] = replace(rialto, means=replace(rialto.means, web=Web(conf)))
    play(server, answer(look()), answer("So."), wire=GEMINI)
    assert kinds(ask(app, "gemini/gemini-3.8-flash")) == SERVED
    assert list(GEMINI.tools(server.bodies[0])) == ["web_search"]


def test_google_search_gives_way_to_tools_of_the_client(app: Flask, server: ScriptedServer) -> None:
    read = {"name": "Read", "input_schema": {"type": "object"}}
    play(server, answer(look()), answer("So."), wire=GEMINI)
    assert kinds(ask(app, "gemini/gemini-3.8-flash", SEARCH, read)) == SERVED


def test_a_signature_comes_back_on_its_call(app: Flask, server: ScriptedServer) -> None:
    """The id of the call changes on its way to the client; what the vendor has signed must find it all the same."""
    part = {"functionCall": {"name": "web_search", "args": {"query": "birds"}}, "thoughtSignature": "c2VhbA=="}
    signed = {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}
    fields = {"tools": [SEARCH, {"name": "Read", "input_schema": {"type": "object"}}]}
    play(server, lambda request: json_answer(signed), answer("So."), wire=GEMINI)
    message = ask(app, "gemini/gemini-3.8-flash", *fields["tools"])
    calls = [part for turn in server.bodies[-1]["contents"] for part in turn["parts"] if "functionCall" in part]
    assert [call["thoughtSignature"] for call in calls] == ["c2VhbA=="]
    play(server, answer("Yes."), wire=GEMINI)
    turns = [
        {"role": "user", "content": "Find it."},
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": "Sure?"},
    ]
    ask(app, "gemini/gemini-3.8-flash", *fields["tools"], messages=turns)
    calls = [part for turn in server.bodies[0]["contents"] for part in turn["parts"] if "functionCall" in part]
    assert [call["thoughtSignature"] for call in calls] == ["c2VhbA=="]


def test_a_model_opens_a_page_that_it_has_found(app: Flask, server: ScriptedServer) -> None:
    url = f"{server.url}/page"
    opens = Call("web_fetch", (json.dumps({"url": url}),), "c2")
    asked = iter([answer(look()), answer(opens), answer("So.")])

    def script(request: Request) -> Bytes:
        if request.path.startswith("/searxng"):
            return json_answer({"results": [{"url": url, "title": "A"}]})
        if request.path == "/page":
            return Bytes([b"<title>T</title><p>The words of the page."], headers={"content-type": "text/html"})
        return CHAT.answered(next(asked), CHAT.wants_stream(request))

    server.play(script)
    message = ask(app, "mistral/mistral-large-4", SEARCH, FETCH)
    assert kinds(message) == [*SERVED[:2], "server_tool_use", "web_fetch_tool_result", "text"]
    assert message["content"][3]["content"]["content"]["title"] == "T"
    assert message["usage"]["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 1}
    assert "The words of the page." in server.bodies[-1]["messages"][-1]["content"]


def test_a_page_that_nobody_named_is_not_opened(app: Flask, server: ScriptedServer) -> None:
    opens = Call("web_fetch", (json.dumps({"url": f"{server.url}/page"}),))
    play(server, answer(opens), answer("So."))
    message = ask(app, "mistral/mistral-large-4", FETCH)
    assert message["content"][1]["content"]["error_code"] == "url_not_in_prior_context"
    assert models(server) == ["mistral", "mistral"]


def test_a_demanded_search_is_demanded_once(app: Flask, server: ScriptedServer) -> None:
    play(server, answer(look()), answer("So."))
    choice = {"type": "tool", "name": "web_search", "disable_parallel_tool_use": True}
    ask(app, "groq/openai/gpt-oss-20b", tool_choice=choice)
    first, second = server.bodies
    assert first["tool_choice"] != second["tool_choice"]
    assert second["tool_choice"] == "auto"
    assert second["parallel_tool_calls"] is False


@pytest.mark.parametrize("choice", [{"type": "tool", "name": "web_search"}, {"type": "any"}])
def test_a_demanded_search_without_an_engine_fails_at_once(app: Flask, server: ScriptedServer, choice: Json) -> None:
    rialto = app.extensions["rialto"]
    app.extensions["rialto"] = replace(rialto, means=replace(rialto.means, web=Web(SearchConf())))
    server.play([])
    message = ask(app, "mistral/mistral-large-4", tool_choice=choice)
    assert kinds(message) == SERVED[:2]
    assert message["content"][0]["input"] == {"query": "Find it."}
    assert message["content"][1]["content"]["error_code"] == "unavailable"
    assert message["stop_reason"] == "end_turn"
    assert server.requests == []


def test_a_forbidden_tool_is_not_offered(app: Flask, server: ScriptedServer) -> None:
    play(server, answer("So."))
    ask(app, "mistral/mistral-large-4", tool_choice={"type": "none"})
    assert "tools" not in server.bodies[0]


def test_both_lists_of_domains_are_the_clients_mistake(app: Flask, server: ScriptedServer) -> None:
    tool = {**SEARCH, "allowed_domains": ["a.org"], "blocked_domains": ["b.org"]}
    body = {"model": "mistral/mistral-large-4", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}
    reply = app.test_client().post("/v1/messages", json={**body, "tools": [tool]})
    assert reply.status_code == 400
    assert "tools.0: only one of allowed_domains" in reply.text


def test_a_call_that_was_cut_off_is_not_made(app: Flask, server: ScriptedServer) -> None:
    play(server, answer(Call("web_search", ('{"query":"bi',)), ending="length"))
    message = ask(app, "mistral/mistral-large-4")
    assert message["stop_reason"] == "max_tokens"
    assert "searxng" not in models(server)


def test_reasoning_between_two_rounds_stays_in_its_place(app: Flask, server: ScriptedServer) -> None:
    play(server, answer(thought("First."), look()), answer(thought("Then."), words("So.")))
    message = ask(app, "groq/openai/gpt-oss-20b")
    assert kinds(message) == ["thinking", "server_tool_use", "web_search_tool_result", "thinking", "text"]


def test_an_answer_of_the_wrong_form_is_asked_for_once_more(app: Flask, server: ScriptedServer) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    wanted = {"format": {"type": "json_schema", "schema": schema}}
    play(server, answer(look()), answer("It is one."), answer('{"a":1}'))
    message = ask(app, "mistral/mistral-large-4", output_config=wanted)
    assert kinds(message) == SERVED
    assert message["content"][-1]["text"] == '{"a":1}'
    assert models(server) == ["mistral", "searxng", "mistral", "mistral"]
    assert server.bodies[-1] == server.bodies[-2]


def test_the_client_sees_the_search_while_it_runs(
    app: Flask, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine answers only when the call and a sign of life have arrived."""
    monkeypatch.setattr("app.exchange.patience.PING_EVERY", 0.0)
    seen = threading.Event()
    asked = iter([answer(look()), answer("So.")])

    def script(request: Request) -> Bytes:
        if request.path.startswith("/searxng"):
            return Bytes([seen, json.dumps({"results": [{"url": PAGE}]}).encode()])
        return CHAT.answered(next(asked), CHAT.wants_stream(request))

    server.play(script)
    text = ""
    for frame in streamed(app, Caller(gone=lambda: False, via="test")).stream():
        text += frame.decode()
        if "server_tool_use" in text and "event: ping" in text.partition("server_tool_use")[2]:
            seen.set()
    assert seen.is_set()
    assert PAGE in text and text.endswith('{"type":"message_stop"}\n\n')


def streamed(app: Flask, caller: Caller) -> Exchange:
    """A streamed exchange that may search."""
    rialto = app.extensions["rialto"]
    question = {"role": "user", "content": "Find it."}
    message = {"model": "m", "max_tokens": 900, "stream": True, "messages": [question], "tools": [SEARCH]}
    return Exchange(message, [rialto.catalog.resolve("mistral/mistral-large-4")], rialto.means, caller)


def test_a_client_that_leaves_ends_the_search(app: Flask, server: ScriptedServer) -> None:
    """The engine holds its answer back; the connection to it is closed, and the model is not asked again."""
    gone = threading.Event()
    asked = iter([answer(look()), answer("So.")])

    def script(request: Request) -> Bytes:
        if request.path.startswith("/searxng"):
            gone.set()
            return Bytes([b"{", threading.Event()])
        return CHAT.answered(next(asked), CHAT.wants_stream(request))

    server.play(script)
    exchange = streamed(app, Caller(gone=gone.is_set, via="test"))
    with pytest.raises(ClientGone):
        list(exchange.stream())
    engine = next(request for request in server.requests if request.path.startswith("/searxng"))
    assert engine.peer_closed.wait(10)
    assert models(server) == ["mistral", "searxng"]
    assert exchange.account.status == 499
