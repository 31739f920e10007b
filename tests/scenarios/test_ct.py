"""CT: counting tokens."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.scenarios.answers import Counts, Json, answer
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, assistant, text, tool, use, user
from tests.support.scripted_server import Answer, Request, json_answer

#: Wires whose vendor counts: where, and the answer to a body of so many characters.
COUNTERS: dict[str, tuple[str, Any]] = {
    "responses": ("/responses/input_tokens", lambda count: {"object": "response.input_tokens", "input_tokens": count}),
    "gemini": (":countTokens", lambda count: {"totalTokens": count}),
    "repaired": ("/messages/count_tokens", lambda count: {"input_tokens": count}),
    "passthrough": ("/messages/count_tokens", lambda count: {"input_tokens": count}),
}


def counter(name: str) -> Any:
    """A vendor that counts a token for every four characters; one that cannot count."""

    def script(request: Request) -> Answer:
        path, told = COUNTERS.get(name, ("", None))
        if told is None or not request.path.endswith(path):
            return json_answer({"error": {"message": "no such path"}}, 404)
        return json_answer(told(len(request.body) // 4))

    return script


def counted(rig: Rig, path: str = "/v1/messages/count_tokens", **fields: Any) -> int:
    """The count of a request."""
    rig.vendor.play(counter(rig.wire.name))
    body = {"model": rig.wire.model, "messages": [user("hi")], **fields}
    outcome = rig.post(path, json.dumps(body).encode())
    assert outcome.status == 200, outcome.text
    assert set(outcome.json) == {"input_tokens"}
    found = outcome.json["input_tokens"]
    assert type(found) is int
    return found


WORDS = "Reads the file at an absolute path and gives its lines with their numbers, from an offset if there is one. "


def described(number: int) -> Json:
    """A tool like those that come by MCP."""
    properties = {
        "path": {"type": "string", "description": "Absolute path of the file to read"},
        "offset": {"type": "integer", "description": "Line to start at", "minimum": 1},
        "mode": {"type": "string", "enum": ["text", "binary", "lines"]},
    }
    return {**tool(f"mcp__files__read_{number}", **properties), "description": WORDS}


#: Tokens that the o200k encoding makes of one `described` tool: written as a TypeScript type, and as a JSON function.
TOOL_TOKENS = (81, 131)


@over("chat", "ollama")
def test_ct_1_a_hundred_tools_by_estimate(rig: Rig) -> None:
    """Within 15 % of what a common tokenizer makes of the two forms in which vendors show tools to a model."""
    fresh = {"model": f"{rig.wire.vendor}/never-asked"}
    bare = counted(rig, **fresh)
    found = counted(rig, tools=[described(number) for number in range(100)], **fresh) - bare
    assert 100 * TOOL_TOKENS[0] * 0.85 <= found <= 100 * TOOL_TOKENS[1] * 1.15
    assert rig.vendor.requests == []


@over("chat", "ollama")
def test_ct_1_the_vendors_numbers_teach_the_estimate(rig: Rig) -> None:
    """Within 15 % of the prompt tokens that the vendor has told for the same request."""
    fields = {"model": f"{rig.wire.vendor}/taught", "tools": [described(number) for number in range(100)]}
    for _ in range(3):
        rig.says(answer("Hello.", counts=Counts(prompt=9_000)), **fields)
    assert 0.85 * 9_000 <= counted(rig, **fields) <= 1.15 * 9_000


@over(*COUNTERS)
def test_ct_1_a_hundred_tools_by_the_vendors_own_count(rig: Rig) -> None:
    found = counted(rig, tools=[described(number) for number in range(100)])
    (request,) = rig.vendor.requests
    assert found == len(request.body) // 4
    assert request.body.count(b"mcp__files__read_") == 100


PIXELS = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo=" * 40}
BLOCKS: dict[str, Json] = {
    "text": text(WORDS),
    "image": {"type": "image", "source": PIXELS},
    "document": {"type": "document", "source": {**PIXELS, "media_type": "application/pdf"}},
    "text document": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": WORDS}},
    "search result": {"type": "search_result", "source": "https://a.test", "title": "A", "content": [text(WORDS)]},
    "result": {"type": "tool_result", "tool_use_id": "a", "content": WORDS},
    "result with an image": {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [{"type": "image", "source": PIXELS}],
    },
    "reference": {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [{"type": "tool_reference", "tool_name": "Read"}],
    },
    "future": {"type": "hologram", "beam": WORDS},
}


@pytest.mark.parametrize("name", BLOCKS)
@over("chat", "responses", "gemini", "ollama", "repaired", "passthrough")
def test_ct_2_every_block_counts(rig: Rig, name: str) -> None:
    """Once, twice, in three turns: never fewer tokens, and more of them in the end."""
    start = [user("go"), assistant(use("a"))]
    block = BLOCKS[name]
    filler = {"type": "tool_result", "tool_use_id": "a", "content": ""}
    first = [filler] if block["type"] != "tool_result" else []
    counts = [
        counted(rig, messages=[*start, user(*(first or [filler]), text("x"))], tools=[tool()]),
        counted(rig, messages=[*start, user(*first, block, text("x"))], tools=[tool()]),
        counted(rig, messages=[*start, user(*first, block, text("x")), *start, user(*first, block)], tools=[tool()]),
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[2]


@over("chat", "responses", "gemini", "ollama", "repaired", "passthrough")
def test_ct_2_system_and_tools_count(rig: Rig) -> None:
    counts = [
        counted(rig),
        counted(rig, system=WORDS),
        counted(rig, system=[text(WORDS), text(WORDS)], tools=[tool()]),
        counted(rig, system=[text(WORDS), text(WORDS)], tools=[tool(), described(1)]),
    ]
    assert counts == sorted(set(counts))
    assert counts[1] - counts[0] >= math.floor(len(WORDS) / 8)


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens?beta=true", "/v1/v1/messages/count_tokens?beta=true"])
@over("chat", "responses", "gemini", "ollama", "repaired", "passthrough")
def test_ct_3_with_a_query(rig: Rig, path: str) -> None:
    assert counted(rig, path) > 0


@over("responses", "gemini", "repaired", "passthrough")
def test_ct_3_a_counter_that_fails_is_no_error(rig: Rig) -> None:
    rig.vendor.play(lambda request: json_answer({"error": {"message": "no"}}, 404))
    body = {"model": rig.wire.model, "messages": [user("hi")]}
    outcome = rig.post("/v1/messages/count_tokens?beta=true", json.dumps(body).encode())
    assert outcome.status == 200
    assert outcome.json["input_tokens"] > 0
