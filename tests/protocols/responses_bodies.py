"""What the tests of the Responses wire share: a route, a body, an answer put together from events."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from tests.vendors.bodies import route
from translators.core.message import fold
from translators.core.vendor import Json, Route
from translators.openai import VENDOR
from translators.protocols.openai_responses import OPENAI_RESPONSES

HELLO: list[Json] = [{"role": "user", "content": "Hello"}]
READ: Json = {"name": "Read", "description": "Sample.", "input_schema": {"type": "object", "properties": {}}}


def target(model: str = "gpt-5.6", **fields: Any) -> Route:
    """A route that goes out as Responses."""
    return replace(route(VENDOR, model, **fields), vendor=replace(VENDOR, protocol=OPENAI_RESPONSES))


def body(model: str = "gpt-5.6", where: Route | None = None, **message: Any) -> Json:
    """The body for a small request with these fields."""
    return OPENAI_RESPONSES.request(
        {"model": model, "max_tokens": 9000, "messages": HELLO, **message}, where or target(model)
    )


def answer(*events: Json, **message: Any) -> Json:
    """The message that a client makes of the events."""
    numbers = count(1)
    assert OPENAI_RESPONSES.stream
    asked = {"model": "m", "max_tokens": 9000, "messages": HELLO, **message}
    stream = OPENAI_RESPONSES.stream(asked, target(), lambda prefix: f"{prefix}{next(numbers)}")
    found = stream.start()
    for event in events:
        found += [made for said in OPENAI_RESPONSES.chunk(event) for made in stream.feed(said)]
    found += stream.close()
    return {"error": str(stream.error.message)} if stream.error else fold(found)


def done(**response: Any) -> Json:
    """The last event."""
    return {"type": "response.completed", "response": {"status": "completed", **response}}


def call(index: int, name: str, arguments: str, **item: Any) -> Json:
    """A finished call."""
    made = {"type": "function_call", "call_id": f"call_{index}", "name": name, "arguments": arguments, **item}
    return {"type": "response.output_item.done", "output_index": index, "item": made}


def said(text: str, index: int = 0) -> Json:
    """A piece of text."""
    return {"type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": text}


def summary(text: str, part: int = 0, index: int = 0) -> Json:
    """A piece of a summary."""
    kind = "response.reasoning_summary_text.delta"
    return {"type": kind, "output_index": index, "summary_index": part, "delta": text}
