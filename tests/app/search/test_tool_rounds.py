"""Tool search over every wire: what the vendor gets, what the client sees, and what the next turn knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from anthropic.types import Message

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import Answer, Call, answer, thought, words
from tests.scenarios.rig import REPAIRED, Rig, assistant, environment, result, user
from tests.scenarios.wires import TRANSLATED, WIRES
from tests.support.filler_tools import filler_tools
from tests.support.scripted_server import ScriptedServer

Json = dict[str, Any]
BM25: Json = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
REGEX: Json = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
READ: Json = {"name": "Read", "description": "Reads.", "input_schema": {"type": "object", "properties": {}}}
HUNDRED = filler_tools()
DEFERRED = [{**tool, "defer_loading": True} for tool in HUNDRED]
WANTED = "mcp__calendar__delete_reminder"
ASKED = {"query": "delete a reminder"}
GIVEN = {"identifier": "r1"}
OVER = 20
#: The wires without a counter of their own, which would be asked.
ESTIMATED = tuple(name for name in TRANSLATED if name not in ("responses", "gemini"))


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture(params=TRANSLATED)
def rig(request: pytest.FixtureRequest, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Rialto that searches above twenty tools, in front of a vendor that speaks one wire."""
    return rig_of(request.param, server, monkeypatch, TOOL_SEARCH_OVER=str(OVER))


