"""What a vendor reads in the history of a request: `history(vendor, body)`, one `Past` for each turn of the model.

Each reader asserts what its vendor insists on: every call answered once, directly behind its turn, under its own id
and name, in the order of the calls where that matters; reasoning only where the vendor takes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
#: What Anthropic takes as the id of a call.
ID = re.compile(r"[a-zA-Z0-9_-]+")


@dataclass(frozen=True)
class Past:
    """An earlier turn of the model. `state` is the reasoning on it, in the form of `Wire.fields`; {} for none."""

    text: str
    state: Json
    calls: tuple[tuple[str, Json], ...]
    """Name and arguments."""
    results: tuple[str, ...]


def history(vendor: str, body: Json) -> list[Past]:
    """The model's turns. Raises AssertionError for what the vendor would refuse."""
    return READERS.get(vendor, read_chat)(body)


def messages_of(vendor: str, body: Json) -> list[Json]:
    """The conversation as the vendor's list."""
    found: list[Json] = body[{"gemini": "contents", "openai": "input"}.get(vendor, "messages")]
    return found


def flat(content: Any) -> str:
    """The text of a string or of a list of text parts."""
    return content if isinstance(content, str) else "".join(part["text"] for part in content or ())


def assert_distinct(ids: list[str]) -> None:
    assert all(ids), "a call without an id"
    assert len(set(ids)) == len(ids), f"call ids must differ: {ids}"


# -- Chat Completions and Ollama: messages of role tool behind the assistant's


def read_chat(body: Json) -> list[Past]:
    """Chat Completions: arguments are JSON text."""
    found = []
    for message, results in answered(body["messages"]):
        assert_keys(message, {"role", "content", "tool_calls", "reasoning_content"})
        found.append(past(message, results, json.loads))
    return found


def read_ollama(body: Json) -> list[Past]:
    """Ollama: arguments are objects, results name their tool."""
    found = []
    for message, results in answered(body["messages"]):
        assert_keys(message, {"role", "content", "tool_calls", "thinking"})
        names = [call["function"]["name"] for call in message.get("tool_calls") or ()]
        assert [result["tool_name"] for result in results] == names
        found.append(past(message, results, dict))
    return found


def past(message: Json, results: list[Json], parsed: Callable[[Any], Json]) -> Past:
    """One assistant message with the messages that answer its calls."""
    functions = [call["function"] for call in message.get("tool_calls") or ()]
    calls = tuple((function["name"], parsed(function["arguments"])) for function in functions)
    state = {key: value for key, value in message.items() if key not in ("role", "content", "tool_calls")}
    return Past(flat(message.get("content")), state, calls, tuple(flat(result["content"]) for result in results))


def assert_keys(message: Json, known: set[str]) -> None:
    assert set(message) <= known, f"foreign fields: {set(message) - known}"


def answered(messages: list[Json]) -> list[tuple[Json, list[Json]]]:
    """Each assistant message and its tool messages."""
    found = []
    used: list[str] = []
    for place, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        results = messages[place + 1 : place + 1 + len(ids)]
        assert [(result["role"], result.get("tool_call_id")) for result in results] == [("tool", id) for id in ids], (
            results
        )
        used += ids
        found.append((message, results))
    assert_distinct(used)
    assert sum(message["role"] == "tool" for message in messages) == len(used), "a result without its call"
    return found


# -- Gemini


def read_gemini(body: Json) -> list[Past]:
    """Contents that take turns; all responses of a turn at the start of the next content."""
    contents = body["contents"]
    roles = [content["role"] for content in contents]
    assert roles == [("user", "model")[place % 2] for place in range(len(roles))], roles
    following = [*contents[1:], {"parts": []}]
    pairs = [(one["parts"], two["parts"]) for one, two in zip(contents, following, strict=True)]
    responses = [part for content in contents for part in content["parts"] if "functionResponse" in part]
    found = [gemini_past(parts, later) for parts, later in pairs[1::2]]
    assert len(responses) == sum(len(turn.calls) for turn in found), "a response without its call"
    assert_distinct([call["id"] for parts, _ in pairs[1::2] for call in functions_of(parts, "functionCall")])
    return found


