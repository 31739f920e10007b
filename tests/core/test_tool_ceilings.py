"""More tools than a vendor takes: what of them it gets in the middle of a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.client_tools import known, offered
from translators.core.tool_search import OWN_NAME, tool_search

Json = dict[str, Any]
BM25: Json = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
READ: Json = {"name": "Read", "input_schema": {"type": "object"}}
BASH: Json = {"type": "bash_20250124", "name": "bash"}
PLAIN = [{**READ, "name": f"t{number}"} for number in range(6)]
MCP = [{**READ, "name": f"mcp__s__{number}"} for number in range(6)]


def later(name: str) -> Json:
    return {"name": name, "description": name, "input_schema": {"type": "object"}, "defer_loading": True}


def request(*tools: Json, messages: list[Json] | None = None, **fields: Any) -> Json:
    return {"tools": list(tools), "messages": messages or [{"role": "user", "content": "go"}], **fields}


def references(names: list[str]) -> list[Json]:
    """A turn with what was found, for each name."""
    found = ([{"type": "tool_reference", "tool_name": name}] for name in names)
    return [{"role": "user", "content": content} for content in found]


FULL: dict[str, tuple[list[Json], Json, list[str]]] = {
    "found": (references([f"mcp__s__{number}" for number in range(6)]), {}, ["mcp__s__4", "mcp__s__5"]),
    "found again": (references([f"mcp__s__{number}" for number in (0, 1, 2, 3, 0)]), {}, ["mcp__s__0", "mcp__s__3"]),
    "demanded": (
        references([f"mcp__s__{number}" for number in range(6)]),
        {"tool_choice": {"type": "tool", "name": "mcp__s__0"}},
        ["mcp__s__0", "mcp__s__5"],
    ),
}


@pytest.mark.parametrize("asked", [[], [BM25]])
@pytest.mark.parametrize(("messages", "fields", "names"), FULL.values(), ids=FULL.keys())
def test_the_ceiling_holds_for_what_the_conversation_refers_to(
    messages: list[Json], fields: Json, names: list[str], asked: list[Json]
) -> None:
    """The newest stay, in the order in which they were loaded first; the others are still known."""
    message = request(READ, BASH, *asked, *(later(str(tool["name"])) for tool in MCP), messages=messages, **fields)
    search = tool_search(message, ceiling=5)
    assert search is not None
    made = search.arranged(message)
    assert [tool["name"] for tool in offered(made)] == ["Read", "bash", search.name, *names]
    assert {tool["name"] for tool in known(made)} >= {tool["name"] for tool in MCP}


def test_what_the_client_still_defers_takes_no_room_below_the_ceiling() -> None:
    others = [later(f"mcp__other__{number}") for number in range(20)]
    found = references(["mcp__s__0", "mcp__s__1", "mcp__s__2", "mcp__s__3"])
    message = request(READ, BASH, *others, *(later(str(tool["name"])) for tool in MCP), messages=found)
    search = tool_search(message, ceiling=5)
    assert search is not None
    names = [tool["name"] for tool in offered(search.arranged(message))]
    assert names == ["Read", "bash", OWN_NAME, "mcp__s__2", "mcp__s__3"]


def test_tools_that_come_in_the_middle_stay_below_the_ceiling() -> None:
    added = [{"type": "tool_addition", "tool": {"definition": tool}} for tool in MCP]
    message = request(READ, BASH, messages=[{"role": "system", "content": added}])
    search = tool_search(message, ceiling=5)
    assert search is not None
    names = [tool["name"] for tool in offered(search.arranged(message))]
    assert names == ["Read", "bash", OWN_NAME, "mcp__s__4", "mcp__s__5"]


@pytest.mark.parametrize("deferred", [[], ["a"]])
def test_the_clients_own_search_also_finds_what_is_too_many(deferred: list[str]) -> None:
    message = request(*PLAIN[:5], BM25, *map(later, deferred))
    search = tool_search(message, ceiling=5)
    assert search is not None and not search.silent
    assert [tool["name"] for tool in offered(search.arranged(message))] == ["t0", "t1", "t2", BM25["name"]]
    assert [tool["name"] for tool in search.hidden] == [*deferred, "t3", "t4"]


def test_the_clients_own_search_has_room_for_what_it_finds() -> None:
    message = request(*PLAIN[:4], BM25, later("a"), messages=references(["a"]))
    search = tool_search(message, ceiling=5)
    assert search is not None
    assert [tool["name"] for tool in offered(search.arranged(message))] == ["t0", "t1", "t2", BM25["name"], "a"]


def test_a_demanded_member_of_a_toolset_is_loaded() -> None:
    choice = {"type": "tool", "name": "screenshot"}
    message = request(*PLAIN, {"type": "computer_toolset_20260801"}, tool_choice=choice)
    search = tool_search(message, 3)
    assert search is not None
    names = [tool["name"] for tool in offered(search.arranged(message))]
    assert names == ["t0", "t1", "t2", OWN_NAME, "computer__screenshot"]
