"""Tools, and answers in which a model writes its calls as text, run through the filters for them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from translators.core.deltas import Delta, Stop, Text, Thinking, ToolCall
from translators.core.filters import Filter
from translators.core.text_calls import Harmony, ReasonedCalls, Repeats, TextCalls, Tools
from translators.core.tool_names import ToolNames

END = Stop("end_turn")
CUT = Stop("max_tokens")

STRING = {"type": "string"}
READ = {
    "name": "Read",
    "input_schema": {
        "type": "object",
        "properties": {"path": STRING, "limit": {"type": "integer"}},
        "required": ["path"],
    },
}
WRITE = {
    "name": "Write",
    "input_schema": {
        "type": "object",
        "properties": {
            "path": STRING,
            "content": STRING,
            "force": {"type": "boolean"},
            "tags": {"type": "array", "items": STRING},
            "more": {"type": "object"},
        },
        "required": ["path", "content"],
    },
}
PING = {"name": "Ping", "input_schema": {"type": "object", "properties": {}}}
OFFERED = (READ, WRITE, PING)


def tools(*offered: dict[str, Any]) -> Tools:
    """The tools of a request, the three above by default."""
    chosen = offered or OFFERED
    return Tools(chosen, ToolNames([tool["name"] for tool in chosen]))


def filters(*offered: dict[str, Any]) -> list[Filter]:
    """All filters in their order."""
    known = tools(*offered)
    return [Harmony(known), TextCalls(known), ReasonedCalls(known), Repeats(known)]


def run(steps: list[Filter], deltas: Iterable[Delta]) -> list[Any]:
    """What comes out, in short: text joined, ("thinking", text), (name, arguments) of a call; stops are left out."""
    found: list[Delta] = []
    for delta in deltas:
        found += fed(steps, [delta])
    for place, step in enumerate(steps):
        found += fed(steps[place + 1 :], list(step.close()))
    return brief(found)


def fed(steps: list[Filter], deltas: list[Delta]) -> list[Delta]:
    """The deltas behind the filters."""
    for step in steps:
        deltas = [made for delta in deltas for made in step.feed(delta)]
    return deltas


def brief(deltas: Iterable[Delta]) -> list[Any]:
    """The deltas in short, texts that follow each other joined, blank ones left out."""
    found: list[Any] = []
    for delta in deltas:
        match delta:
            case Text(text):
                if found and isinstance(found[-1], str):
                    found[-1] += text
                else:
                    found.append(text)
            case Thinking(text):
                if found and found[-1][0] == "thinking":
                    found[-1] = ("thinking", found[-1][1] + text)
                else:
                    found.append(("thinking", text))
            case ToolCall():
                found.append((delta.name, delta.arguments))
    return [item for item in found if not (isinstance(item, str) and not item.strip())]


def written(text: str, stop: Stop | None = END, *offered: dict[str, Any]) -> list[Any]:
    """What becomes of a text in one piece."""
    return run(filters(*offered), [Text(text), *([stop] if stop else [])])


def in_pieces(text: str, cuts: Iterable[int], stop: Stop | None = END) -> list[Any]:
    """What becomes of a text that arrives cut at these places."""
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    pieces = [Text(text[start:end]) for start, end in pairwise(places)]
    return run(filters(), [*pieces, *([stop] if stop else [])])


def at_every_cut(text: str, stop: Stop | None = END) -> Any:
    """What becomes of a text in one piece, and in every two pieces and single characters, which must be the same."""
    whole = written(text, stop)
    for cut in range(len(text)):
        assert in_pieces(text, [cut], stop) == whole, cut
    assert in_pieces(text, range(len(text)), stop) == whole
    return whole