def rig_of(name: str, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Rig:
    monkeypatch.setattr("app.settings.settings.STATE_DIR", None)
    repaired = REPAIRED if name == "repaired" else {}
    settings = Settings.load(environment(server.url) | repaired | variables)
    return Rig(WIRES[name], server, create_app(settings).test_client())


def look(name: str, **given: Any) -> Call:
    return Call(name, (json.dumps(given or ASKED),))


def offered(rig: Rig, place: int) -> list[str]:
    """The tools of one request to the vendor."""
    return list(rig.wire.tools(rig.vendor.bodies[place]))


def kinds(message: Json) -> list[str]:
    """The types of the blocks; empty thinking only carries a vendor's state."""
    return [block["type"] for block in message["content"] if block.get("thinking") != ""]


SERVED = ["server_tool_use", "tool_search_tool_result"]
FINDS: list[Any] = [answer(words("I look."), look(BM25["name"])), answer(Call(WANTED, (json.dumps(GIVEN),), "call_2"))]


def test_the_search_of_the_client(rig: Rig) -> None:
    rig.play(*FINDS)
    message = rig.ask(stream=False, tools=[READ, BM25, *DEFERRED]).json
    assert kinds(message) == ["text", *SERVED, "tool_use"]
    use, found, call = message["content"][-3:]
    assert (use["name"], use["input"]) == (BM25["name"], ASKED)
    assert found["tool_use_id"] == use["id"] and use["id"].startswith("srvtoolu_")
    names = [item["tool_name"] for item in found["content"]["tool_references"]]
    assert names[0] == WANTED and len(names) == 5
    assert (call["name"], call["input"], message["stop_reason"]) == (WANTED, GIVEN, "tool_use")
    assert offered(rig, 0) == ["Read", BM25["name"]]
    assert offered(rig, 1) == ["Read", BM25["name"], *names]
    assert "defer_loading" not in json.dumps(rig.vendor.bodies)
    told = [text for role, text in rig.wire.said(rig.vendor.bodies[1]) if role == "tool"]
    assert len(told) == 1 and WANTED in told[0]


def test_streamed_it_is_the_same(rig: Rig) -> None:
    rig.play(*FINDS)
    outcome = rig.ask(tools=[READ, BM25, *DEFERRED])
    types = [block["type"] for block in outcome.blocks if block.get("thinking") != ""]
    assert types == ["text", *SERVED, "tool_use"]
    assert outcome.stop == "tool_use"


def test_the_sdk_reads_the_blocks(rig: Rig) -> None:
    rig.play(*FINDS)
    message = Message.model_validate(rig.ask(stream=False, tools=[READ, BM25, *DEFERRED]).json)
    use, found, call = message.content[-3:]
    assert (use.type, found.type, call.type) == (*SERVED, "tool_use")
    assert found.type == "tool_search_tool_result" and found.content.type == "tool_search_tool_search_result"
    assert found.content.tool_references[0].tool_name == WANTED


def test_the_next_turn_finds_its_past_as_it_was(rig: Rig) -> None:
    """The same tools, and the messages of the round before as a prefix."""
    rig.play(*FINDS, answer("Done."))
    tools = [READ, BM25, *DEFERRED]
    first = rig.ask(stream=False, tools=tools).json
    call = first["content"][-1]
    turns = [user("hi"), assistant(*first["content"]), user(result(call["id"], "gone"))]
    assert kinds(rig.ask(stream=False, tools=tools, messages=turns).json) == ["text"]
    assert offered(rig, 2) == offered(rig, 1)
    before, after = (rig.wire.said(rig.vendor.bodies[place]) for place in (1, 2))
    assert after[: len(before)] == before
    assert after[-1] == ("tool", "gone")


def test_a_search_by_pattern_that_fails_is_told(rig: Rig) -> None:
    rig.play(answer(look(REGEX["name"], query="(")), answer("Sorry."))
    message = rig.ask(stream=False, tools=[READ, REGEX, *DEFERRED]).json
    assert kinds(message) == [*SERVED, "text"]
    content = next(block for block in message["content"] if block["type"] == SERVED[1])["content"]
    assert (content["type"], content["error_code"]) == ("tool_search_tool_result_error", "invalid_tool_input")
    assert Message.model_validate(message)


def test_the_other_search_is_the_same_one(rig: Rig) -> None:
    """A client may offer both; a model that has read of one in the history calls it all the same."""
    rig.play(answer(look(REGEX["name"])), answer("Sorry."), answer(look(REGEX["name"])), answer("Sorry."))
    asked = rig.ask(stream=False, tools=[READ, BM25, REGEX, *DEFERRED]).json
    assert kinds(asked) == [*SERVED, "text"]
    assert offered(rig, 0) == ["Read", BM25["name"]]
    assert kinds(rig.ask(stream=False, tools=[READ, *HUNDRED]).json) == ["text"]


def test_a_hidden_tool_may_be_called(rig: Rig) -> None:
    rig.play(answer(Call(WANTED, (json.dumps(GIVEN),))), answer("Done."))
    tools = [READ, BM25, *DEFERRED]
    first = rig.ask(stream=False, tools=tools).json
    assert kinds(first) == ["tool_use"]
    turns = [user("hi"), assistant(*first["content"]), user(result(first["content"][-1]["id"], "gone"))]
    rig.ask(stream=False, tools=tools, messages=turns)
    assert offered(rig, 1) == ["Read", BM25["name"], WANTED]


def test_too_many_tools_are_searched_unseen(rig: Rig) -> None:
    rig.play(answer(words("I look."), look("tool_search")), answer(Call(WANTED, (json.dumps(GIVEN),), "call_2")))
    message = rig.ask(stream=False, tools=[READ, *HUNDRED]).json
    assert kinds(message) == ["text", "tool_use"]
    assert "tool_search" not in json.dumps(message)
    assert offered(rig, 0) == ["Read", "tool_search"]
    assert offered(rig, 1)[:3] == ["Read", "tool_search", WANTED] and len(offered(rig, 1)) == 7


def test_the_unseen_search_streamed(rig: Rig) -> None:
    rig.play(answer(look("tool_search")), answer(Call(WANTED, (json.dumps(GIVEN),), "call_2")))
    outcome = rig.ask(tools=[READ, *HUNDRED])
    assert [block["type"] for block in outcome.blocks if block.get("thinking") != ""] == ["tool_use"]
    assert next(event["index"] for event in outcome.sound if event["type"] == "content_block_start") == 0
    assert outcome.stop == "tool_use"


def test_after_an_unseen_search_what_was_called_stays(rig: Rig) -> None:
    rig.play(answer(look("tool_search")), answer(Call(WANTED, (json.dumps(GIVEN),), "call_2")), answer("Done."))
    first = rig.ask(stream=False, tools=[READ, *HUNDRED]).json
    turns = [user("hi"), assistant(*first["content"]), user(result(first["content"][-1]["id"], "gone"))]
    assert kinds(rig.ask(stream=False, tools=[READ, *HUNDRED], messages=turns).json) == ["text"]
    assert offered(rig, 2) == ["Read", "tool_search", WANTED]


def test_an_unseen_search_between_thoughts(rig: Rig) -> None:
    rig.play(answer(thought("First."), look("tool_search")), answer(thought("Then."), words("So.")))
    outcome = rig.ask(tools=[READ, *HUNDRED], thinking={"type": "adaptive"})
    assert [block for block in outcome.brief if block != ("thinking", "")] == [
        ("thinking", "First."),
        ("thinking", "Then."),
        "So.",
    ]
    assert outcome.stop == "end_turn"


def test_a_demanded_hidden_tool_is_offered(rig: Rig) -> None:
    rig.play(answer(Call(WANTED, (json.dumps(GIVEN),))))
    rig.ask(stream=False, tools=[READ, *HUNDRED], tool_choice={"type": "tool", "name": WANTED})
    assert offered(rig, 0)[-1] == WANTED


def test_a_demand_outlasts_the_search(rig: Rig) -> None:
    rig.play(*FINDS)
    rig.ask(stream=False, tools=[READ, BM25, *DEFERRED], tool_choice={"type": "any"})
    assert rig.wire.choice(rig.vendor.bodies[1]) == rig.wire.choice(rig.vendor.bodies[0])


def test_the_demanded_search_is_demanded_once(rig: Rig) -> None:
    rig.play(*FINDS)
    rig.ask(stream=False, tools=[READ, BM25, *DEFERRED], tool_choice={"type": "tool", "name": BM25["name"]})
    assert rig.wire.choice(rig.vendor.bodies[1]) in (None, "auto")


def test_a_model_that_searches_for_ever_is_made_to_answer(rig: Rig) -> None:
    told: list[Answer] = [answer(look(BM25["name"], query=f"reminder {number}")) for number in range(11)]
    rig.play(*told, answer("Enough."))
    message = rig.ask(stream=False, tools=[READ, BM25, *DEFERRED]).json
    assert kinds(message) == [*SERVED * 11, "text"]
    assert rig.wire.choice(rig.vendor.bodies[11]) in (None, "none")


@pytest.mark.parametrize("rig", ESTIMATED, indirect=True)
def test_counting_counts_what_is_sent(rig: Rig) -> None:
    body = {"model": rig.wire.model, "messages": [user("hi")]}
    counts = [
        rig.client.post("/v1/messages/count_tokens", json={**body, "tools": tools}).get_json()["input_tokens"]
        for tools in ([READ, *HUNDRED[:19]], [READ, *HUNDRED])
    ]
    assert counts[1] < counts[0]


def test_a_model_with_a_limit_of_its_own(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tool_search_over` of `conf/models.toml` wins over the variable."""
    rig = rig_of("chat", server, monkeypatch, TOOL_SEARCH_OVER="5")
    catalog = rig.client.application.extensions["rialto"].catalog
    known = catalog.known
    monkeypatch.setattr(catalog, "known", lambda route: replace(known(route), tools_over=0))
    rig.play(answer("Hi."))
    rig.ask(tools=[READ, *HUNDRED])
    assert len(offered(rig, 0)) == 101


def test_anthropic_searches_itself(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = rig_of("passthrough", server, monkeypatch, TOOL_SEARCH_OVER="5")
    rig.play(answer("Hi."), answer("Hi."))
    for tools in ([READ, BM25, *DEFERRED], [READ, *HUNDRED]):
        rig.ask(tools=tools)
        assert rig.vendor.bodies[-1]["tools"] == tools
