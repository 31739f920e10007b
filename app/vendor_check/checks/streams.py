"""Framing: how a stream begins, goes on and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.frames import BOM, UNREAD
from app.vendor_check.wires.names import CHAT, GEMINI, MESSAGES, RESPONSES

NAMED_WIRES = (RESPONSES, MESSAGES)
#: Form of the bytes -> how their content type begins.
TYPES = {
    "sse": ("text/event-stream",),
    "ndjson": ("application/x-ndjson", "application/json"),
    "json": ("application/json",),
}
TIGHT = re.compile(rb"^data:(?=[^ \r\n])", re.MULTILINE)
#: Half of a surrogate pair as JSON escapes it, without its other half.
HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def line_ends(answer: Answer) -> Iterator[Evidence]:
    """Lines of a stream that end in CR LF."""
    if answer.form == "sse" and b"\r\n" in answer.data:
        yield Evidence(0, "lines end in CR LF")


def tight_fields(answer: Answer) -> Iterator[Evidence]:
    """`data:` without a space."""
    if answer.form == "sse" and TIGHT.search(answer.data):
        yield Evidence(0, "`data:` has no space behind it")


def byte_order_mark(answer: Answer) -> Iterator[Evidence]:
    """A mark before the first byte."""
    if answer.data.startswith(BOM):
        yield Evidence(0, "the body begins with a byte-order mark")


def no_utf8(answer: Answer) -> Iterator[Evidence]:
    """Bytes that are no UTF-8."""
    try:
        answer.data.decode()
    except UnicodeDecodeError as error:
        yield Evidence(frame_with(answer, answer.data[error.start : error.end]), f"byte {error.start}: {error.reason}")


def half_pairs(answer: Answer) -> Iterator[Evidence]:
    """Half surrogate pairs in escapes."""
    for frame in answer.frames:
        if found := HALF.search(frame.raw):
            yield Evidence(frame.at, f"{found[0].decode()} stands alone")
            return


def no_mark(answer: Answer) -> Iterator[Evidence]:
    """The stream has a reason for its end, and no mark of it."""
    marked = any(answer.wire.ends(frame) for frame in answer.frames)
    if streams(answer) and answer.stop and not marked:
        yield Evidence(answer.frames[-1].at, "the stream ends without its end mark")


def no_stop(answer: Answer) -> Iterator[Evidence]:
    """The stream has a mark of its end, or is a whole answer, and no reason for it."""
    marked = any(answer.wire.ends(frame) for frame in answer.frames)
    ended = marked if streams(answer) else answer.form == "json" and bool(answer.said)
    if ended and not answer.failed and answer.stop is None:
        yield Evidence(answer.frames[-1].at, "no reason for the end is given")


def cut(answer: Answer) -> Iterator[Evidence]:
    """Neither a reason nor a mark: the stream was cut off."""
    marked = any(answer.wire.ends(frame) for frame in answer.frames)
    open_end = answer.end or (answer.frames and answer.frames[-1].value is UNREAD and not answer.frames[-1].done)
    if streams(answer) and not marked and (answer.stop is None or open_end):
        yield Evidence(answer.frames[-1].at, answer.end or "the stream ends in the middle of the answer")


def unread_events(answer: Answer) -> Iterator[Evidence]:
    """Events inside a stream that are no JSON."""
    for frame in answer.frames[:-1]:
        if frame.value is UNREAD and not frame.done and not frame.stray and b"data:" in frame.raw:
            yield Evidence(frame.at, "the event holds no JSON")


def stray_bytes(answer: Answer) -> Iterator[Evidence]:
    """Bytes between events that belong to none."""
    yield from (Evidence(frame.at, "bytes outside of any event") for frame in answer.frames if frame.stray)


def behind_the_end(answer: Answer) -> Iterator[Evidence]:
    """A mark of another wire."""
    if not answer.wire.marks:
        yield from (Evidence(frame.at, "[DONE] is no part of this wire") for frame in answer.frames if frame.done)


def whole_for_stream(answer: Answer) -> Iterator[Evidence]:
    """One document where events were asked for."""
    if answer.streamed and answer.went_well and answer.form == "json" and not answer.failed:
        yield Evidence(0, "`stream` was true, one JSON document came")


def stream_for_whole(answer: Answer) -> Iterator[Evidence]:
    """Events where one document was asked for."""
    if not answer.streamed and answer.went_well and answer.form == "sse":
        yield Evidence(0, "`stream` was false, events came")


def content_type(answer: Answer) -> Iterator[Evidence]:
    """A content type that says something else."""
    told, wanted = answer.headers.get("content-type", ""), TYPES.get(answer.form)
    if answer.went_well and answer.headers_known and wanted and not told.lower().startswith(wanted):
        yield Evidence(None, f"content-type: {told or '(none)'} for a body of {answer.form}")


def misshapen(answer: Answer) -> Iterator[Evidence]:
    """Fields of other types."""
    if answer.is_misshapen:
        yield Evidence(max((one.at for one in answer.said), default=0), "a field has another type")


def event_names(answer: Answer) -> Iterator[Evidence]:
    """Events whose name is missing or not the type of their data."""
    for frame in answer.frames if answer.form == "sse" else ():
        kind = frame.object.get("type")
        if isinstance(kind, str) and frame.event not in (kind, "error"):
            yield Evidence(frame.at, f"event {frame.event or '(none)'}, type {kind}")
            return


def late_start(answer: Answer) -> Iterator[Evidence]:
    """A first event that is no message_start."""
    kinds = [kind for frame in answer.frames if isinstance(kind := frame.object.get("type"), str) and kind != "ping"]
    if answer.form == "sse" and kinds and kinds[0] not in ("message_start", "error"):
        yield Evidence(0, f"the first event is {kinds[0]}")


def block_gaps(answer: Answer) -> Iterator[Evidence]:
    """Blocks whose numbers are not 0, 1, 2, ..., and pieces of a block that was not begun."""
    begun: list[int] = []
    for one in answer.all("block"):
        if one.place == "start":
            if one.value != len(begun):
                yield Evidence(one.at, f"block {len(begun)} has the index {one.value}")
                return
            begun.append(one.value)
        elif one.value not in begun:
            yield Evidence(one.at, f"a piece of block {one.value}, which has not begun")
            return


def streams(answer: Answer) -> bool:
    """A stream that is no error."""
    return answer.form in ("sse", "ndjson") and bool(answer.frames) and not answer.failed


def frame_with(answer: Answer, data: bytes) -> int | None:
    """The frame that holds the bytes."""
    return next((frame.at for frame in answer.frames if data in frame.raw), None)


FRAMING = (
    Check(
        name="line ends",
        scenario="ST-1",
        says="Lines end in CR LF.",
        expects="The standard of server-sent events allows it; many clients split at \\n\\n and see no event.",
        repair="repaired",
        remedy="every line end is understood",
        find=line_ends,
        note=True,
    ),
    Check(
        name="tight fields",
        scenario="ST-1",
        says="There is no space behind `data:`.",
        expects="The standard allows it; many clients look for `data: ` with its space.",
        repair="repaired",
        remedy="the space is optional",
        find=tight_fields,
        note=True,
    ),
    Check(
        name="byte-order mark",
        scenario="ST-1",
        says="The body begins with a byte-order mark.",
        expects="JSON on the network has none (RFC 8259, 8.1).",
        repair="repaired",
        remedy="the mark is skipped",
        find=byte_order_mark,
    ),
    Check(
        name="broken UTF-8",
        scenario="ST-1",
        says="The body holds bytes that are no UTF-8.",
        expects="JSON is UTF-8 (RFC 8259, 8.1); a character may be cut between packets, not between events.",
        repair="lost",
        remedy="what the bytes meant cannot be known",
        find=no_utf8,
    ),
    Check(
        name="half surrogate pair",
        scenario="ST-1",
        says="A character beyond U+FFFF is escaped by half.",
        expects="A surrogate pair stands whole inside one string (RFC 8259, 7).",
        repair="repaired",
        remedy="halves in neighbouring events are joined, others become U+FFFD",
        find=half_pairs,
    ),
)
ENDS = (
    Check(
        name="no end mark",
        scenario="ST-6",
        says="A stream ends without its end mark.",
        expects="Chat Completions ends in [DONE], Responses in response.completed, JSON lines in done, "
        "Messages in message_stop.",
        repair="repaired",
        remedy="a reason for the end is enough",
        find=no_mark,
    ),
    Check(
        name="no finish reason",
        scenario="ST-6",
        says="An answer ends without a reason.",
        expects="The last chunk says why the model stopped; without it a cut answer looks complete.",
        repair="reported",
        remedy="the end mark is taken as the end of the turn where the wire has one",
        find=no_stop,
    ),
    Check(
        name="cut off",
        scenario="ST-6",
        says="A stream ends in the middle of the answer.",
        expects="An answer ends with its reason, or with an error that says what happened.",
        repair="reported",
        remedy="the client gets an error and may ask again",
        find=cut,
    ),
    Check(
        name="unreadable event",
        scenario="ST-6",
        says="An event inside a stream holds no JSON.",
        expects="Every event holds one JSON object.",
        repair="reported",
        remedy="what was lost cannot be known",
        find=unread_events,
    ),
    Check(
        name="stray bytes",
        scenario="ST-8",
        says="Bytes inside a stream belong to no event.",
        expects="In a stream everything is an event, errors too.",
        repair="reported",
        remedy="they are read as the error that they mostly are",
        find=stray_bytes,
        wires=(CHAT, RESPONSES, GEMINI, MESSAGES),
    ),
    Check(
        name="foreign end mark",
        scenario="ST-11",
        says="The stream holds a [DONE].",
        expects="Only Chat Completions has this mark; clients of other wires fail to parse it.",
        repair="repaired",
        remedy="it stays behind",
        find=behind_the_end,
    ),
)
FORMS = (
    Check(
        name="whole for a stream",
        scenario="ST-10",
        says="A stream was asked for and one document came.",
        expects="`stream: true` is answered by events.",
        repair="repaired",
        remedy="the document is told as events, though late",
        find=whole_for_stream,
    ),
    Check(
        name="stream for a whole",
        scenario="ST-10",
        says="One document was asked for and events came.",
        expects="Without `stream: true` the answer is one JSON document.",
        repair="repaired",
        remedy="the events are put together",
        find=stream_for_whole,
    ),
    Check(
        name="content type",
        scenario="ST-10",
        says="The content type does not say what the body is.",
        expects="Streams are text/event-stream (JSON lines: application/x-ndjson), documents application/json.",
        repair="repaired",
        remedy="the bytes are looked at, not the header",
        find=content_type,
    ),
    Check(
        name="other types",
        scenario="ST-10",
        says="Fields have other types than those of the wire.",
        expects="A list is a list, an object an object; null stands for what is not there.",
        repair="reported",
        remedy="what cannot be read is an error",
        find=misshapen,
    ),
    Check(
        name="event names",
        scenario="ST-5",
        says="Events do not bear the type of their data as their name.",
        expects="Each event has a line `event:` with the type; clients that listen by name hear nothing else.",
        repair="repaired",
        remedy="the type in the data counts",
        find=event_names,
        wires=NAMED_WIRES,
    ),
    Check(
        name="late start",
        scenario="ST-5",
        says="A stream begins with another event than message_start.",
        expects="message_start comes first.",
        repair="repaired",
        remedy="the beginning is made up",
        find=late_start,
        wires=(MESSAGES,),
    ),
    Check(
        name="block indexes",
        scenario="ST-4",
        says="The indexes of blocks have gaps, or a piece comes before its block.",
        expects="Blocks are numbered 0, 1, 2, ... and begin with content_block_start.",
        repair="repaired",
        remedy="blocks are numbered anew",
        find=block_gaps,
        wires=(MESSAGES,),
    ),
)
CHECKS = (*FRAMING, *ENDS, *FORMS)
