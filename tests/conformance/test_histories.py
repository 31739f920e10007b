"""Histories that clients, or bridges before Rialto, have left in disorder: on every wire the vendor gets a body that it
takes, and the bytes of one turn still lead those of the next.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.kit import Json, upstream_body
from tests.conformance.request_laws import acceptable, shared_prefix
from tests.conformance.targets import VendorWire, wires
from tests.conformance.wires import wire_of
from translators.core.thinking import Signature, sign

#: What Anthropic gets is the client's own body, in whatever order.
TRANSLATED = [wire for wire in wires() if not wire_of(wire.route()).verbatim(wire.route())]
TOOLS = [
    {"name": name, "description": "Sample.", "input_schema": {"type": "object", "properties": {}}}
    for name in ("Read", "mcp__a_very_long_name_of_a_server__" + "and_a_very_long_name_of_a_tool" * 2, "1st.tool")
]


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def call(id: str, name: str = "Read", given: Any = None) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": {"path": "a"} if given is None else given}


def result(id: str, content: Any = "r", **fields: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **fields}


def user(*content: Json | str) -> Json:
    return {"role": "user", "content": list(content)}


def assistant(*content: Json) -> Json:
    return {"role": "assistant", "content": list(content)}


ASKED = user(text("Go."))
FOREIGN = {"type": "thinking", "thinking": "t", "signature": sign(Signature("elsewhere", "m", "", (("reasoning", 1),)))}
HISTORIES: dict[str, list[Json]] = {
    "an id twice in a turn": [ASKED, assistant(call("a"), call("a")), user(result("a", "1"), result("a", "2"))],
    "an id in every turn": [ASKED, assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))],
    "an id that looks like a repaired one": [
        ASKED,
        assistant(call("a"), call("a_2"), call("a")),
        user(result("a"), result("a_2"), result("a")),
    ],
    "ids of other bridges": [
        ASKED,
        assistant(call("functions.Read:0"), call("x" * 90), call("é 1")),
        user(result("é 1"), result("x" * 90), result("functions.Read:0")),
    ],
    "results in another order": [ASKED, assistant(call("a"), call("b")), user(result("b"), result("a"))],
    "text before the results": [ASKED, assistant(call("a")), user(text("Look:"), result("a"))],
    "results in two messages": [ASKED, assistant(call("a"), call("b")), user(result("a")), user(result("b"))],
    "a result is missing": [ASKED, assistant(call("a"), call("b")), user(result("b"), text("Go on."))],
    "no result at all": [ASKED, assistant(call("a")), user(text("Never mind."))],
    "a call at the end": [ASKED, assistant(text("I look."), call("a"))],
    "a result without a call": [ASKED, assistant(text("Done.")), user(result("a"), text("Well?"))],
    "a result first": [user(result("a"), text("Well?"))],
    "a result twice": [ASKED, assistant(call("a")), user(result("a", "1"), result("a", "2"))],
    "empty results": [
        ASKED,
        assistant(call("a"), call("b"), call("c")),
        user(result("a", ""), result("b", []), {"type": "tool_result", "tool_use_id": "c", "is_error": True}),
    ],
    "a system message between a call and its result": [
        ASKED,
        assistant(call("a")),
        {"role": "system", "content": "Note."},
        user(result("a")),
    ],
    "a system message at the end": [ASKED, assistant(text("Done.")), {"role": "system", "content": "Note."}],
    "blank texts": [user(text(" "), text("Go.")), assistant(text(""), call("a"), text("\n")), user(result("a"))],
    "a turn of blanks": [ASKED, assistant(text("\n")), user(text("Still there?"))],
    "a turn of thinking alone": [ASKED, assistant(FOREIGN), user(text("Still there?"))],
    "reasoning from elsewhere": [ASKED, assistant(FOREIGN, text("Look."), call("a")), user(result("a"))],
    "reasoning that nobody signed": [
        ASKED,
        assistant({"type": "thinking", "thinking": "t", "signature": ""}, text("Look.")),
        ASKED,
    ],
    "redacted thinking": [ASKED, assistant({"type": "redacted_thinking", "data": "AAAA"}, text("Look.")), ASKED],
    "two of a role": [ASKED, ASKED, assistant(text("One.")), assistant(text("Two.")), ASKED],
    "the model first": [assistant(text("Hello.")), ASKED],
    "a word of the model at the end": [ASKED, assistant(text("It is"))],
    "names that are long or odd": [
        ASKED,
        assistant(*(call(f"c{place}", tool["name"]) for place, tool in enumerate(TOOLS))),
        user(*(result(f"c{place}") for place in range(len(TOOLS)))),
    ],
    "arguments that are no object": [
        ASKED,
        assistant(call("a", given=["x"]), call("b", given=[]), call("c", given={})),
        user(result("a"), result("b"), result("c")),
    ],
    "a tool that is gone": [ASKED, assistant(call("a", "Gone away!")), user(result("a"))],
    "a tool of the server": [
        ASKED,
        assistant(
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            text("Found."),
        ),
        ASKED,
    ],
    "strings in place of blocks": [
        {"role": "user", "content": "Go."},
        {"role": "assistant", "content": "Gone."},
        {"role": "user", "content": "Go."},
    ],
}


def asked(messages: list[Json]) -> Json:
    """A request with a history."""
    return {"model": "m", "max_tokens": 2000, "stream": True, "tools": TOOLS, "messages": messages}


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("wire", TRANSLATED, ids=str)
def test_the_vendor_takes_it(wire: VendorWire, history: str) -> None:
    for where in wire.routes():
        acceptable(upstream_body(asked(HISTORIES[history]), where), where)


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("wire", TRANSLATED, ids=str)
def test_turns_share_their_bytes(wire: VendorWire, history: str) -> None:
    """The whole history leads the history with one more exchange behind it."""
    where, found = wire.route(), HISTORIES[history]
    closed = found if found[-1]["role"] == "user" else [*found, ASKED]
    longer = [*closed, assistant(text("I look."), call("z")), user(result("z"), text("Next."))]
    shared_prefix([upstream_body(asked(messages), where) for messages in (closed, longer)], where)
