"""The real Claude Code client's WebSearch gets links: by an engine, by Google Search, by OpenAI's search; and a clear
word where nobody can search.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.answers import Answer, Call, answer
from tests.scenarios.wires import Chat, Gemini, Responses, Wire
from tests.support import scripted_server as server
from tests.support.claude_code import Run, run_client
from tests.support.native_wires import event, line, native_environment
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Request, ScriptedServer, json_answer

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("claude")]

Json = dict[str, Any]
PAGES = [("https://a.test/census", "The census"), ("https://b.test/kakapo", "The kakapo")]
SAID = f"There are 244, says [the census]({PAGES[0][0]})."
SEARCH = Call("WebSearch", ('{"query":"kakapo census"}',))
ENGINE = "/searxng"
WIRES: dict[str, Wire] = {"chat": Chat(), "gemini": Gemini(), "responses": Responses()}


def environment(vendor: ScriptedServer) -> dict[str, str]:
    own = {"PROVIDER_BASE_URL": f"{vendor.url}/openai_compatible/v1", "PROVIDER_API_KEY": "k", "LEARN_LIMITS": "0"}
    return native_environment(vendor.url) | own


@pytest.fixture(scope="module")
def searching(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto with SearXNG."""
    engine = {"SEARXNG_URL": f"{vendor_server.url}{ENGINE}"}
    with RialtoServer(tmp_path_factory.mktemp("engine"), **environment(vendor_server), **engine) as started:
        yield started


@pytest.fixture(scope="module")
def plain(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto without an engine."""
    with RialtoServer(tmp_path_factory.mktemp("plain"), **environment(vendor_server)) as started:
        yield started


def google() -> list[bytes]:
    """Google Search's answer."""
    found = {
        "webSearchQueries": ["kakapo census"],
        "groundingChunks": [{"web": {"uri": url, "title": title}} for url, title in PAGES],
        "groundingSupports": [{"segment": {"endIndex": 9}, "groundingChunkIndices": [0]}],
    }
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 9}
    return [
        line(Gemini.chunk({"text": SAID})),
        line(Gemini.chunk(finishReason="STOP", usage=counts, groundingMetadata=found)),
    ]


def openai() -> list[bytes]:
    """OpenAI's answer with its own search."""
    sources = [{"type": "url", "url": url, "title": title} for url, title in PAGES]
    action = {"type": "search", "query": "kakapo census", "sources": sources}
    search = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": action}
    done = Responses().whole(answer(SAID))
    return [
        event({"type": "response.created", "response": {**done, "output": [], "status": "in_progress"}}),
        event({"type": "response.output_item.done", "output_index": 0, "item": search}),
        event({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": SAID}),
        event({"type": "response.completed", "response": {**done, "output": [search, *done["output"]]}}),
    ]


SEARCHED: dict[str, Callable[[], list[bytes]]] = {"gemini": google, "responses": openai}


def play(vendor: ScriptedServer, wire: Wire) -> None:
    """A model that uses the client's tool, then the search inside it, then answers with what came of it."""
    searched = SEARCHED.get(wire.name)

    def script(request: Request) -> server.Answer:
        if request.path.startswith(ENGINE):
            return json_answer({"results": [{"url": url, "title": title, "content": "244"} for url, title in PAGES]})
        said = wire.said(request.json)
        if '"Bash"' in json.dumps(request.json.get("tools")):
            results = [text for role, text in said if role == "tool"]
            return told(answer(results[-1]) if results else answer(SEARCH), request)
        if searched:
            return wire.streamed(searched())
        found = any(role == "tool" for role, _ in said)
        return told(answer(SAID) if found else answer(Call("web_search", ('{"query":"kakapo census"}',))), request)

    def told(what: Answer, request: Request) -> server.Answer:
        return wire.answered(what, wire.wants_stream(request))

    vendor.play(script)


def searched(rialto: RialtoServer, wire: Wire, folder: Path) -> Run:
    return run_client("How many kakapo are there? Search.", rialto.url, folder, model=wire.model)


@pytest.mark.parametrize("name", WIRES)
def test_the_search_gives_links(name: str, searching: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    wire = WIRES[name]
    play(vendor, wire)
    run = searched(searching, wire, tmp_path)
    assert run.status == 0, (run.output, run.errors)
    result = run.result["result"]
    for url, title in PAGES:
        assert f'{{"title":"{title}","url":"{url}"}}' in result
    assert SAID in result
    engine = [request for request in vendor.requests if request.path.startswith(ENGINE)]
    assert len(engine) == (1 if name == "chat" else 0)


def test_without_an_engine_the_client_hears_so_at_once(
    plain: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    wire = WIRES["chat"]
    play(vendor, wire)
    run = searched(plain, wire, tmp_path)
    assert run.status == 0, (run.output, run.errors)
    assert "Web search error: unavailable" in run.result["result"]
    assert len(vendor.requests) == 2, "the wish to search and the answer; the search itself waits for nobody"
    assert "docs/web-search.md" in plain.log
