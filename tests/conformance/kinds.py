"""The kinds of cases that the fixtures of every wire must hold, each told by what is in the case.

A new way in which vendors answer or fail is a line in `KINDS`; a wire on which it cannot happen says why in `LACKING`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.answer_laws import vendor_usages
from tests.conformance.kit import Case, Json, cases, objects, streamed
from tests.conformance.wires import wire_of
from translators.core.thinking import read


def wire_name(case: Case) -> str:
    """The wire of a case. One that hands the client's own body on is another than one that makes a plain body of it."""
    untouched = wire_of(case.route).verbatim(case.route)
    return case.route.vendor.protocol.name + (" untouched" if untouched else "")


def cases_by_wire() -> dict[str, list[Case]]:
    """All cases, by the wire's name."""
    found: dict[str, list[Case]] = {}
    for case in cases():
        found.setdefault(wire_name(case), []).append(case)
    return found


# -- what is in a case


def blocks(case: Case) -> list[str]:
    """The types of the expected blocks."""
    return [block["type"] for block in case.expected.get("content") or ()]


def reason(case: Case) -> str:
    """The expected stop reason."""
    return str(case.expected.get("stop_reason") or "")


def calls(case: Case) -> int:
    """How many tools the expected message calls."""
    return blocks(case).count("tool_use")


def interleaved(case: Case) -> bool:
    """The model thinks again after it has spoken or called."""
    found = blocks(case)
    return "thinking" in found[next((n for n, kind in enumerate(found) if kind != "thinking"), len(found)) :]


def usage(case: Case) -> Json:
    """The expected counts."""
    found = case.expected.get("usage")
    return found if isinstance(found, dict) else {}


def error(case: Case) -> Json:
    """The expected error."""
    found: Json = case.expected.get("error") or {}
    return found


def status(case: Case) -> int:
    """The HTTP status that the client gets for a refusal; 0 when the vendor does not refuse."""
    return int(error(case).get("status", 0)) if case.refused else 0


def broken_after_words(case: Case) -> bool:
    """The answer ends badly after something of it was sent on."""
    return case.fails and not case.refused and bool(streamed(case).events)


def says_error(case: Case) -> bool:
    """The vendor's own words tell what went wrong."""
    return "ended before" not in str(error(case).get("message_contains"))


def history(case: Case) -> list[Json]:
    """The blocks of the model's earlier turns."""
    said = [message["content"] for message in case.request["messages"] if message["role"] == "assistant"]
    return [block for content in said if isinstance(content, list) for block in content]


def media_in_result(case: Case) -> bool:
    """A tool gave a picture or a document."""
    given = [block for message in case.request["messages"] for block in message["content"] if isinstance(block, dict)]
    parts = [part for block in given if isinstance(block.get("content"), list) for part in block["content"]]
    return any(part["type"] in ("image", "document") for part in parts)


def choice(case: Case) -> str:
    """The type of the tool choice."""
    return str((case.request.get("tool_choice") or {}).get("type") or "")


def is_structured(case: Case) -> bool:
    """The answer must follow a schema."""
    return bool((case.request.get("output_config") or {}).get("format"))


def from_elsewhere(case: Case) -> bool:
    """Reasoning of another vendor or model is in the history."""
    memories = [read(block.get("signature")) for block in history(case) if block["type"] == "thinking"]
    here = (case.vendor, case.route.model)
    return any(memory is not None and (memory.vendor, memory.model) != here for memory in memories)


def empty(case: Case) -> bool:
    """The vendor ends an answer in which it has not said a word."""
    wire = wire_of(case.route)
    words = str(error(case).get("message_contains"))
    return words in ("empty", "only reasoning") and any(map(wire.ended, objects(case.answer)))


KINDS: dict[str, Callable[[Case], bool]] = {
    "a streamed answer": lambda case: case.sse is not None and not case.fails,
    "a whole answer": lambda case: case.whole is not None and not case.fails,
    "plain text": lambda case: blocks(case) == ["text"] and reason(case) == "end_turn",
    "thinking": lambda case: blocks(case) == ["thinking", "text"],
    "one call": lambda case: calls(case) == 1,
    "parallel calls": lambda case: calls(case) > 1,
    "thinking, text and calls": lambda case: blocks(case)[:2] == ["thinking", "text"] and calls(case) > 0,
    "thinking between the parts": interleaved,
    "cut off at the limit": lambda case: reason(case) == "max_tokens" and calls(case) == 0,
    "cut off in a call": lambda case: reason(case) == "max_tokens" and bool(case.request.get("tools")),
    "a refusal": lambda case: reason(case) == "refusal",
    "a stop sequence": lambda case: reason(case) == "stop_sequence",
    "counts with a cache": lambda case: usage(case).get("cache_read_input_tokens", 0) > 0,
    "no counts": lambda case: not case.fails and not vendor_usages(case),
    "an empty answer": empty,
    "an error after words": lambda case: broken_after_words(case) and says_error(case),
    "the end is missing": lambda case: broken_after_words(case) and not says_error(case),
    "an error as the first word": lambda case: case.fails and not case.refused and not streamed(case).events,
    "too long a prompt": lambda case: "prompt is too long" in str(error(case).get("message_contains")),
    "a wrong key": lambda case: status(case) == 401,
    "an unknown model": lambda case: status(case) == 404,
    "a rate limit": lambda case: status(case) == 429,
    "an overload": lambda case: status(case) == 529,
    "a bad request": lambda case: status(case) == 400 and "too long" not in str(error(case)["message_contains"]),
    "a second turn": lambda case: any(block["type"] == "tool_use" for block in history(case)),
    "reasoning from elsewhere": from_elsewhere,
    "media in a result": media_in_result,
    "a forced tool": lambda case: choice(case) == "tool",
    "an answer by a schema": is_structured,
}

#: (wire, kind) -> why it does not occur there.
LACKING: dict[tuple[str, str], str] = {
    (
        "openai_chat",
        "thinking between the parts",
    ): "a message has one field for its reasoning, and no vendor streams it later",
    ("gemini", "no counts"): "every event has `usageMetadata`",
    ("ollama_chat", "a refusal"): "`done_reason` knows stop, length, load and unload",
    ("ollama_chat", "a stop sequence"): "the server ends the answer there and does not say so",
    ("ollama_chat", "counts with a cache"): "the counts do not say what was cached",
    ("ollama_chat", "a rate limit"): "a server that has too much to do answers 503",
    ("anthropic_messages", "a refusal"): "no server of this kind was seen to refuse",
    ("anthropic_messages", "no counts"): "all servers of this kind that were tried count",
    ("anthropic_messages", "a rate limit"): "servers of one's own have none",
    ("anthropic_messages untouched", "no counts"): "`message_start` has `usage`",
    ("anthropic_messages untouched", "an empty answer"): "Anthropic's answers are handed on as they are",
}
