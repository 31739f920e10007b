"""WS: web search."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import Answer, Call, Json, answer, thought, words
from tests.scenarios.conftest import renewed
from tests.scenarios.over import over
from tests.scenarios.rig import REPAIRED, Outcome, Rig, assistant, environment, result, tool, user
from tests.scenarios.wires import TRANSLATED, Gemini, Responses, Wire, text_of
from tests.support import scripted_server as server
from tests.support.native_wires import event, line
from tests.support.scripted_server import Request, ScriptedServer, json_answer

SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
QUERY = "Perform a web search for the query: kakapo census"
PAGES = [("https://a.test/census", "The census"), ("https://b.test/kakapo", "The kakapo")]
SAID = "There are 244."
FIELDS: Json = {"tools": [SEARCH], "tool_choice": {"type": "auto"}, "messages": [user(QUERY)], "max_tokens": 4000}
ENGINE = "/searxng/search"
PROSE = f"There are 244, says [the census]({PAGES[0][0]})."


def responses_answer() -> list[bytes]:
    """OpenAI's own search, its pages cited in the text."""
    url, title = PAGES[0]
    mark = {"type": "url_citation", "url": url, "title": title, "start_index": 0, "end_index": len(SAID)}
    action = {"type": "search", "query": "kakapo census", "sources": [{"type": "url", "url": url} for url, _ in PAGES]}
    search = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": action}
    told = Responses().whole(answer(words(SAID)))
    told["output"][0]["content"][0]["annotations"] = [mark]
    told["output"].insert(0, search)
    return [
        event({"type": "response.created", "response": {**told, "output": [], "status": "in_progress"}}),
        event({"type": "response.output_item.added", "output_index": 0, "item": {**search, "status": "in_progress"}}),
        event({"type": "response.output_item.done", "output_index": 0, "item": search}),
        event({"type": "response.output_item.added", "output_index": 1, "item": {**told["output"][1], "content": []}}),
        event({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": SAID}),
        event(
            {"type": "response.output_text.annotation.added", "output_index": 1, "content_index": 0, "annotation": mark}
        ),
        event({"type": "response.output_item.done", "output_index": 1, "item": told["output"][1]}),
        event({"type": "response.completed", "response": told}),
    ]


def gemini_answer() -> list[bytes]:
    """Google Search, what it found beside the candidate."""
    found: Json = {
        "webSearchQueries": ["kakapo census"],
        "groundingChunks": [{"web": {"uri": url, "title": title}} for url, title in PAGES],
        "groundingSupports": [{"segment": {"endIndex": len(SAID), "text": SAID}, "groundingChunkIndices": [0]}],
    }
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 9}
    return [
        line(Gemini.chunk({"text": SAID})),
        line(Gemini.chunk(finishReason="STOP", usage=usage, groundingMetadata=found)),
    ]


SEARCHED = {"responses": responses_answer, "gemini": gemini_answer}


@pytest.fixture(scope="session")
def engine_apps(vendor_server: ScriptedServer) -> dict[str, Flask]:
    """Rialto with SearXNG; OpenAI by Chat Completions, so that it needs an engine too."""
    own = environment(vendor_server.url) | {"SEARXNG_URL": f"{vendor_server.url}/searxng"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        plain = create_app(Settings.load(own))
        repaired = create_app(Settings.load(own | REPAIRED))
    return {"repaired": repaired, "": plain}


@pytest.fixture
def engine(wire: Wire, engine_apps: dict[str, Flask], vendor: ScriptedServer) -> Rig:
    """The wire with an engine behind it."""
    return Rig(wire, vendor, renewed(engine_apps.get(wire.name, engine_apps[""]), 0.0))


@pytest.fixture(params=["stream", "whole"])
def streamed(request: pytest.FixtureRequest) -> bool:
    """Both forms of an answer."""
    return bool(request.param == "stream")


def found(request: Request) -> server.Answer:
    """What SearXNG finds."""
    texts = {"content": "Kakapo were <b>counted</b>.", "publishedDate": "2026-03-01T00:00:00"}
    return json_answer({"results": [{"url": url, "title": title, **texts} for url, title in PAGES]})


def play(rig: Rig, *answers: Answer, finds: Callable[[Request], server.Answer] = found) -> None:
    """The model's answers, and what the engine finds."""
    waiting = iter(answers)

    def script(request: Request) -> server.Answer:
        return finds(request) if request.path.startswith(ENGINE) else rig.in_form(next(waiting), request)

    rig.vendor.play(script)


def look(query: str = "kakapo census", id: str = "call_1") -> Call:
    """A call of the search."""
    return Call("web_search", (f'{{"query":"{query}"}}',), id)


def asked(rig: Rig) -> list[Json]:
    """The bodies that the model was sent."""
    return [request.json for request in rig.vendor.requests if not request.path.startswith(ENGINE)]


def queries(rig: Rig) -> list[str]:
    """What the engine was asked, as it stands in the address."""
    return [request.path for request in rig.vendor.requests if request.path.startswith(ENGINE)]


def uses(outcome: Outcome) -> Json:
    """What was served."""
    whole = outcome.headers["content-type"].startswith("application/json")
    usage: Json = outcome.json["usage"] if whole else outcome.delta["usage"]
    return usage


@over("responses", "gemini")
def test_ws_1_the_vendors_own_search_in_anthropics_blocks(rig: Rig) -> None:
    outcome = rig.chunks(*SEARCHED[rig.wire.name](), **FIELDS)
    events = outcome.sound
    blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    kinds = [block["type"] for block in blocks]
    assert kinds == ["server_tool_use", "web_search_tool_result", "text"]
    use, found = blocks[:2]
    assert use["name"] == "web_search"
    assert use["id"].startswith("srvtoolu_")
    assert found["tool_use_id"] == use["id"]
    assert {page["url"] for page in found["content"]} == {url for url, _ in PAGES}
    assert found["content"][0]["title"] == PAGES[0][1]
    assert all(page["type"] == "web_search_result" and page["title"] for page in found["content"])
    assert "kakapo census" in text_of(events)
    citations = [
        event["delta"]["citation"] for event in events if event.get("delta", {}).get("type") == "citations_delta"
    ]
    assert citations and citations[0]["type"] == "web_search_result_location"
    assert citations[0]["url"] == PAGES[0][0]
    assert outcome.delta["usage"]["server_tool_use"]["web_search_requests"] == 1
    assert outcome.stop == "end_turn"
    assert SAID in outcome.brief


@over("responses", "gemini")
def test_ws_1_the_vendor_is_asked_to_search(rig: Rig) -> None:
    rig.chunks(*SEARCHED[rig.wire.name](), **FIELDS)
    offered = rig.sent.json["tools"]
    if rig.wire.name == "gemini":
        assert offered == [{"googleSearch": {}}]
    else:
        assert [tool["type"] for tool in offered] == ["web_search"]
        assert rig.sent.json["max_tool_calls"] == SEARCH["max_uses"]


@over("chat", "ollama", "repaired")
def test_ws_1_an_engine_searches_for_the_model(engine: Rig, streamed: bool) -> None:
    pieces = words(PROSE[:30], PROSE[30:])
    play(engine, answer(thought("I look."), look()), answer(pieces))
    outcome = engine.ask(streamed, **FIELDS)
    blocks = [block for block in outcome.blocks if block["type"] != "thinking"]
    use, pages, said = blocks
    assert (use["type"], use["name"]) == ("server_tool_use", "web_search")
    assert "kakapo census" in str(use["input"])
    assert pages["tool_use_id"] == use["id"]
    assert [(page["url"], page["title"]) for page in pages["content"]] == PAGES
    assert pages["content"][0]["page_age"] == "2026-03-01T00:00:00"
    assert said["text"] == PROSE
    assert [citation["url"] for citation in said["citations"]] == [PAGES[0][0]]
    assert said["citations"][0]["cited_text"] == "Kakapo were counted."
    usage = uses(outcome)
    assert usage["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}
    assert usage["input_tokens"] == 2000
    assert outcome.stop == "end_turn"
    assert "q=kakapo+census" in queries(engine)[0]


@over("chat", "ollama", "repaired")
def test_ws_1_the_model_gets_the_pages_as_the_result_of_its_call(engine: Rig) -> None:
    play(engine, answer(look()), answer(SAID))
    engine.ask(**FIELDS)
    first, second = asked(engine)
    assert list(engine.wire.tools(first)) == ["web_search"]
    assert engine.wire.tools(first) == engine.wire.tools(second)
    role, text = engine.wire.said(second)[-1]
    assert role == "tool"
    assert PAGES[0][0] in text and "Kakapo were counted." in text and "2026-03-01" in text


@over("chat", "ollama", "repaired")
def test_ws_1_the_next_turn_finds_the_search_as_it_was(engine: Rig) -> None:
    """The conversation up to the new question is, to the model, what it was before: nothing is kept by Rialto."""
    play(engine, answer(look()), answer(SAID))
    content = engine.ask(False, **FIELDS).json["content"]
    _, second = asked(engine)
    play(engine, answer("Yes."))
    engine.ask(**{**FIELDS, "messages": [user(QUERY), assistant(*content), user("Sure?")]})
    said = engine.wire.said(asked(engine)[0])
    before = engine.wire.said(second)
    assert said[: len(before)] == before
    assert [text for _, text in said[len(before) :]] == [SAID, "Sure?"]


@over("responses", "gemini")
def test_ws_1_the_next_turn_tells_what_the_vendor_found(rig: Rig) -> None:
    outcome = rig.chunks(*SEARCHED[rig.wire.name](), **FIELDS)
    content = [
        {**block, "input": {"query": "kakapo census"}} if block["type"] == "server_tool_use" else block
        for block in outcome.blocks
    ]
    body = rig.body(messages=[user(QUERY), assistant(*content), user("Sure?")])
    told = "\n".join(text for role, text in rig.wire.said(body))
    assert "kakapo census" in told and PAGES[1][0] in told and SAID in told


@over("chat", "ollama", "repaired")
def test_ws_1_several_searches_in_one_turn(engine: Rig) -> None:
    play(engine, answer(look("one", "c1"), look("two", "c2")), answer(look("three", "c3")), answer(SAID))
    outcome = engine.ask(**FIELDS)
    kinds = [block["type"] for block in outcome.blocks]
    assert sorted(kinds[:4]) == sorted(["server_tool_use", "web_search_tool_result"] * 2)
    assert kinds[4:] == ["server_tool_use", "web_search_tool_result", "text"]
    assert [path.partition("q=")[2].partition("&")[0] for path in queries(engine)] == ["one", "two", "three"]
    assert uses(outcome)["server_tool_use"]["web_search_requests"] == 3


@over("chat", "ollama", "repaired")
def test_ws_1_a_tool_of_the_client_beside_a_search(engine: Rig) -> None:
    """The client runs its own, and finds the pages when it goes on."""
    fields = {**FIELDS, "tools": [SEARCH, tool("Read")]}
    play(engine, answer(look(), Call("Read", ('{"path":"a"}',), "call_2")))
    outcome = engine.ask(False, **fields)
    assert outcome.stop == "tool_use"
    assert [block["type"] for block in outcome.blocks] == ["server_tool_use", "tool_use", "web_search_tool_result"]
    call = outcome.blocks[1]
    assert (call["name"], call["input"]) == ("Read", {"path": "a"})
    play(engine, answer(SAID))
    turns = [user(QUERY), assistant(*outcome.blocks), user(result(call["id"], "the file"))]
    engine.ask(**{**fields, "messages": turns})
    results = [text for role, text in engine.wire.said(asked(engine)[0]) if role == "tool"]
    assert len(results) == 2
    assert PAGES[0][0] in results[0]
    assert results[1] == "the file"


@over("chat", "ollama", "repaired")
def test_ws_1_the_limit_of_the_request_holds(engine: Rig) -> None:
    play(engine, answer(look("one", "c1")), answer(look("two", "c2")), answer(SAID))
    outcome = engine.ask(**{**FIELDS, "tools": [{**SEARCH, "max_uses": 1}]})
    results = [block["content"] for block in outcome.blocks if block["type"] == "web_search_tool_result"]
    assert results[1] == {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    assert len(queries(engine)) == 1
    assert outcome.brief[-1] == SAID
    assert uses(outcome)["server_tool_use"]["web_search_requests"] == 1


@over("chat", "ollama", "repaired")
def test_ws_1_a_model_that_will_not_stop_is_stopped(engine: Rig) -> None:
    rounds = [answer(look("again", f"c{number}")) for number in range(9)]
    play(engine, *rounds)
    outcome = engine.ask(**{**FIELDS, "tools": [{**SEARCH, "max_uses": 1}]})
    assert outcome.stop == "end_turn"
    assert len(asked(engine)) == 3
    assert outcome.blocks[-1]["content"]["error_code"] == "max_uses_exceeded"


@over("chat", "ollama", "repaired")
def test_ws_1_domains_are_asked_for_and_checked(engine: Rig) -> None:
    play(engine, answer(look()), answer(SAID))
    outcome = engine.ask(**{**FIELDS, "tools": [{**SEARCH, "allowed_domains": ["b.test"]}]})
    assert [page["url"] for page in outcome.blocks[1]["content"]] == [PAGES[1][0]]
    assert "site%3Ab.test" in queries(engine)[0]


@over("chat", "ollama", "repaired")
def test_ws_1_an_engine_that_fails_is_an_error_in_the_result(engine: Rig) -> None:
    play(engine, answer(look()), answer(SAID), finds=lambda request: json_answer({"error": "no"}, 429))
    outcome = engine.ask(**FIELDS)
    assert outcome.blocks[1]["content"]["error_code"] == "too_many_requests"
    assert outcome.brief[-1] == SAID
    role, text = engine.wire.said(asked(engine)[1])[-1]
    assert role == "tool" and "too_many_requests" in text


@over("chat", "ollama", "repaired")
def test_ws_1_a_failure_behind_a_search_ends_the_stream_with_an_error(engine: Rig) -> None:
    told = iter([lambda request: engine.in_form(answer(look()), request)])

    def script(request: Request) -> server.Answer:
        if request.path.startswith(ENGINE):
            return found(request)
        spoken = next(told, None)
        return spoken(request) if spoken else json_answer(engine.wire.refused(400, "no more"), 400)

    engine.vendor.play(script)
    outcome = engine.ask(**FIELDS)
    assert outcome.end["type"] == "error"
    assert "no more" in outcome.error["message"]


@over(*(wire for wire in TRANSLATED if wire != "responses"))
def test_ws_1_without_an_engine_the_model_is_told_so(rig: Rig) -> None:
    """Where nobody can search the model hears it at once, the client sees an error, and there is an answer. Google
    cannot keep to domains.
    """
    fields = {**FIELDS, "tools": [{**SEARCH, "allowed_domains": ["a.test"]}]}
    play(rig, answer(look()), answer(SAID))
    outcome = rig.ask(**fields)
    assert [block["type"] for block in outcome.blocks] == ["server_tool_use", "web_search_tool_result", "text"]
    assert outcome.blocks[1]["content"]["error_code"] == "unavailable"
    assert outcome.brief[-1] == SAID
    assert "server_tool_use" not in uses(outcome) or not uses(outcome)["server_tool_use"]["web_search_requests"]


@over("chat", "ollama", "repaired")
def test_ws_1_claude_codes_search_without_an_engine_fails_at_once(rig: Rig) -> None:
    rig.vendor.play([])
    outcome = rig.ask(headers={"user-agent": "claude-cli/2.1.329 (external, sdk-cli)"}, **FIELDS)
    assert [block["type"] for block in outcome.blocks] == ["server_tool_use", "web_search_tool_result"]
    assert outcome.blocks[1]["content"]["error_code"] == "unavailable"
    assert outcome.stop == "end_turn"
    assert rig.vendor.requests == []


@over(*TRANSLATED)
def test_ws_1_never_a_call_that_nobody_runs(rig: Rig) -> None:
    """A model that does not search just answers."""
    rig.repeat(answer(words(SAID)))
    outcome = rig.ask(**FIELDS)
    assert outcome.brief == [SAID]
    assert not [event for event in outcome.events if event.get("content_block", {}).get("type") == "tool_use"]


@over("passthrough")
def test_ws_1_anthropic_searches_itself(rig: Rig) -> None:
    body = rig.body(**FIELDS)
    assert body["tools"] == [SEARCH]
