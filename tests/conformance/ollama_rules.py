"""What Ollama takes and says: the types of the official `ollama` SDK, and what its server does beyond them.

Source: https://docs.ollama.com/api/chat, `api/types.go` and `server/routes.go` of https://github.com/ollama/ollama
(read 2026-11-21).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from ollama._types import ChatRequest
from pydantic import ValidationError

from tests.conformance.vendor_rules import ANTHROPIC_KEYS, ANTHROPIC_TYPES, BILLING, nodes, pairs

Json = dict[str, Any]

#: What the server reads and the SDK's types leave out.
BEYOND = frozenset({"truncate", "shift", "messages[].tool_call_id", "messages[].tool_calls[].id"})
#: The keywords of a tool's schema that the server keeps; further ones vanish there.
KEYWORDS = frozenset({"type", "anyOf", "items", "description", "enum", "properties", "required"})
LEVELS = ("low", "medium", "high", "max")
OPTIONS = frozenset({"num_ctx", "num_predict", "temperature", "top_p", "top_k", "stop"})


def usages(item: Json) -> Iterator[Json]:
    """The counts of the last object of an answer, in the names of Chat Completions."""
    if "prompt_eval_count" in item:
        yield {"prompt_tokens": item["prompt_eval_count"], "completion_tokens": item["eval_count"]}


def ended(item: Json) -> bool:
    """The object is the last one of an answer."""
    return bool(item.get("done"))


def check(body: Json, model: str) -> None:
    """The body is one that the model takes, and that loses nothing in silence."""
    typed(body)
    assert list(body)[-1] == "messages", "something follows the messages"
    assert (body["truncate"], body["shift"]) == (False, False), "the oldest messages may vanish"
    thinks(body.get("think"), model)
    assert set(body["options"]) <= OPTIONS and body["options"]["num_ctx"] > 0 and body["options"]["num_predict"] > 0
    roles([message["role"] for message in body["messages"]])
    pairs(body["messages"])
    for message in body["messages"]:
        one_message(message)
    named(body["messages"])
    declared(body)
    assert not (body.get("format") and body.get("tools")), "`format` forbids calls"
    foreign(body)


def typed(body: Json) -> None:
    """The SDK knows every field and its type, but for those that only the server reads."""
    images = [image for message in body["messages"] for image in message.get("images") or ()]
    assert all(base64.b64decode(image, validate=True) for image in images), "an image that is not bare base64"
    plain = {**body, "messages": [without_images(message) for message in body["messages"]]}
    try:
        made = ChatRequest(**plain).model_dump(exclude_none=True, by_alias=True)
    except ValidationError as error:
        raise AssertionError(f"no body of Ollama's: {error}") from None
    unknown = set(shape(plain)) - set(shape(made)) - BEYOND
    assert not unknown, f"Ollama knows nothing of {unknown}"


def without_images(message: Json) -> Json:
    """The message without its pictures, which the SDK takes as files."""
    return {key: value for key, value in message.items() if key != "images"}


def shape(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys in a value; what schemas and arguments hold is the client's."""
    if isinstance(value, dict):
        for key, item in value.items():
            where = f"{path}.{key}".lstrip(".")
            yield where
            if key not in ("arguments", "format", "parameters"):
                yield from shape(item, where)
    elif isinstance(value, list):
        for item in value:
            yield from shape(item, f"{path}[]")


def thinks(think: Any, model: str) -> None:
    """A switch or a level; gpt-oss has three levels and no switch."""
    assert think in (None, True, False, *LEVELS), f"invalid think value {think!r}"
    assert not model.startswith("gpt-oss") or think in (None, True, "low", "medium", "high"), f"think {think!r}"


def roles(found: list[str]) -> None:
    """A system message only at the start; no two of a role in a row, but for results."""
    assert "user" in found and "system" not in found[1:], f"roles {found}"
    neighbours = zip(found, found[1:], strict=False)
    assert all(one != other or one == "tool" for one, other in neighbours), f"roles {found}"


def one_message(message: Json) -> None:
    """Content is one string, arguments are an object."""
    assert isinstance(message["content"], str), f"content {message['content']!r}"
    assert message["content"] or message.get("images") or message.get("tool_calls"), (
        f"an empty {message['role']} message"
    )
    assert "images" not in message or message["role"] == "user", "pictures where no template shows them"
    for call in message.get("tool_calls") or ():
        assert isinstance(call["function"]["arguments"], dict), "arguments that are no object"


def named(messages: list[Json]) -> None:
    """A result names the tool of its call."""
    calls = {call["id"]: call["function"]["name"] for message in messages for call in message.get("tool_calls") or ()}
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_name"] == calls[message["tool_call_id"]], f"a result of {message['tool_name']!r}"


def declared(body: Json) -> None:
    """Tools with names of their own and schemas that arrive whole."""
    functions = [tool["function"] for tool in body.get("tools") or ()]
    assert "tools" not in body or functions, "an empty list of tools"
    assert len({function["name"] for function in functions}) == len(functions), "two tools of one name"
    for function in functions:
        assert function["parameters"]["type"] == "object" and "properties" in function["parameters"]
        readable(function["parameters"])


def readable(schema: Any) -> None:
    """The schema and those inside it hold nothing that the server cannot read or drops."""
    assert isinstance(schema, dict), f"a schema that is {schema!r}"
    assert set(schema) <= KEYWORDS, f"the schema loses {set(schema) - KEYWORDS}"
    items = schema.get("items", True)
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for one in [*inner, *(items if isinstance(items, list) else [items])]:
        if one is not True:
            readable(one)


def foreign(body: Json) -> None:
    """Nothing that only Anthropic knows. What tools and arguments hold is the client's."""
    seen = list(nodes({key: value for key, value in body.items() if key not in ("tools", "format")}))
    keys = {key for key, _ in seen} & ANTHROPIC_KEYS
    assert not keys, f"Anthropic's own fields: {keys}"
    kinds = {kind for _, kind in seen} & ANTHROPIC_TYPES
    assert not kinds, f"Anthropic's own types: {kinds}"
    assert BILLING not in json.dumps(body), "the billing line"
