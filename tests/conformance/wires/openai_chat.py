"""Chat Completions: the types of the official `openai` SDK, and each vendor's own rules out of its `rules.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.conformance import oracle, vendor_rules
from tests.conformance.wires.common import thoughts
from tests.conformance.wires.wire import Call, Json, Result, Turn, Wire
from tests.support.vendor_bytes import CREATED
from translators.core.vendor import Route

USAGE = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
HEAD = {"id": "gen-1", "object": "chat.completion.chunk", "created": CREATED, "model": "sample"}


def rule_of(route: Route) -> Json:
    """The rules of a route's model."""
    return vendor_rules.rules(route.vendor.name, route.model)


def typed(body: Json, route: Route) -> None:
    """The SDK's types, and the vendor's documented extensions of them."""
    rule = rule_of(route)
    own = [tool for tool in body.get("tools") or () if tool["type"] in rule["own_tools"]]
    for tool in own:
        oracle.fit(tool, rule["own_tools"][tool["type"]], f"tool {tool['type']}")
    rest = [tool for tool in body.get("tools") or () if tool not in own]
    parts = {"assistant": rule["assistant_parts"], "user": rule["user_parts"]}
    oracle.check({**body, "tools": rest} if own else body, rule["extensions"], parts)


def turns(body: Json, route: Route) -> list[Turn]:
    """One for each message."""
    return [turn(message, rule_of(route)) for message in body["messages"]]


def turn(message: Json, rule: Json) -> Turn:
    """One message."""
    match message["role"]:
        case "tool":
            return Turn("user", results=(Result(message["tool_call_id"], words(message["content"], "text")),))
        case "assistant":
            return assistant(message, rule)
        case "user":
            return Turn("user", words(message["content"], "text"))
        case _:
            return Turn("system", words(message["content"], "text"))


def assistant(message: Json, rule: Json) -> Turn:
    """What the model said."""
    field = rule["replays"]
    said = untagged(message, field) if rule["tagged"] else message
    remembered = said.get(field) if field and not (field == "content" and isinstance(said.get(field), str)) else None
    memory = words(remembered, "thinking").strip()
    calls = [
        Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls") or ()
    ]
    return Turn(
        "assistant",
        words(said.get("content"), "text"),
        tuple(calls),
        memory=((field, memory),) if memory else (),
    )


def untagged(said: Json, field: str) -> Json:
    """The message with reasoning out of its content moved to the field."""
    found = re.fullmatch(r"(?s)<think>\n(.*?)\n</think>\n\n(.*)", said.get("content") or "")
    return {**said, field: found[1], "content": found[2]} if found else said


def words(value: Any, kind: str) -> str:
    """The text of a string, or of those parts that are text or reasoning."""
    if not isinstance(value, list):
        return value or ""
    if kind == "text":
        return "\n".join(part["text"] for part in value if part["type"] == "text")
    nested = [item for part in value for item in part.get("thinking") or [part]]
    return "".join(item.get("text") or item.get("summary") or "" for item in nested if part_of(item, value))


def part_of(item: Json, parts: list[Json]) -> bool:
    """A text part beside thinking parts is the answer, not reasoning."""
    return not (item in parts and item.get("type") == "text")


def demanded(said: list[Json], answer: Json, route: Route) -> tuple[tuple[str, Any], ...]:
    """The reasoning, where the vendor wants it back."""
    field, thought = rule_of(route)["replays"], thoughts(answer).strip()
    return ((field, thought),) if field and thought else ()


def own(route: Route) -> frozenset[str]:
    """What the vendor documents, and the type of pictures in its own parts."""
    return frozenset(vendor_rules.documented(rule_of(route)))


def usages(said: list[Json]) -> Iterator[Json]:
    """Every usage object, wherever it sits."""
    places = [place for item in said for place in (item, item.get("x_groq") or {}, *(item.get("choices") or []))]
    found = [place["usage"] for place in places if isinstance(place, dict) and place.get("usage")]
    yield from (usage for usage in found if usage.get("prompt_tokens") is not None)


def ended(item: Json) -> bool:
    """The object has a finish reason; "" is one for vendors that end so."""
    return any(choice.get("finish_reason") is not None for choice in item.get("choices") or ())


def spoken(words: str, stream: bool) -> bytes:
    """An answer of a few words."""
    delta = {"role": "assistant", "content": words}
    if not stream:
        choice = {"index": 0, "message": delta, "finish_reason": "stop"}
        return json.dumps({**HEAD, "choices": [choice], "usage": USAGE}).encode()
    chunks = [
        {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE},
    ]
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)


WIRE = Wire(
    conversation="messages",
    typed=typed,
    rules=lambda body, route: vendor_rules.check(body, rule_of(route)),
    turns=turns,
    tools=lambda body: [tool["function"]["name"] for tool in vendor_rules.functions(body)],
    names=lambda route: str(rule_of(route)["tool_name"]),
    ids=lambda route: str(rule_of(route)["call_id"]),
    own=own,
    free=frozenset({"parameters", "schema", "arguments"}),
    demanded=demanded,
    usages=usages,
    ended=ended,
    spoken=spoken,
)
