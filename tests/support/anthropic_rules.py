"""What Anthropic itself refuses in the body of a request, as far as searches of tools are concerned.

`refusals(body)` is empty for a body that it takes. Rules: https://platform.claude.com/docs/en/api/messages,
.../api/errors and .../agents-and-tools/tool-use/tool-search-tool (read 2026-11-21). A model of today takes no prefill.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from anthropic.types import message_create_params
from pydantic import TypeAdapter

from tests.conformance.oracle import validated

Json = dict[str, Any]

BODY: TypeAdapter[Any] = TypeAdapter(message_create_params.MessageCreateParams)
SEARCHES = ("tool_search_tool_bm25", "tool_search_tool_regex")
SERVED = (*SEARCHES, "web_search", "web_fetch")
SERVER_ID = re.compile("srvtoolu_[a-zA-Z0-9_]+")


def refusals(body: Json) -> list[str]:
    """Why the body is refused. Raises AssertionError for one that is none of this API."""
    validated(body, BODY)
    return [*of_tools(body.get("tools") or []), *of_messages(body)]


def of_tools(tools: list[Json]) -> Iterator[str]:
    """Names are unique, not every tool is deferred, and a deferred one is no end of a cached prefix."""
    names = [tool["name"] for tool in tools]
    if len(set(names)) < len(names):
        yield "two tools of one name"
    if tools and all(tool.get("defer_loading") for tool in tools):
        yield "all tools are deferred"
    yield from (
        f"{tool['name']} is deferred and marked" for tool in tools if {"defer_loading", "cache_control"} <= {*tool}
    )


def of_messages(body: Json) -> Iterator[str]:
    """The user has the last word; each message keeps the rules of its blocks."""
    if body["messages"][-1]["role"] != "user":
        yield "a prefill"
    contents, tools = contents_of(body), {tool["name"]: tool for tool in body.get("tools") or ()}
    for content, answer in zip(contents, [*contents[1:], []], strict=True):
        calls = {block["id"] for block in content if block["type"] == "tool_use"}
        if calls - {block.get("tool_use_id") for block in answer}:
            yield "a call without a result"
        yield from of_turn(content, tools)


def contents_of(body: Json) -> list[list[Json]]:
    """The blocks of each message."""
    contents = [turn["content"] for turn in body["messages"]]
    return [[{"type": "text", "text": one}] if isinstance(one, str) else one for one in contents]


def of_turn(content: list[Json], tools: dict[str, Json]) -> Iterator[str]:
    """Texts are not empty; what a server has done is whole, of a tool that is offered, and refers to such."""
    if any(block["type"] == "text" and not block["text"].strip() for block in content):
        yield "an empty text"
    uses = {block["id"]: block["name"] for block in content if block["type"] == "server_tool_use"}
    results = {block["tool_use_id"] for block in content if block["type"].endswith("_tool_result")}
    for id, name in uses.items():
        if name not in SERVED or not SERVER_ID.fullmatch(id):
            yield f"the server tool {name}, {id}"
        if id not in results or not str(tools.get(name, {}).get("type")).startswith(name):
            yield f"{name} without its tool or its result"
    if results - set(uses):
        yield "a result without its call"
    found = [item for block in content if block["type"] == "tool_search_tool_result" for item in listed(block)]
    yield from (f"the unknown tool {name}" for name in found if name not in tools)


def listed(block: Json) -> list[str]:
    """The tools that a search has found."""
    return [item["tool_name"] for item in block["content"].get("tool_references", ())]


def loaded(body: Json) -> set[str]:
    """The tools that the model sees."""
    results = [
        block for content in contents_of(body) for block in content if block["type"] == "tool_search_tool_result"
    ]
    found = {name for block in results for name in listed(block)}
    return {tool["name"] for tool in body["tools"] if not tool.get("defer_loading") or tool["name"] in found}
