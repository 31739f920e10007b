"""The rules of every wire: calls and results in pairs, legal names and ids, nothing that is not the vendor's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.conformance.wires.wire import Call, Json, Turn, Wire
from translators.core.thinking import PREFIX
from translators.core.vendor import Route

#: Keys and words that exist at Anthropic only.
ANTHROPIC_KEYS = frozenset(
    {
        *("input_schema", "tool_use_id", "context_management", "output_config", "output_format"),
        *("eager_input_streaming", "defer_loading", "allowed_callers", "input_examples", "budget_tokens"),
        *("stop_sequences", "disable_parallel_tool_use", "mcp_servers", "container", "metadata", "is_error"),
        *("media_type", "citations", "signature", "diagnostics", "inference_geo", "speed", "system"),
        *("anthropic_version", "anthropic_beta", "cache_control", "task_budget", "caller"),
    }
)
ANTHROPIC_TYPES = frozenset({"tool_use", "tool_result", "image", "document", "redacted_thinking", "tool_reference"})
BILLING = "x-anthropic-billing-header"


def check(body: Json, wire: Wire, route: Route) -> None:
    """The body keeps the rules of all wires."""
    written = json.dumps(body, ensure_ascii=False)
    assert PREFIX not in written, "Rialto's own signature"
    turns = wire.turns(body, route)
    paired(turns, ordered=not wire.verbatim(route))
    declared = list(wire.tools(body))
    assert len(set(declared)) == len(declared), f"two tools of one name: {declared}"
    legal(declared, turns, wire, route)
    if wire.verbatim(route):
        return
    assert list(body)[-1] == wire.conversation, "something follows the conversation"
    assert BILLING not in written, "the billing line"
    foreign(body, wire, route)


def paired(turns: list[Turn], ordered: bool) -> None:
    """Each call is answered right behind its turn, in the order of the calls, under its own name; ids are never used
    twice.
    """
    used: set[str] = set()
    waiting: list[Call] = []
    for turn in turns:
        for result in turn.results:
            place = 0 if ordered else next((n for n, call in enumerate(waiting) if call.id == result.id), 0)
            assert waiting, f"a result without a call: {result.id}"
            call = waiting.pop(place)
            assert result.id == call.id, f"result {result.id} in place of {call.id}"
            assert result.name in (None, call.name), f"a result of {result.name!r}, the call was of {call.name!r}"
        if turn.text or not turn.results:
            assert not waiting, f"calls without a result: {[call.id for call in waiting]}"
        ids = {call.id for call in turn.calls}
        assert len(ids) == len(turn.calls) and not ids & used, f"call ids used twice: {ids & used or turn.calls}"
        used |= ids
        waiting += turn.calls
    assert not waiting, f"calls without a result: {[call.id for call in waiting]}"


def legal(declared: list[str], turns: list[Turn], wire: Wire, route: Route) -> None:
    """Names and ids in a form that the vendor takes; arguments are an object."""
    calls = [call for turn in turns for call in turn.calls]
    for name in [*declared, *(call.name for call in calls)]:
        assert re.fullmatch(wire.names(route), name), f"tool name {name!r}"
    for call in calls:
        assert re.fullmatch(wire.ids(route), call.id), f"call id {call.id!r}"
        assert isinstance(call.arguments, dict), f"arguments of {call.name} are no object: {call.arguments!r}"


def foreign(body: Json, wire: Wire, route: Route) -> None:
    """Nothing that only Anthropic knows, unless the vendor documents it. What schemas and arguments hold is free."""
    seen = list(nodes(body, wire.free))
    own = wire.own(route)
    keys = {key for key, _ in seen} & ANTHROPIC_KEYS - own
    assert not keys, f"Anthropic's own fields: {keys}"
    kinds = {kind for _, kind in seen} & ANTHROPIC_TYPES - own
    assert not kinds, f"Anthropic's own types: {kinds}"


def nodes(value: Any, free: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """(key, `type` of the object it is in) of everything in a value, but for what is inside `free` keys."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, str(value.get("type", ""))
            if key not in free:
                yield from nodes(item, free)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item, free)


def paths(value: Any, free: frozenset[str], path: str = "") -> Iterator[str]:
    """The paths of all keys in a value, but for those inside `free` keys. Positions in lists are `[]`."""
    if isinstance(value, dict):
        for key, item in value.items():
            where = f"{path}.{key}".lstrip(".")
            yield where
            if key not in free:
                yield from paths(item, free, where)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, free, f"{path}[]")


def thoughts(answer: Json) -> str:
    """The visible reasoning of a message."""
    return "\n".join(filter(None, (block["thinking"] for block in answer["content"] if block["type"] == "thinking")))
