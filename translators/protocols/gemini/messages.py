"""The conversation as Gemini's contents.

Rules (https://ai.google.dev/gemini-api/docs/function-calling, .../thought-signatures; read 2026-11-21): roles are user
and model, the first is user; no part is empty; all responses of a turn stand in one content, in the order of the calls,
each with the name of its call; a signature returns on the very part that it came on.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.blocks import text_of
from translators.core.history import Turn
from translators.core.thinking import CALL_STATE, Signature, memories
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.protocols.gemini.decode import TEXT_SIGNATURE

#: What a conversation starts with when its own start is the model's.
OPENING: Json = {"role": "user", "parts": [{"text": "(The conversation starts with your words.)"}]}
NO_OUTPUT = "(no output)"
ATTACHED = "(see the attachment)"
FOREIGN_IMAGE = "[An image of type {form} was here, but Gemini takes PNG, JPEG, WebP, HEIC and HEIF only. Convert it.]"
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
PDF = "application/pdf"


def contents(turns: Iterable[Turn], route: Route, names: ToolNames) -> list[Json]:
    """All turns. Neighbours of one role are joined: a turn that says nothing to Gemini may have stood between them."""
    found: list[Json] = []
    calls: dict[str, str] = {}
    for turn in turns:
        if turn.role == "assistant":
            calls = {str(call.get("id")): names.short(str(call.get("name") or "")) for call in turn.calls}
        role, parts = "model", list(said(turn, route, names))
        if turn.role != "assistant":
            role, parts = "user", list(asked(turn, route.profile, calls))
        if parts and found and found[-1]["role"] == role:
            found[-1]["parts"] += parts
        elif parts:
            found.append({"role": role, "parts": parts})
    return found if found and found[0]["role"] == "user" else [OPENING, *found]


def asked(turn: Turn, profile: Profile, calls: Mapping[str, str]) -> Iterator[Json]:
    """A user turn: the responses, media that may not stand inside them, then the rest."""
    for result in turn.results:
        yield function_response(result, profile, calls)
    if not profile.media_in_results:
        for result in turn.results:
            yield from media(result, profile)
    for block in turn.blocks:
        yield from block_parts(block, profile)


def function_response(result: Mapping[str, Any], profile: Profile, calls: Mapping[str, str]) -> Json:
    """One result. `calls` are the names of the turn's calls by their ids."""
    call = str(result.get("tool_use_id") or "")
    attached = list(media(result, profile))
    text = result_text(result, profile) or (ATTACHED if attached else NO_OUTPUT)
    response: Json = {"id": call, "name": calls.get(call, ""), "response": {word(result): text}}
    if attached and profile.media_in_results:
        response["parts"] = attached
    return {"functionResponse": response}


def result_text(result: Mapping[str, Any], profile: Profile) -> str:
    """A result in words."""
    content = result.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(filter(None, (note(block, profile) for block in content or ())))


def word(result: Mapping[str, Any]) -> str:
    """The key under which Gemini looks for a result, or for what went wrong."""
    return "error" if result.get("is_error") else "output"


def media(result: Mapping[str, Any], profile: Profile) -> Iterator[Json]:
    """The images and PDFs of a result."""
    content = result.get("content")
    for block in content if isinstance(content, list) else ():
        if travels(block, profile):
            yield attachment(block)


def block_parts(block: Mapping[str, Any], profile: Profile) -> Iterator[Json]:
    """One block of a user: an attachment, or its text."""
    if travels(block, profile):
        yield attachment(block)
    elif text := note(block, profile):
        yield {"text": text}


def note(block: Mapping[str, Any], profile: Profile) -> str:
    """What is said of a block in words; "" for one that travels as it is."""
    if travels(block, profile):
        return ""
    if block.get("type") != "image" or not profile.images:
        return text_of(block)
    form = media_type(block.get("source") or {})
    return text_of(block) if form in IMAGES else FOREIGN_IMAGE.format(form=form or "unknown")


def travels(block: Mapping[str, Any], profile: Profile) -> bool:
    """The block can go as something other than text."""
    kind, source = block.get("type"), block.get("source") or {}
    if kind not in ("image", "document") or source.get("type") not in ("base64", "url"):
        return False
    if source["type"] == "url" and kind not in profile.links:
        return False
    form = media_type(source)
    return (kind == "image" and profile.images and form in IMAGES) or (
        kind == "document" and profile.documents and form == PDF
    )


def media_type(source: Mapping[str, Any]) -> str:
    """The media type of a source; that of a URL is guessed by its name."""
    if source.get("type") == "url":
        return mimetypes.guess_type(str(source.get("url") or "").partition("?")[0])[0] or ""
    return str(source.get("media_type") or "")


def attachment(block: Mapping[str, Any]) -> Json:
    """An image or a PDF, inline or by its address."""
    source = block["source"]
    if source["type"] == "url":
        return {"fileData": {"mimeType": media_type(source), "fileUri": source["url"]}}
    return {"inlineData": {"mimeType": media_type(source), "data": source.get("data")}}


def said(turn: Turn, route: Route, names: ToolNames) -> Iterator[Json]:
    """The parts of a model turn. Thoughts are not sent back, their signatures are."""
    signatures = own_signatures(turn, route)
    first = True
    for position, block in enumerate(turn.blocks):
        if block.get("type") == "tool_use":
            yield function_call(block, names, signatures, route.profile.reasoning_placeholder if first else None)
            first = False
        elif text := text_of(block):
            yield signed({"text": text}, text_signature(turn, position, route))


def own_signatures(turn: Turn, route: Route) -> dict[str, str]:
    """Call id -> thought signature, as far as this very model made it; those of another are refused."""
    return {
        call: state for signature in own(turn.blocks, route) for call, state in signature.of_calls(CALL_STATE).items()
    }


def own(blocks: Iterable[Mapping[str, Any]], route: Route) -> list[Signature]:
    """What the route's model has signed."""
    return [signature for _, signature in memories(blocks, route.vendor.name) if signature.model == route.model]


def text_signature(turn: Turn, position: int, route: Route) -> str:
    """The signature of a text block: it waits in the thinking block behind it."""
    behind = turn.blocks[position + 1 : position + 2]
    values = [value for signature in own(behind, route) for value in signature.values(TEXT_SIGNATURE)]
    return values[-1] if values and isinstance(values[-1], str) else ""


def function_call(
    block: Mapping[str, Any], names: ToolNames, signatures: Mapping[str, str], substitute: str | None
) -> Json:
    """One call of the history. `substitute` takes the place of a lost signature."""
    call = str(block.get("id") or "")
    made: Json = {"id": call, "name": names.short(str(block.get("name") or "")), "args": arguments(block)}
    return signed({"functionCall": made}, signatures.get(call) or substitute or "")


def arguments(block: Mapping[str, Any]) -> Json:
    """The input of a call as the object that Gemini insists on."""
    given = block.get("input") or {}
    return given if isinstance(given, dict) else {"input": given}


def signed(part: Json, signature: str) -> Json:
    """The part with its signature."""
    return {**part, "thoughtSignature": signature} if signature else part
