"""Anthropic Messages: the types of the official `anthropic` SDK; what every endpoint of this kind knows, and what only
a genuine one does.

Source: https://platform.claude.com/docs/en/api/messages, https://docs.ollama.com/api/anthropic-compatibility,
https://api-docs.deepseek.com/guides/anthropic_api (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from anthropic.types import message_create_params
from anthropic.types.beta import message_create_params as beta_params
from pydantic import TypeAdapter

from tests.conformance.oracle import unknown, validated
from tests.conformance.wires.wire import Call, Json, Result, Turn, Wire
from tests.support.native_wires import anthropic_message, anthropic_stream, packed
from tests.support.vendor_bytes import Turn as Said
from translators.core.vendor import Route
from translators.protocols.anthropic_messages.fitted import DROPS

PLAIN: TypeAdapter[Any] = TypeAdapter(message_create_params.MessageCreateParams)
GENUINE: TypeAdapter[Any] = TypeAdapter(beta_params.MessageCreateParams)
#: In the reference, but not in the types of the SDK.
BEYOND = frozenset({"temperature", "top_p", "top_k"})
FREE = frozenset({"input_schema", "input", "schema", "data"})
#: What endpoints other than Anthropic's own know of its fields and types.
SHARED = frozenset(
    {
        *("input_schema", "tool_use_id", "output_config", "budget_tokens", "stop_sequences"),
        *("disable_parallel_tool_use", "is_error", "media_type", "signature", "system", "cache_control"),
        *("tool_use", "tool_result", "image", "document", "redacted_thinking"),
    }
)
REASONING = ("thinking", "redacted_thinking")
MEDIA = frozenset({"image", "document"})
#: Beginning of the type of the one tool that some of these endpoints run themselves.
SEARCH = "web_search_"
#: Role -> the blocks that all of these endpoints know.
BLOCKS = {"user": MEDIA | {"text", "tool_result"}, "assistant": frozenset({"text", "tool_use", *REASONING})}
COUNTED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def typed(body: Json, route: Route) -> None:
    """The SDK's types take the body, and know all of it unless the client's own body goes out as it came."""
    made = validated(body, GENUINE if route.profile.genuine else PLAIN)
    if route.profile.genuine:
        return
    strange = {path for path, _ in unknown(body, made) if not path.startswith("tools[].input_schema.")}
    assert strange <= BEYOND, f"the Messages API knows nothing of {strange - BEYOND}"


def rules(body: Json, route: Route) -> None:
    """What endpoints other than Anthropic's own insist on: they take no order of blocks but one."""
    if route.profile.genuine:
        return
    assert "tools" not in body or body["tools"], "an empty list of tools"
    choice = body.get("tool_choice") or {}
    assert not choice or body.get("tools"), "tool_choice without tools"
    assert "name" not in choice or choice["name"] in [tool["name"] for tool in body["tools"]], f"{choice}"
    kinds = [tool["type"] for tool in body.get("tools") or () if "type" in tool]
    assert all(kind.startswith(SEARCH) for kind in kinds), f"tools of types {kinds}"
    roles = [message["role"] for message in body["messages"]]
    assert roles[0] == "user", f"roles {roles}"
    assert all(one != other for one, other in zip(roles, roles[1:], strict=False)), f"roles {roles}"
    for message in body["messages"]:
        one_message(message)


def one_message(message: Json) -> None:
    """Something is said; results come first."""
    blocks = as_blocks(message["content"])
    assert blocks, "an empty message"
    results = [block["type"] == "tool_result" for block in blocks]
    assert results == sorted(results, reverse=True), "a result behind other content"
    for block in blocks:
        one_block(block, message["role"])


def one_block(block: Json, role: str) -> None:
    """A block of a plain kind, not empty, at the side where it belongs."""
    assert block["type"] in BLOCKS.get(role, ()), f"{block['type']} of the {role}"
    assert set(block.get("cache_control") or ()) <= {"type", "ttl"}, f"a mark {block['cache_control']}"
    assert block["type"] != "text" or block["text"].strip(), "a blank text"
    if block["type"] == "tool_result":
        assert block["content"], "an empty result"
        for inner in as_blocks(block["content"]):
            assert inner["type"] in MEDIA | {"text"}, f"{inner['type']} in a result"
            assert inner["type"] != "text" or inner["text"], "an empty text in a result"


