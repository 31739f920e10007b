"""Ollama: the types of the official `ollama` SDK, and what its server does beyond them.

Source: https://docs.ollama.com/api/chat, `api/types.go` and `server/routes.go` of https://github.com/ollama/ollama
(read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ollama._types import ChatRequest
from pydantic import ValidationError

from tests.conformance.wires.common import paths, thoughts
from tests.conformance.wires.wire import Call, Json, Result, Turn, Wire
from tests.support.native_wires import ollama_message, ollama_stream, packed
from tests.support.vendor_bytes import Turn as Said
from translators.core.vendor import Route

#: What the server reads and the SDK's types leave out.
BEYOND = frozenset({"truncate", "shift", "messages[].tool_call_id", "messages[].tool_calls[].id"})
#: The keywords of a tool's schema that the server keeps; further ones vanish there.
KEYWORDS = frozenset({"type", "anyOf", "items", "description", "enum", "properties", "required"})
LEVELS = ("low", "medium", "high", "max")
OPTIONS = frozenset({"num_ctx", "num_predict", "temperature", "top_p", "top_k", "stop"})
BASE64 = "[A-Za-z0-9+/]+={0,2}"
FREE = frozenset({"arguments", "format", "parameters"})


def typed(body: Json, route: Route) -> None:
    """The SDK knows every field and its type, but for those that only the server reads."""
    images = [image for message in body["messages"] for image in message.get("images") or ()]
    assert all(re.fullmatch(BASE64, image) for image in images), "an image that is not bare base64"
    plain = {**body, "messages": [without_images(message) for message in body["messages"]]}
    try:
        made = ChatRequest(**plain).model_dump(exclude_none=True, by_alias=True)
    except ValidationError as error:
        raise AssertionError(f"no body of Ollama's: {error}") from None
    unknown = set(paths(plain, FREE)) - set(paths(made, FREE)) - BEYOND
    assert not unknown, f"Ollama knows nothing of {unknown}"


def without_images(message: Json) -> Json:
    """The message without its pictures, which the SDK takes as files."""
    return {key: value for key, value in message.items() if key != "images"}


def rules(body: Json, route: Route) -> None:
    """The body loses nothing in silence."""
    assert (body["truncate"], body["shift"]) == (False, False), "the oldest messages may vanish"
    thinks(body.get("think"), route.model)
    options = body["options"]
    assert set(options) <= OPTIONS, f"options {set(options) - OPTIONS}"
    limits = [options["num_ctx"], options["num_predict"]]
    assert all(isinstance(limit, int) and limit > 0 for limit in limits), f"limits {limits}"
    roles([message["role"] for message in body["messages"]])
    for message in body["messages"]:
        one_message(message)
    declared(body)
    assert not (body.get("format") and body.get("tools")), "`format` forbids calls"


def turns(body: Json, route: Route) -> list[Turn]:
    """One for each message."""
    return [turn(message) for message in body["messages"]]


def turn(message: Json) -> Turn:
    """One message."""
    role, text = message["role"], message["content"]
    if role == "tool":
        return Turn("user", results=(Result(message["tool_call_id"], text, message["tool_name"]),))
    calls = [
        Call(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    ]
    thinking = message.get("thinking")
    return Turn(role, text, tuple(calls), memory=(("thinking", thinking),) if thinking else ())


def demanded(said: list[Json], answer: Json, route: Route) -> tuple[tuple[str, Any], ...]:
    """The thinking, as text."""
    thought = thoughts(answer)
    return (("thinking", thought),) if thought else ()


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
    """Content is one string."""
    assert isinstance(message["content"], str), f"content {message['content']!r}"
    assert message["content"] or message.get("images") or message.get("tool_calls"), (
        f"an empty {message['role']} message"
    )
    assert "images" not in message or message["role"] == "user", "pictures where no template shows them"


def declared(body: Json) -> None:
    """Tools whose schemas arrive whole."""
    functions = [tool["function"] for tool in body.get("tools") or ()]
    assert "tools" not in body or functions, "an empty list of tools"
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


# -- answers


def usages(said: list[Json]) -> Iterator[Json]:
    """The counts of the last object."""
    for item in said:
        if "prompt_eval_count" in item:
            yield {"prompt_tokens": item["prompt_eval_count"], "completion_tokens": item["eval_count"]}


def spoken(words: str, stream: bool) -> bytes:
    """An answer of a few words."""
    said = Said(words)
    return b"".join(ollama_stream(said, 1)) if stream else packed(ollama_message(said, 1))


WIRE = Wire(
    conversation="messages",
    typed=typed,
    rules=rules,
    turns=turns,
    tools=lambda body: [tool["function"]["name"] for tool in body.get("tools") or ()],
    names=lambda route: "[a-zA-Z0-9_-]{1,64}",
    free=FREE,
    demanded=demanded,
    usages=usages,
    ended=lambda item: bool(item.get("done")),
    spoken=spoken,
)
