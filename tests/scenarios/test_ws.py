"""WS: web search."""

from __future__ import annotations

from typing import Any

from tests.scenarios.answers import Json, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, user
from tests.scenarios.wires import EVERY, TRANSLATED, Gemini, Responses, Wire, text_of
from tests.support.native_wires import event, line
from tests.support.scripted_server import Request

SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
QUERY = "Perform a web search for the query: kakapo census"
PAGES = [("https://a.test/census", "The census"), ("https://b.test/kakapo", "The kakapo")]
SAID = "There are 244."
FIELDS: Json = {"tools": [SEARCH], "tool_choice": {"type": "auto"}, "messages": [user(QUERY)], "max_tokens": 4000}
NO_SEARCH = "no vendor's own search is used yet"


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


@over("responses", "gemini", missing=NO_SEARCH)
def test_ws_1_the_vendors_own_search_in_anthropics_blocks(rig: Rig) -> None:
    outcome = rig.chunks(*SEARCHED[rig.wire.name](), **FIELDS)
    events = outcome.events
    blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    kinds = [block["type"] for block in blocks]
    assert kinds[:2] == ["server_tool_use", "web_search_tool_result"]
    assert kinds[-1] == "text"
    use, found = blocks[:2]
    assert use["name"] == "web_search"
    assert use["id"].startswith("srvtoolu_")
    assert found["tool_use_id"] == use["id"]
    assert {page["url"] for page in found["content"]} == {url for url, _ in PAGES}
    assert all(page["type"] == "web_search_result" and page["title"] for page in found["content"])
    assert "kakapo census" in text_of(events)
    citations = [
        event["delta"]["citation"] for event in events if event.get("delta", {}).get("type") == "citations_delta"
    ]
    assert citations and citations[0]["type"] == "web_search_result_location"
    assert citations[0]["url"] == PAGES[0][0]
    last = next(event for event in events if event["type"] == "message_delta")
    assert last["usage"]["server_tool_use"]["web_search_requests"] == 1
    assert last["delta"]["stop_reason"] == "end_turn"


@over("responses", "gemini", missing=NO_SEARCH)
def test_ws_1_the_vendor_is_asked_to_search(rig: Rig) -> None:
    rig.chunks(*SEARCHED[rig.wire.name](), **FIELDS)
    offered = rig.sent.json["tools"]
    if rig.wire.name == "gemini":
        assert offered == [{"googleSearch": {}}] or offered == [{"google_search": {}}]
    else:
        assert offered[0]["type"].startswith("web_search")


@over(*TRANSLATED)
def test_ws_1_never_a_call_that_nobody_runs(rig: Rig) -> None:
    """Where no search is made, the tool is not offered and the answer is plain text, which the client can use."""

    def script(request: Request) -> Any:
        return rig.in_form(answer(words(SAID)), request)

    rig.vendor.play(script)
    outcome = rig.ask(**FIELDS)
    assert outcome.status == 200
    assert "web_search" not in rig.wire.tools(rig.sent.json)
    assert SAID in [block for block in outcome.brief if isinstance(block, str)]
    assert not [event for event in outcome.events if event.get("content_block", {}).get("type") == "tool_use"]


@over("passthrough")
def test_ws_1_anthropic_searches_itself(rig: Rig) -> None:
    wire: Wire = rig.wire
    body = rig.body(**FIELDS)
    assert body["tools"] == [SEARCH]
    assert wire.name in EVERY
