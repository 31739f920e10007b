"""A body for a second try after a vendor has refused the reasoning that was brought back to it.

Vendors take their encrypted or signed reasoning back only for the key, the model and the place that it was made for.
Wordings (read 2026-11-21): OpenAI's 400 `invalid_encrypted_content` and those about a missing item; Gemini's "Thought
signature is not valid", "Corrupted thought signature" and "Function call is missing a thought_signature"
(https://ai.google.dev/gemini-api/docs/thought-signatures); Anthropic's "Invalid `signature` in `thinking` block" and
"blocks in the latest assistant message cannot be modified", as gateways such as OpenRouter and Bedrock pass them on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from translators.core.refusals import Words
from translators.core.vendor import Json

ENCRYPTED = re.compile(
    r"invalid_encrypted_content|encrypted content .{0,200}could not be|without its required|Item with id 'rs_"
    r"|could not decrypt .{0,40}encrypted_content|could not decode the compaction blob",
    re.IGNORECASE,
)
THINKING = re.compile(
    r"invalid `?(signature|data)`? in `?(redacted_)?thinking`? block|blocks in the latest assistant message cannot be",
    re.IGNORECASE,
)
THOUGHT = re.compile(
    r"thought[ _]signature`? is not valid|(corrupted|invalid|missing a) `?thought[ _]signature", re.IGNORECASE
)
#: What stands for a lost thought signature (https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-21).
#: OpenRouter takes it as the one detail of a turn, under the id of its first call (RooCodeInc/Roo-Code#10640).
UNSIGNED = "skip_thought_signature_validator"
STAND_IN: Json = {"type": "reasoning.encrypted", "data": UNSIGNED, "format": "google-gemini-v1", "index": 0}
THOUGHTS = frozenset({"thinking", "redacted_thinking"})
DETAILS, TEXT, EXTRA, SIGNATURE = "reasoning_details", "reasoning", "extra_content", "thoughtSignature"


def without_lost(body: Json, status: int, words: Words, placeholder: str | None) -> Json | None:
    """The body without the reasoning that a 400 or 404 is about; None when it is about something else, or the body has
    none. `placeholder` is what a model that insists on signatures takes in place of one.
    """
    said = f"{words.message} {words.all}"
    if status not in (400, 404):
        return None
    if THOUGHT.search(said):
        made = resigned(body, placeholder, DETAILS in said or "reasoning details" in said)
    elif THINKING.search(said):
        made = with_messages(body, unthought)
    elif ENCRYPTED.search(said):
        made = with_messages(without_items(body), plain)
    else:
        return None
    return None if made == body else made


def without(fields: Json, *names: str) -> Json:
    """A message or part without some of its fields."""
    return {name: value for name, value in fields.items() if name not in names}


def without_items(body: Json) -> Json:
    """The body without the reasoning items of a Responses input."""
    items = body.get("input")
    if not isinstance(items, list):
        return body
    return {**body, "input": [item for item in items if item.get("type") != "reasoning"]}


def with_messages(body: Json, change: Callable[[Json], Json]) -> Json:
    """The body with its messages changed one by one."""
    messages = body.get("messages")
    return {**body, "messages": [change(message) for message in messages]} if isinstance(messages, list) else body


def plain(message: Json) -> Json:
    """A message with the text of its details in place of them."""
    if DETAILS not in message:
        return message
    text = "\n".join(filter(None, (str(one.get("text") or one.get("summary") or "") for one in message[DETAILS])))
    return {**without(message, DETAILS), **({TEXT: text} if text else {})}


def unthought(message: Json) -> Json:
    """A message without its reasoning: details, text, and blocks of Anthropic's wire, unless it has nothing else."""
    content = message.get("content")
    kept = [block for block in content if block.get("type") not in THOUGHTS] if isinstance(content, list) else []
    return {**without(message, DETAILS, TEXT), **({"content": kept} if kept else {})}


def resigned(body: Json, placeholder: str | None, detailed: bool) -> Json:
    """The body without thought signatures. `detailed` says that the server takes them as `reasoning_details`."""
    if isinstance(contents := body.get("contents"), list):
        changed = [{**one, "parts": [part_resigned(part, placeholder) for part in one["parts"]]} for one in contents]
        return {**body, "contents": changed}
    messages = body.get("messages") or ()
    detailed = detailed or any(DETAILS in message for message in messages)
    return with_messages(body, detail_resigned if detailed else calls_resigned)


def part_resigned(part: Json, placeholder: str | None) -> Json:
    """A part of Gemini's: only calls need a signature."""
    if SIGNATURE not in part:
        return part
    unsigned = without(part, SIGNATURE)
    return {**unsigned, SIGNATURE: placeholder} if placeholder and "functionCall" in part else unsigned


def detail_resigned(message: Json) -> Json:
    """A message whose first call has a detail that stands for its signature."""
    calls = message.get("tool_calls")
    return {**message, DETAILS: [{**STAND_IN, "id": calls[0]["id"]}]} if calls else plain(message)


def calls_resigned(message: Json) -> Json:
    """A message whose first call has what stands for its signature; the others of a turn need none."""
    calls = message.get("tool_calls")
    if not calls:
        return message
    first, *others = (without(call, EXTRA) for call in calls)
    signed = {**first, EXTRA: {"google": {"thought_signature": UNSIGNED}}}
    return {**message, "tool_calls": [signed, *others]}
