"""Searches of earlier turns as the calls and results that they were to the model.

To a client a search is one assistant turn: the call, what was found, the text about it. A model that was offered a
function has called it and got a result, and should find its past so: the turn is cut behind every result, the call is
an ordinary one, the result a user's. The same turn always gives the same messages, which keeps prompt caches warm.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from translators.core import tool_search
from translators.core.blocks import content_text
from translators.core.search import (
    ERRORS,
    KINDS,
    OWN_ID,
    SEARCH,
    Json,
    error_code,
    listing,
    pages_in,
)

CALL_ID = "toolu_"


def call_id(id: str) -> str:
    """The id of the call that became a server tool's of this id: signatures know the call by it."""
    return CALL_ID + id.removeprefix(OWN_ID).removeprefix("srvtoolu_")


def server_id(id: str) -> str:
    """The id of the server tool that a call becomes."""
    return OWN_ID + id.removeprefix(CALL_ID)


def replayed(messages: Iterable[Json], kinds: Collection[str], echo: bool = False) -> list[Json]:
    """The messages with the server tools of these names as calls. With `echo` the result of a search is its input."""
    made: list[Json] = []
    for message in messages:
        content = message.get("content")
        if message.get("role") == "assistant" and isinstance(content, list):
            made += parted(message, content, kinds, echo)
        else:
            made.append(message)
    return made


def parted(message: Json, content: list[Json], kinds: Collection[str], echo: bool) -> Iterator[Json]:
    """One assistant message, cut where the model went on with results. What is called behind a search of tools was
    found by it.
    """
    uses = {block.get("id"): block for block in content if is_use(block, kinds)}
    if not uses:
        yield message
        return
    said, results, goes_on = list[Json](), list[Json](), False
    for block in content:
        if is_result(block) and block.get("tool_use_id") in uses:
            use = uses[block["tool_use_id"]]
            results.append(tool_result(block, use, echo and use.get("name") == SEARCH))
            goes_on = block.get("type") == tool_search.RESULT
            continue
        if results and (goes_on or not is_call(block)):
            yield {**message, "content": said}
            yield {"role": "user", "content": results}
            said, results = [], []
        said.append(tool_use(block) if is_use(block, kinds) else block)
    if said:
        yield {**message, "content": said}
    if results:
        yield {"role": "user", "content": results}


def is_use(block: Mapping[str, Any], kinds: Collection[str]) -> bool:
    """A call of a server tool of these names."""
    return block.get("type") == "server_tool_use" and block.get("name") in kinds


def is_result(block: Mapping[str, Any]) -> bool:
    """What a server tool has brought."""
    return str(block.get("type") or "").endswith("_tool_result")


def is_call(block: Mapping[str, Any]) -> bool:
    """A call of the client's, made beside the search."""
    return block.get("type") == "tool_use"


def tool_use(block: Mapping[str, Any]) -> Json:
    """The call."""
    return {
        "type": "tool_use",
        "id": call_id(str(block.get("id") or "")),
        "name": block.get("name"),
        "input": block.get("input") or {},
    }


def tool_result(block: Mapping[str, Any], use: Mapping[str, Any], echo: bool) -> Json:
    """What the model is told of a result."""
    made: Json = {"type": "tool_result", "tool_use_id": call_id(str(block.get("tool_use_id") or ""))}
    if block.get("type") == tool_search.RESULT:
        return {**made, **tool_search.told(block)}
    if echo:
        return {**made, "content": json.dumps(use.get("input") or {}, ensure_ascii=False)}
    if code := error_code(block):
        return {**made, "content": f"{code}: {ERRORS.get(code, 'It failed.')}", "is_error": True}
    content = block.get("content")
    if isinstance(content, Mapping):
        document = content.get("content")
        head = {"type": "text", "text": str(content.get("url") or "")}
        return {**made, "content": [head, document] if isinstance(document, Mapping) else [head]}
    return {**made, "content": listing(pages_in(block))}


def seen_text(messages: Iterable[Mapping[str, Any]]) -> str:
    """What users and tools have said: the model's own words are left out, because an address in them may be made up
    to carry something away.
    """
    return "\n".join(text for message in messages for text in said_by_others(message))


def said_by_others(message: Mapping[str, Any]) -> Iterator[str]:
    """The texts of one message."""
    content = message.get("content")
    if message.get("role") != "assistant":
        yield content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        return
    for block in content if isinstance(content, list) else ():
        if str(block.get("type") or "").endswith("_tool_result"):
            yield "\n".join(page.url for page in pages_in(block)) or content_text([block])


def calls_alone(message: Mapping[str, Any]) -> bool:
    """The request offers nothing but web tools."""
    tools = message.get("tools") or ()
    return all(str(tool.get("type") or "").startswith(KINDS) for tool in tools)