def as_blocks(content: Any) -> list[Json]:
    """Content as a list."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def turns(body: Json, route: Route) -> list[Turn]:
    """One for each message."""
    return [turn(message["role"], as_blocks(message["content"])) for message in body["messages"]]


def turn(role: Any, blocks: list[Json]) -> Turn:
    """One message."""
    of_kind: dict[str, list[Json]] = {}
    for block in blocks:
        of_kind.setdefault(block["type"], []).append(block)
    return Turn(
        role,
        words(blocks),
        tuple(Call(call["id"], call["name"], call["input"]) for call in of_kind.get("tool_use", ())),
        tuple(Result(item["tool_use_id"], words(item.get("content"))) for item in of_kind.get("tool_result", ())),
        memory=remembered(blocks),
    )


def words(content: Any) -> str:
    """The text of a string or of a list of blocks."""
    return "\n".join(block["text"] for block in as_blocks(content or "") if block["type"] == "text")


def remembered(blocks: list[Json]) -> tuple[tuple[str, Any], ...]:
    """The blocks of reasoning, each with what is next behind it. Servers send blank texts, which nobody takes back."""
    found, said = [], [block for block in blocks if block["type"] != "text" or block["text"].strip()]
    for place, block in enumerate(said):
        if block["type"] in REASONING:
            behind = next((one for one in said[place:] if one["type"] not in REASONING), {"type": ""})
            found.append((str(behind.get("name") or behind["type"]), block))
    return tuple(found)


def demanded(said: list[Json], answer: Json, route: Route) -> tuple[tuple[str, Any], ...]:
    """The vendor's blocks of reasoning as they came."""
    whole = [item for item in said if item.get("type") == "message"]
    return remembered(whole[0]["content"] if whole else rebuilt(said))


def rebuilt(events: list[Json]) -> list[Json]:
    """The blocks of a stream."""
    blocks: dict[Any, Json] = {}
    for event in events:
        if event.get("type") == "content_block_start":
            blocks[event["index"]] = dict(event["content_block"])
        delta = event.get("delta") or {}
        for key in ("thinking", "signature", "text"):
            if key in delta:
                block = blocks[event["index"]]
                block[key] = block.get(key, "") + delta[key]
    return [{"signature": "", **block} if block["type"] == "thinking" else block for block in blocks.values()]


def usages(said: list[Json]) -> Iterator[Json]:
    """The counts so far; later ones replace those before, the input is in three parts."""
    counts: Json = {}
    for item in said:
        counts |= item.get("usage") or (item.get("message") or {}).get("usage") or {}
    if counts.get("output_tokens"):
        prompt = sum(counts.get(name) or 0 for name in COUNTED)
        yield {"prompt_tokens": prompt, "completion_tokens": counts["output_tokens"]}


def drops(route: Route) -> Mapping[str, str]:
    """What only a genuine endpoint sees."""
    return {} if route.profile.genuine else DROPS


def spoken(words: str, stream: bool) -> bytes:
    """An answer of a few words."""
    said = Said(words)
    return b"".join(anthropic_stream(said, 1)) if stream else packed(anthropic_message(said, 1))


WIRE = Wire(
    conversation="messages",
    typed=typed,
    rules=rules,
    turns=turns,
    tools=lambda body: [tool["name"] for tool in body.get("tools") or ()],
    names=lambda route: "[a-zA-Z0-9_-]{1,128}" if route.profile.genuine else "[a-zA-Z0-9_-]{1,64}",
    ids=lambda route: "(?s).+" if route.profile.genuine else "[a-zA-Z0-9_-]+",
    own=lambda route: SHARED,
    free=FREE,
    demanded=demanded,
    usages=usages,
    ended=lambda item: item.get("type") == "message_delta",
    spoken=spoken,
    verbatim=lambda route: route.profile.genuine,
    drops=drops,
)
