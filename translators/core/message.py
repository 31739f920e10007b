"""fold: events -> the whole message. A whole answer is the fold of the very events that a stream would have sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from translators.core.lenient import strict

Event = dict[str, Any]

#: Key of tool input that is not JSON. No tool schema knows it, so the client reports the call as malformed.
UNPARSED = "_unparsed"


def fold(events: Iterable[Event]) -> dict[str, Any]:
    """The message that a client would have built from the events. The last event of an unfinished message is
    ignored.
    """
    message: dict[str, Any] = {}
    inputs: dict[int, list[str]] = {}
    for event in events:
        match event["type"]:
            case "message_start":
                message = {**event["message"], "content": [], "usage": dict(event["message"]["usage"])}
            case "content_block_start":
                message["content"].append(dict(event["content_block"]))
            case "content_block_delta":
                extend(message["content"][event["index"]], event["delta"], inputs.setdefault(event["index"], []))
            case "message_delta":
                message.update(event["delta"])
                message["usage"].update(event["usage"])
                if "context_management" in event:
                    message["context_management"] = event["context_management"]
    for index, pieces in inputs.items():
        block = message["content"][index]
        if block["type"].endswith("tool_use"):
            block["input"] = parsed("".join(pieces))
    return message


def extend(block: dict[str, Any], delta: dict[str, Any], inputs: list[str]) -> None:
    """Adds one delta to its block; pieces of tool input are collected in `inputs`."""
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "input_json_delta":
            inputs.append(delta["partial_json"])
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]


def parsed(text: str) -> dict[str, Any]:
    """Tool input as an object. What cannot be read as one is kept whole under a key that no tool accepts."""
    if not text:
        return {}
    try:
        value = strict(text)
    except (ValueError, RecursionError):
        return {UNPARSED: text}
    return value if isinstance(value, dict) else {UNPARSED: text}
