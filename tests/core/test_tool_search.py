"""The search of tools: what is hidden, what is loaded, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.filler_tools import filler_tools
from translators.core import tokens
from translators.core.client_tools import known, offered
from translators.core.search_replay import replayed
from translators.core.tool_search import (
    NAMES,
    OWN_NAME,
    ToolSearch,
    failure,
    listed,
    loading,
    result,
    told,
    tool_search,
)

Json = dict[str, Any]
BM25: Json = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
REGEX: Json = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
READ: Json = {"name": "Read", "input_schema": {"type": "object"}}
BASH: Json = {"type": "bash_20250124", "name": "bash"}


def later(name: str) -> Json:
    return {"name": name, "description": name, "input_schema": {"type": "object"}, "defer_loading": True}


def user(*content: Any) -> Json:
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> Json:
    return {"role": "assistant", "content": list(content)}


def call(name: str) -> Json:
    return {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": {}}


def reference(name: str) -> Json:
    return {"type": "tool_reference", "tool_name": name}


def request(*tools: Json, messages: list[Json] | None = None, **fields: Any) -> Json:
    return {"tools": list(tools), "messages": messages or [user({"type": "text", "text": "go"})], **fields}


def shown(message: Json, most: int = 0) -> list[str]:
    """The names of the tools that the model sees."""
    search = tool_search(message, most)
    assert search is not None
    return [tool["name"] for tool in offered(search.arranged(message))]


ASKED = {
    "by BM25": ([BM25, READ, later("a")], "bm25", "tool_search_tool_bm25"),
    "by a regex": ([READ, REGEX, later("a")], "regex", "tool_search_tool_regex"),
    "by the short type": ([{"type": "tool_search_tool_regex", "name": "t"}, later("a")], "regex", "t"),
}


@pytest.mark.parametrize(("tools", "way", "name"), ASKED.values(), ids=ASKED.keys())
def test_a_search_that_the_client_asks_for(tools: list[Json], way: str, name: str) -> None:
    search = tool_search(request(*tools))
    assert search is not None
    assert (search.way, search.name, search.silent) == (way, name, False)
    assert [tool["name"] for tool in search.hidden] == ["a"]


@pytest.mark.parametrize("tools", [[], [READ], [READ, later("a")], [BM25], [BM25, READ]])
def test_nothing_to_search(tools: list[Json]) -> None:
    assert tool_search(request(*tools)) is None


def test_hidden_tools_are_known_and_not_offered() -> None:
    message = request(READ, BM25, later("a"), later("b"))
    search = tool_search(message)
    assert search is not None
    arranged = search.arranged(message)
    assert [tool["name"] for tool in offered(arranged)] == ["Read", "tool_search_tool_bm25"]
    assert {tool["name"] for tool in known(arranged)} == {"Read", "tool_search_tool_bm25", "a", "b"}
    assert "a, b." in search.function()["description"]


LOADED: dict[str, tuple[list[Json], list[str]]] = {
    "nothing": ([], []),
    "found": ([user({"type": "tool_result", "content": [reference("b"), reference("a")]})], ["b", "a"]),
    "found at Anthropic": ([assistant(result("srvtoolu_1", ["c"]))], ["c"]),
    "called": ([assistant(call("b"))], ["b"]),
    "called and found": ([assistant(call("c")), user(reference("a"), reference("c"))], ["c", "a"]),
    "a stranger": ([assistant(call("x")), user(reference("y"))], []),
    "a failed search": ([assistant(failure("srvtoolu_1", "unavailable", "no"))], []),
}


@pytest.mark.parametrize(("messages", "names"), LOADED.values(), ids=LOADED.keys())
def test_what_is_loaded_stands_behind_the_others_in_its_order(messages: list[Json], names: list[str]) -> None:
    message = request(READ, BM25, later("a"), later("b"), later("c"), messages=messages)
    assert shown(message) == ["Read", "tool_search_tool_bm25", *names]


def test_a_longer_history_only_adds_behind() -> None:
    turns = [user(reference(name)) for name in ("c", "a", "b")]
    tools = (READ, BM25, later("a"), later("b"), later("c"))
    one, two, three = (request(*tools, messages=turns[:count]) for count in (1, 2, 3))
    assert shown(one) == shown(two)[:3]
    assert shown(two) == shown(three)[:4]
    words = [search.function() for search in map(tool_search, (one, three)) if search]
    assert len(words) == 2 and words[0] == words[1]


def test_a_demanded_tool_is_loaded() -> None:
    message = request(READ, BM25, later("a"), tool_choice={"type": "tool", "name": "a"})
    assert shown(message) == ["Read", "tool_search_tool_bm25", "a"]


def test_the_request_itself_stays_as_it_is() -> None:
    message = request(READ, BM25, later("a"), messages=[user(reference("a"))])
    before = json.dumps(message)
    shown(message)
    assert json.dumps(message) == before


def test_the_cache_mark_of_the_search_stays() -> None:
    message = request({**BM25, "cache_control": {"type": "ephemeral"}}, later("a"))
    search = tool_search(message)
    assert search is not None
    assert search.arranged(message)["tools"][0]["cache_control"] == {"type": "ephemeral"}


# -- a search that nobody asked for

WEB: Json = {"type": "web_search_20250305", "name": "web_search"}
PLAIN = [{**READ, "name": f"t{number}"} for number in range(6)]
MCP = [{**READ, "name": f"mcp__s__{number}"} for number in range(6)]
MANY: dict[str, tuple[list[Json], int, list[str] | None]] = {
    "off": (PLAIN, 0, None),
    "not too many": (PLAIN, 6, None),
    "one too many": (PLAIN, 5, ["t0", "t1", "t2", "t3", "t4", OWN_NAME]),
    "servers' tools first": ([*MCP, *PLAIN[:2]], 5, ["t0", "t1", OWN_NAME]),
    "and then the others": ([*PLAIN, *MCP], 2, ["t0", "t1", OWN_NAME]),
    "deferred ones do not count": ([*PLAIN[:2], *map(later, "abcdef")], 5, None),
    "Anthropic's own count": ([BASH, *PLAIN], 6, ["bash", "t0", "t1", "t2", "t3", "t4", OWN_NAME]),
    "the name is taken": ([{**READ, "name": OWN_NAME}, *MCP], 3, [OWN_NAME, f"{OWN_NAME}_"]),
}


@pytest.mark.parametrize(("tools", "most", "names"), MANY.values(), ids=MANY.keys())
def test_too_many_tools(tools: list[Json], most: int, names: list[str] | None) -> None:
    message = request(*tools)
    if names is None:
        assert tool_search(message, most) is None
        return
    assert shown(message, most) == names
    assert tool_search(message, most).silent  # type: ignore[union-attr]


def test_too_many_tools_one_of_which_was_called() -> None:
    message = request(*PLAIN, messages=[assistant(call("t5"))])
    assert shown(message, 2) == ["t0", "t1", OWN_NAME, "t5"]


#: Tools, how many the vendor takes, above how many a search is wished, what the model sees.
CEILINGS: dict[str, tuple[list[Json], int, int, list[str] | None]] = {
    "as many as it takes": (PLAIN, 6, 0, None),
    "one too many": (PLAIN, 5, 0, ["t0", "t1", "t2", OWN_NAME]),
    "servers' tools first": ([*PLAIN[:3], *MCP], 8, 0, ["t0", "t1", "t2", OWN_NAME]),
    "a web search beside": ([*PLAIN, WEB], 6, 0, ["t0", "t1", "t2", "web_search", OWN_NAME]),
    "a lower wish": (PLAIN, 5, 2, ["t0", "t1", OWN_NAME]),
    "a higher wish": (PLAIN, 5, 9, ["t0", "t1", "t2", OWN_NAME]),
    "a wish below": (PLAIN, 6, 4, ["t0", "t1", "t2", "t3", OWN_NAME]),
}


@pytest.mark.parametrize(("tools", "ceiling", "most", "names"), CEILINGS.values(), ids=CEILINGS.keys())
def test_more_tools_than_the_vendor_takes(tools: list[Json], ceiling: int, most: int, names: list[str] | None) -> None:
    """The search itself is a tool as well, and a quarter is left for what it finds."""
    message = request(*tools)
    search = tool_search(message, most, ceiling)
    assert (search and [tool["name"] for tool in arranged(search, message)]) == names


def arranged(search: ToolSearch, message: Json) -> list[Json]:
    """What goes to the vendor."""
    return [tool for tool in search.arranged(message)["tools"] if not tool.get("defer_loading")]


@pytest.mark.parametrize("asked", [[], [BM25]])
def test_what_was_loaded_long_ago_gives_way_at_the_ceiling(asked: list[Json]) -> None:
    tools = [{**later(str(tool["name"])), "defer_loading": bool(asked)} for tool in MCP]
    names = [str(tool["name"]) for tool in tools]
    message = request(READ, *asked, *tools, messages=[assistant(*map(call, names))])
    search = tool_search(message, ceiling=5)
    assert search is not None
    offers = [str(tool["name"]) for tool in arranged(search, message)]
    assert len(offers) == 5 and offers[-3:] == names[-3:]
    assert len(search.hidden) == 6


def test_the_clients_own_placeholder_is_never_found() -> None:
    search = tool_search(request(later("Placeholder"), *PLAIN), 3)
    assert search is not None
    assert "Placeholder" not in [tool["name"] for tool in search.hidden]


# -- how it is told


def test_a_result_in_the_history_becomes_a_call_and_its_references() -> None:
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": NAMES[0], "input": {"query": "a"}}
    turn = assistant({"type": "text", "text": "I look."}, use, result("srvtoolu_1", ["a"]), call("a"))
    said, results, rest = replayed([turn], NAMES)
    assert [block.get("name") for block in said["content"]] == [None, NAMES[0]]
    assert results["content"][0]["content"] == [reference("a")]
    assert rest == assistant(call("a"))


TOLD: dict[str, tuple[Json, Any]] = {
    "found": (result("i", ["a"]), {"content": [reference("a")]}),
    "found nothing": (result("i", []), {"content": "No tool was found. Try other words."}),
    "failed": (failure("i", "unavailable", "Why."), {"content": "unavailable: Why.", "is_error": True}),
    "of a strange form": ({"content": {"tool_references": ["x", None]}}, {"content": told({})["content"]}),
}


@pytest.mark.parametrize(("block", "words"), TOLD.values(), ids=TOLD.keys())
def test_what_the_model_is_told(block: Json, words: Json) -> None:
    assert told(block) == words


def test_a_long_list_of_names_is_cut() -> None:
    assert listed(["a", "b"]) == "a, b."
    text = listed(["n" * 100] * 100)
    assert text.endswith(" and 61 more.") and len(text) < 4_100


def test_strange_content_loads_nothing() -> None:
    turns = [{"role": "user", "content": "mcp"}, {"role": "user"}, user({"type": "tool_use"})]
    assert [name for name in loading({"messages": turns}) if name] == []


def test_a_hundred_tools_cost_a_tenth() -> None:
    """Five of them loaded; the figures of docs/tool-search.md."""
    tools = filler_tools()
    found = [user(reference(tool["name"])) for tool in tools[:5]]
    counts = {"all": tokens.estimate_request(request(*tools)) - tokens.estimate_request(request())}
    for name, messages in (("hidden", []), ("five loaded", found)):
        message = request(*tools, messages=messages or None)
        search = tool_search(message, 20)
        assert search is not None
        bare = tokens.estimate_request({**message, "tools": []})
        counts[name] = tokens.estimate_request(search.arranged(message)) - bare
    assert counts["hidden"] < 0.06 * counts["all"]
    assert counts["five loaded"] < 0.11 * counts["all"]


def test_deferred_tools_weigh_nothing() -> None:
    bare, hidden = request(READ), request(READ, *({**tool, "defer_loading": True} for tool in filler_tools()))
    assert tokens.estimate_request(hidden) == tokens.estimate_request(bare)
    loaded = {**hidden, "messages": [user(reference("mcp__tracker__list_issue"))]}
    assert tokens.estimate_request(loaded) > tokens.estimate_request({**loaded, "tools": [READ]}) + 200


REQUESTS = sorted((Path(__file__).resolve().parents[1] / "fixtures" / "requests").glob("*.json"))


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_recorded_requests_lose_nothing(path: Path) -> None:
    """Of what the client sent only tools are hidden, whole; all of them can be found or are loaded."""
    found = json.loads(path.read_text("utf-8"))
    body = found.get("body", found)
    search = tool_search(body, 10)
    if search is None:
        assert len(offered(body)) <= 10
        return
    arranged = search.arranged(body)
    assert {**arranged, "tools": None} == {**body, "tools": None}
    plain = [{**tool, "defer_loading": False} for tool in body["tools"]]
    kept = [{**tool, "defer_loading": False} for tool in arranged["tools"] if tool["name"] != search.name]
    assert sorted(map(json.dumps, kept)) == sorted(map(json.dumps, plain))
    assert tokens.estimate_request(arranged) < tokens.estimate_request(body)
