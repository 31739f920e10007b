"""Responses: the types of the official `openai` SDK, and the rules of its documentation.

Source: https://developers.openai.com/api/reference/responses, .../guides/reasoning, .../guides/function-calling
(read 2026-11-21).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from openai.types.responses import response_create_params
from pydantic import TypeAdapter

from tests.conformance.oracle import unknown, validated
from tests.conformance.wires.wire import Call, Json, Result, Turn, Wire
from tests.support.native_wires import packed, responses_message, responses_stream
from tests.support.vendor_bytes import Turn as Said
from translators.core.vendor import Route

STREAMED: TypeAdapter[Any] = TypeAdapter(response_create_params.ResponseCreateParamsStreaming)
WHOLE: TypeAdapter[Any] = TypeAdapter(response_create_params.ResponseCreateParamsNonStreaming)
FREE = frozenset({"parameters", "schema"})
SAMPLING = {"temperature", "top_p"}
LEAST_OUTPUT = 16
LONGEST_CACHE_KEY = 64
#: Beginnings of the names of models that do not reason, and of those that do not unless they are asked to.
PLAIN = ("gpt-4", "gpt-3.5", "chatgpt-")
IDLE = ("gpt-5.1", "gpt-5.2", "gpt-5.3", "gpt-5.4")
#: What vendors take and the SDK's types leave out: OpenAI's (vercel/ai#18035) and xAI's blocked domains.
BEYOND = frozenset({"tools[].filters.blocked_domains", "tools[].filters.excluded_domains"})
#: What may stand behind reasoning.
LED_TO = ("reasoning", "assistant", "function_call")


def typed(body: Json, route: Route) -> None:
    """The SDK's types take the body and know all of it."""
    made = validated(body, STREAMED if body["stream"] else WHOLE)
    strange = [path for path, _ in unknown(body, made) if path not in BEYOND]
    assert not strange, f"Responses knows nothing of {strange}"


def rules(body: Json, route: Route) -> None:
    """Nothing is stored or strict unasked; reasoning stands before what it led to; the model's parameters."""
    assert body["store"] is False, "the vendor would keep the conversation"
    assert body["max_output_tokens"] >= LEAST_OUTPUT, f"max_output_tokens {body['max_output_tokens']}"
    assert len(body.get("prompt_cache_key", "")) <= LONGEST_CACHE_KEY
    assert body["input"], "no input"
    declared(body)
    parameters(body, route.model)
    for item in body["input"]:
        one_item(item)
    kinds = [kind(item) for item in body["input"]]
    for one, follower in zip(kinds, [*kinds[1:], ""], strict=True):
        assert one != "reasoning" or follower in LED_TO, f"reasoning without what it led to but {follower!r}"


def declared(body: Json) -> None:
    """Objects as parameters, strict only where the schema is closed; a choice among the tools."""
    tools = body.get("tools")
    assert tools is None or tools, "an empty list of tools"
    for tool in functions(body):
        assert tool["strict"] is False or tool["parameters"].get("additionalProperties") is False, f"strict {tool}"
        assert tool["parameters"]["type"] == "object" and "properties" in tool["parameters"], f"{tool['name']}"
    choice = body.get("tool_choice")
    assert choice is None or tools, "tool_choice without tools"
    assert not isinstance(choice, dict) or choice["name"] in [tool["name"] for tool in functions(body)], f"{choice}"


def functions(body: Json) -> list[Json]:
    """The tools that the client runs."""
    return [tool for tool in body.get("tools") or () if tool["type"] == "function"]


def one_item(item: Json) -> None:
    """An item of a known kind with something in it."""
    match kind(item):
        case "user" | "assistant" | "system" | "developer" as role:
            assert item["content"], f"an empty {role} message"
            assert role != "assistant" or isinstance(item["content"], str), "parts of an assistant"
        case "function_call_output":
            assert item["output"], "an empty output"
        case "reasoning":
            assert item.get("encrypted_content"), "reasoning that the vendor has not kept"
        case other:
            assert other == "function_call", f"an item of type {other}"


