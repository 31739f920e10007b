"""How each wire says things, read plainly: wire -> (what its frames say, what its contract expects)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.vendor_check.frames import Frame
from app.vendor_check.said import Said
from app.vendor_check.wires import anthropic, chat, gemini, ollama, responses
from app.vendor_check.wires.names import CHAT, GEMINI, MESSAGES, OLLAMA, RESPONSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """`ends` says whether a frame is the last word of a stream; `stops` are the reasons that the contract knows, those
    in `calling` belong to a turn with calls. `marks`: a stream ends with [DONE]. `named`: every event has a name.
    """

    title: str
    form: str
    read: Callable[[Sequence[Frame]], Iterator[Said]]
    ends: Callable[[Frame], bool]
    is_error: Callable[[Any], bool]
    stops: frozenset[str]
    calling: frozenset[str] = frozenset()
    counts: Mapping[str, str]
    marks: bool = False
    named: bool = False
    has_ids: bool = True
    text_arguments: bool = True


WIRES: Mapping[str, Wire] = {
    CHAT: Wire(
        title="Chat Completions",
        form="sse",
        read=chat.read,
        ends=lambda frame: frame.done,
        is_error=chat.is_error,
        stops=frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"}),
        calling=frozenset({"tool_calls", "function_call"}),
        counts=chat.COUNTS,
        marks=True,
    ),
    RESPONSES: Wire(
        title="Responses",
        form="sse",
        read=responses.read,
        ends=lambda frame: frame.object.get("type") in responses.ENDS,
        is_error=chat.is_error,
        stops=frozenset({"completed", "incomplete", "failed"}),
        counts=responses.COUNTS,
        named=True,
    ),
    GEMINI: Wire(
        title="generateContent",
        form="sse",
        read=gemini.read,
        ends=gemini.ends,
        is_error=gemini.is_error,
        stops=gemini.STOPS,
        counts=gemini.COUNTS,
        has_ids=False,
        text_arguments=False,
    ),
    OLLAMA: Wire(
        title="chat in JSON lines",
        form="ndjson",
        read=ollama.read,
        ends=lambda frame: frame.object.get("done") is True,
        is_error=lambda body: isinstance(body, dict) and isinstance(body.get("error"), str),
        stops=frozenset({"stop", "length", "load", "unload"}),
        counts=ollama.COUNTS,
        has_ids=False,
        text_arguments=False,
    ),
    MESSAGES: Wire(
        title="Messages",
        form="sse",
        read=anthropic.read,
        ends=lambda frame: frame.object.get("type") == "message_stop",
        is_error=anthropic.is_error,
        stops=anthropic.STOPS,
        calling=frozenset({"tool_use"}),
        counts=anthropic.COUNTS,
        named=True,
    ),
}
