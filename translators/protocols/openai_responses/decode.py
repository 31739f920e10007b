"""Responses events and whole answers -> deltas.

Stateless: one object in, what it says out. Item ids differ from event to event behind some gateways, so everything
hangs on `output_index`. Two things that one event alone cannot tell are left to `answer.py`: `Thought` says which part
of the reasoning it belongs to, `CallEnd` holds a call that may have been streamed already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core.counts import first, section, whole_number
from translators.core.deltas import Delta, Opaque, Stop, StopReason, Text, ToolCall, Usage
from translators.core.errors import Fault
from translators.core.search_found import Cited, Looked
from translators.core.vendor import Json
from translators.protocols.openai_responses.items import REASONING
from translators.protocols.openai_responses.search import ITEM, cited, looked

#: incomplete_details.reason -> stop reason. Any other reason leaves the answer cut off as well.
CUT: dict[str, StopReason] = {"max_output_tokens": "max_tokens", "content_filter": "refusal"}


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of reasoning. `part` names the paragraph: item, kind, position in the item."""

    part: tuple[Any, ...]
    text: str


@dataclass(frozen=True, slots=True)
class CallEnd:
    """A call that ended, with all of its arguments as JSON text; "" when it was cut off before they began."""

    index: int
    id: str
    name: str
    arguments: str


Said = Delta | Thought | CallEnd | Looked | Cited


def chunk(data: Json) -> Iterator[Said]:
    """What one event says. Raises `Fault` for an error."""
    kind = data.get("type")
    if kind in ("error", "response.failed") or (kind is None and data.get("error")):
        raise Fault(fault(data))
    read = EVENTS.get(str(kind))
    if read:
        yield from read(data)


def whole(data: Json) -> Iterator[Said]:
    """What a whole answer says. Raises `Fault` for an error object or one without output."""
    if not isinstance(data, dict) or data.get("error") or not isinstance(data.get("output"), list):
        raise Fault(fault(data) if isinstance(data, dict) else data)
    for index, item in enumerate(data["output"]):
        yield from item_parts(item, index)
    if data.get("status", "completed") in ("completed", "incomplete"):
        yield from ended({"response": data})


def fault(data: Json) -> Json:
    """The error object of an event or an answer; older servers have its fields flat in the event."""
    error = data.get("error") or (data.get("response") or {}).get("error")
    if error:
        return {"error": error}
    rest = {key: value for key, value in data.items() if key in ("code", "message", "param")}
    return {"error": rest or {"message": f"the answer has status {data.get('status') or 'failed'}"}}


# -- events


def text(data: Json) -> Iterator[Said]:
    """A piece of the answer."""
    yield Text(str(data.get("delta") or ""))


def refusal(data: Json) -> Iterator[Said]:
    """A piece of the words with which the model refuses; the end still comes."""
    yield from refused(data.get("delta"))


def refused(words: Any) -> Iterator[Said]:
    """The words of a refusal."""
    yield Text(str(words or ""))
    yield Stop("refusal", final=False)


def thought(data: Json) -> Iterator[Said]:
    """A piece of a summary or of the reasoning itself."""
    place = data.get("summary_index", data.get("content_index"))
    yield Thought((data.get("output_index"), "summary_index" in data, place), str(data.get("delta") or ""))


def arguments(data: Json) -> Iterator[Said]:
    """A piece of a call's arguments."""
    yield ToolCall(index=index_of(data), arguments=str(data.get("delta") or ""))


def item_added(data: Json) -> Iterator[Said]:
    """A call begins; other items speak by their deltas."""
    item = data.get("item") or {}
    if item.get("type") == "function_call":
        yield ToolCall(index=index_of(data), id=str(item.get("call_id") or ""), name=str(item.get("name") or ""))


def item_done(data: Json) -> Iterator[Said]:
    """A finished item. Reasoning is encrypted to its end only here."""
    item = data.get("item") or {}
    if item.get("type") == "function_call":
        yield call_end(item, index_of(data))
    elif item.get("type") == REASONING:
        yield from encrypted(item)
    elif item.get("type") == ITEM:
        yield from looked(item)
    elif item.get("type") == "message":
        for piece in item.get("content") or ():
            yield from citations(piece)


def citations(piece: Any) -> Iterator[Said]:
    """The citations of a finished text; most have come with it."""
    for mark in section(piece).get("annotations") or ():
        yield from cited(mark)


def annotation(data: Json) -> Iterator[Said]:
    """A citation."""
    yield from cited(data.get("annotation"))


def ended(data: Json) -> Iterator[Said]:
    """The counts and the reason of the end."""
    response = data.get("response") or {}
    yield from usage(response.get("usage"))
    reason = (response.get("incomplete_details") or {}).get("reason")
    cut = reason or response.get("status") == "incomplete" or data.get("type") == "response.incomplete"
    yield Stop(CUT.get(str(reason), "max_tokens") if cut else "end_turn")


EVENTS: dict[str, Callable[[Json], Iterator[Said]]] = {
    "response.output_text.delta": text,
    "response.output_text.annotation.added": annotation,
    "response.refusal.delta": refusal,
    "response.reasoning_summary_text.delta": thought,
    "response.reasoning_text.delta": thought,
    "response.function_call_arguments.delta": arguments,
    "response.output_item.added": item_added,
    "response.output_item.done": item_done,
    "response.completed": ended,
    "response.incomplete": ended,
}


# -- items


def item_parts(item: Mapping[str, Any], index: int) -> Iterator[Said]:
    """A finished item of a whole answer."""
    match item.get("type"):
        case "reasoning":
            for kind in ("summary", "content"):
                for place, piece in enumerate(item.get(kind) or ()):
                    yield Thought((index, kind == "summary", place), str(piece.get("text") or ""))
            yield from encrypted(item)
        case "function_call":
            yield call_end(item, index)
        case "message":
            for piece in item.get("content") or ():
                if piece.get("type") == "refusal":
                    yield from refused(piece.get("refusal"))
                else:
                    yield Text(str(piece.get("text") or ""))
                    yield from citations(piece)
        case "web_search_call":
            yield from looked(item)


def encrypted(item: Mapping[str, Any]) -> Iterator[Said]:
    """A reasoning item that can come back; one without its encrypted content cannot."""
    if item.get("encrypted_content"):
        yield Opaque(REASONING, item)


def call_end(item: Mapping[str, Any], index: int) -> CallEnd:
    """A call that ended."""
    given = item.get("arguments") or ("" if item.get("status") == "incomplete" else "{}")
    return CallEnd(index, str(item.get("call_id") or ""), str(item.get("name") or ""), str(given))


def index_of(data: Json) -> int:
    """The item's position in the answer."""
    return whole_number(data.get("output_index"))


def usage(counts: Any) -> Iterator[Said]:
    """Token counts. `input_tokens` holds what was read from and written to the cache, but for fewer than these (xAI, by
    ai-sdk `convert-xai-responses-usage.ts`); `output_tokens` the reasoning.
    """
    if not isinstance(counts, Mapping) or counts.get("input_tokens") is None:
        return
    details = counts.get("input_tokens_details") or {}
    prompt, output = whole_number(counts["input_tokens"]), whole_number(counts.get("output_tokens"))
    cached = first(details.get("cached_tokens"))
    prompt += cached if cached > prompt else 0
    written = min(first(details.get("cache_write_tokens")), prompt - cached)
    thinking = first((counts.get("output_tokens_details") or {}).get("reasoning_tokens"))
    yield Usage(prompt - cached - written, output, cached, written, min(thinking, output))