def parameters(body: Json, model: str) -> None:
    """Effort and sampling as far as the model takes them."""
    effort = body.get("reasoning", {}).get("effort", "none" if model.startswith(IDLE) else "")
    if model.startswith(PLAIN):
        assert not {"reasoning", "include"} & body.keys(), "a model that does not reason"
    elif model.startswith(("gpt-", "o")) and "oss" not in model:
        assert effort == "none" or not SAMPLING & body.keys(), f"sampling beside effort {effort!r}"


def kind(item: Json) -> str:
    """What an item is: its type, or the role of a message."""
    return str(item.get("type") or item["role"])


def turns(body: Json, route: Route) -> list[Turn]:
    """Neighbouring items of the model make one turn; each output and each message of others is one."""
    found: list[Turn] = []
    own: list[Json] = []
    for item in body["input"]:
        if kind(item) in LED_TO:
            own.append(item)
            continue
        found += [assistant(own)] if own else []
        own = []
        found.append(outer(item))
    return [*found, assistant(own)] if own else found


def outer(item: Json) -> Turn:
    """An item that is not the model's."""
    if kind(item) == "function_call_output":
        return Turn("user", results=(Result(item["call_id"], words(item["output"])),))
    return Turn("user" if item["role"] == "user" else "system", words(item["content"]))


def assistant(items: list[Json]) -> Turn:
    """The model's items."""
    calls = [item for item in items if kind(item) == "function_call"]
    return Turn(
        "assistant",
        "\n".join(words(item["content"]) for item in items if kind(item) == "assistant"),
        tuple(Call(call["call_id"], call["name"], json.loads(call["arguments"])) for call in calls),
        memory=remembered(items),
    )


def remembered(items: list[Json]) -> tuple[tuple[str, Any], ...]:
    """The reasoning items, each with what follows it."""
    followers = [*map(landmark, items[1:]), ""]
    return tuple((follower, item) for item, follower in zip(items, followers, strict=True) if kind(item) == "reasoning")


def landmark(item: Json) -> str:
    """An item in few words: the call, or its kind."""
    return f"{item['name']} {item['arguments']}" if kind(item) == "function_call" else kind(item)


def words(content: Any) -> str:
    """The text of a string or of a list of parts."""
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content if "text" in part)


def demanded(said: list[Json], answer: Json, route: Route) -> tuple[tuple[str, Any], ...]:
    """The encrypted reasoning before what it led to; what led to nothing stays away."""
    items = [renamed(item) for item in output(said) if kind(item) != "reasoning" or item.get("encrypted_content")]
    return tuple((follower, item) for follower, item in remembered(items) if follower)


def output(said: list[Json]) -> list[Json]:
    """The items of an answer, streamed or whole."""
    whole = [found for item in said for found in (item.get("response") or item).get("output") or ()]
    done = [item for item in said if item.get("type") == "response.output_item.done"]
    streamed = [item["item"] for item in sorted(done, key=lambda item: item["output_index"])]
    return streamed or whole


def renamed(item: Json) -> Json:
    """An item of an answer as it goes back: without nulls, arguments without spaces, a message by its role."""
    kept = {key: value for key, value in item.items() if value is not None}
    if kind(item) == "function_call":
        return {**kept, "arguments": json.dumps(json.loads(item["arguments"] or "{}"), separators=(",", ":"))}
    return {"role": "assistant", "content": ""} if kind(item) == "message" else kept


def usages(said: list[Json]) -> Iterator[Json]:
    """The counts, in an answer or in the event that ends it."""
    for usage in filter(None, ((item.get("response") or item).get("usage") for item in said)):
        yield {"prompt_tokens": usage["input_tokens"], "completion_tokens": usage["output_tokens"]}


def ended(item: Json) -> bool:
    """The event that ends an answer."""
    return item.get("type") in ("response.completed", "response.incomplete")


def spoken(words: str, stream: bool) -> bytes:
    """An answer of a few words."""
    said = Said(words)
    return b"".join(responses_stream(said, 1)) if stream else packed(responses_message(said, 1))


WIRE = Wire(
    conversation="input",
    typed=typed,
    rules=rules,
    turns=turns,
    tools=lambda body: [tool["name"] for tool in functions(body)],
    names=lambda route: "[a-zA-Z0-9_-]{1,64}",
    ids=lambda route: "(?s).{1,64}",
    free=FREE,
    demanded=demanded,
    usages=usages,
    ended=ended,
    spoken=spoken,
)