def gemini_past(parts: list[Json], later: list[Json]) -> Past:
    """One model content and the responses in the one behind it."""
    assert not any("thought" in part for part in parts), "thoughts do not come back"
    assert all(set(part) - {"thoughtSignature"} in ({"text"}, {"functionCall"}) for part in parts), parts
    calls, responses = functions_of(parts, "functionCall"), functions_of(later[: len(parts)], "functionResponse")
    assert [(call["id"], call["name"]) for call in calls] == [(given["id"], given["name"]) for given in responses], (
        later
    )
    assert functions_of(later[: len(calls)], "functionResponse") == responses, "responses come first"
    return Past(
        "".join(part.get("text", "") for part in parts),
        gemini_state(parts),
        tuple((call["name"], call["args"]) for call in calls),
        tuple(flat(next(iter(given["response"].values()))) for given in responses),
    )


def functions_of(parts: list[Json], kind: str) -> list[Json]:
    """What the parts of one kind hold."""
    return [part[kind] for part in parts if kind in part]


def gemini_state(parts: list[Json]) -> Json:
    """The signature of the first call, or of the last text of a turn without; none may stand elsewhere."""
    calls = [part for part in parts if "functionCall" in part]
    own = calls[0] if calls else parts[-1]
    assert all("thoughtSignature" not in part for part in parts if part is not own), "a signature on another part"
    return {key: value for key, value in own.items() if key == "thoughtSignature"}


# -- Responses


def read_responses(body: Json) -> list[Past]:
    """Items: reasoning, words, calls of a turn in this order, then the outputs in the order of the calls."""
    calls = [item for item in body["input"] if item.get("type") == "function_call"]
    outputs = [item for item in body["input"] if item.get("type") == "function_call_output"]
    assert_distinct([call["call_id"] for call in calls])
    assert [call["call_id"] for call in calls] == [output["call_id"] for output in outputs], "outputs"
    return [responses_past(items) for items in responses_turns(body["input"])]


#: What a turn may go through, in this order.
ORDER = ("reasoning", "assistant", "function_call", "function_call_output")
START = len(ORDER)


def responses_turns(items: list[Json]) -> list[list[Json]]:
    """The items of each turn of the model; a new one begins where the order starts again."""
    turns: list[list[Json]] = []
    place = START
    for item in items:
        kind = item.get("type") or item["role"]
        if kind not in ORDER:
            assert kind in ("user", "developer"), item
            place = START
            continue
        if ORDER.index(kind) < place:
            turns.append([])
        place = ORDER.index(kind)
        turns[-1].append(item)
    return turns


def responses_past(items: list[Json]) -> Past:
    """The items of one turn."""
    kinds: dict[str, list[Json]] = {kind: [] for kind in ORDER}
    for item in items:
        kinds[item.get("type") or item["role"]].append(item)
    reasoning, words, calls, outputs = (kinds[kind] for kind in ORDER)
    assert words or calls, "reasoning without what it led to"
    return Past(
        "".join(flat(item["content"]) for item in words),
        {"reasoning": reasoning} if reasoning else {},
        tuple((call["name"], json.loads(call["arguments"])) for call in calls),
        tuple(flat(output["output"]) for output in outputs),
    )


# -- Anthropic


def read_anthropic(body: Json) -> list[Past]:
    """Messages whose results stand at the start of the next one."""
    messages = [(message["role"], as_blocks(message["content"])) for message in body["messages"]]
    found, used = [], []
    for place, (role, blocks) in enumerate(messages):
        if role == "assistant":
            later = messages[place + 1][1] if place + 1 < len(messages) else []
            used += [block["id"] for block in blocks if block["type"] == "tool_use"]
            found.append(anthropic_past(blocks, later))
    results = [block for _, blocks in messages for block in blocks if block["type"] == "tool_result"]
    assert_distinct(used)
    assert all(ID.fullmatch(id) for id in used), used
    assert len(results) == len(used), "a result without its call"
    return found


def as_blocks(content: Any) -> list[Json]:
    """Content as a list."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def anthropic_past(blocks: list[Json], later: list[Json]) -> Past:
    """One assistant message and the results in the message behind it, which may have another order: the client gives
    them as they come.
    """
    thinking = [block for block in blocks if block["type"] == "thinking"]
    assert blocks[: len(thinking)] == thinking, "thinking comes first"
    calls = [block for block in blocks if block["type"] == "tool_use"]
    results = {result.get("tool_use_id"): result for result in later[: len(calls)]}
    assert set(results) == {call["id"] for call in calls}, "results must follow their calls directly"
    return Past(
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        thinking[0] if thinking else {},
        tuple((call["name"], call["input"]) for call in calls),
        tuple(flat(results[call["id"]]["content"]) for call in calls),
    )


READERS: dict[str, Callable[[Json], list[Past]]] = {
    "gemini": read_gemini,
    "openai": read_responses,
    "ollama": read_ollama,
    "anthropic": read_anthropic,
}
