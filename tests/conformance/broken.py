"""Breaks the code on purpose, once for each law and, for requests, on each wire, and shows that the law notices: `make
laws`.

A law that cannot fail proves nothing. Each `Break` names a law, a case, and what is replaced by a damaged one.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import app.api.sse
import app.exchange.call
import app.upstream.framing
from tests.conformance import answer_laws as answers
from tests.conformance import broken_wires, coverage, sdk_oracle, test_vendors
from tests.conformance import request_laws as requests
from tests.conformance.damage import Break, deaf, emptying, is_text, lines_of, nothing, shallow, unanswered
from tests.conformance.kit import Json, route, shapes, upstream_body
from tests.conformance.targets import wires
from translators.core import history, writer
from translators.core.deltas import Stop, Usage
from translators.core.stream import MessageStream
from translators.protocols.openai_chat import decode, messages

#: By name: the package has a function of the same name.
builder = importlib.import_module("translators.protocols.openai_chat.request")
CALLS = "deepseek/thinking_text_calls"


# -- laws that are not about a case


def shapes_are_accepted() -> None:
    """One request shape at one vendor."""
    where = route("deepseek")
    requests.acceptable(upstream_body(shapes()["main_claude_first"], where), where)


def fields_are_covered() -> None:
    """One field at one vendor."""
    one = next(one for one in coverage.FIELDS if one.path == "max_tokens")
    coverage.covered(one, next(wire for wire in wires() if wire.vendor == "deepseek").routes())


def vendors_are_documented() -> None:
    """One vendor."""
    test_vendors.test_vendor_is_documented("deepseek")


# -- damage: the docstring says what goes wrong


def without_arguments(original: Any) -> Any:
    """Calls lose their arguments."""
    return lambda call: replace(original(call), arguments="")


def unclosed(original: Any) -> Any:
    """Blocks are never closed."""
    return lambda events: original([event for event in events if event["type"] != "content_block_stop"])


def silent(original: Any) -> Any:
    """Text does not reach the client of a stream."""
    return lambda events: original([event for event in events if not is_text(event)])


def impatient(original: Any) -> Any:
    """A piece of bytes is taken for whole lines."""

    def framing(pieces: Iterator[bytes]) -> Iterator[Any]:
        return ([json.loads(line[6:])] for line in lines_of(pieces))

    return {**original, "sse": framing}


def forgetful(original: Any) -> Any:
    """The whole message loses its text."""
    return lambda stream, events: original(stream, [event for event in events if not is_text(event)])


def greedy(original: Any) -> Any:
    """Cached tokens are counted twice."""

    def usage(counts: Any) -> Iterator[Usage]:
        return (replace(found, input=found.input + found.cache_read) for found in original(counts))

    return usage


def credulous(original: Any) -> Any:
    """The end of the bytes is taken for the end of the answer."""

    def close(stream: MessageStream) -> Any:
        stream.feed(Stop("end_turn"))
        return original(stream)

    return close


def taking(original: Any) -> Any:
    """The decoder takes the content out of the vendor's object."""

    def spoken(said: Json) -> Iterator[Any]:
        yield from original(dict(said))
        said.pop("content", None)

    return spoken


def unprompted(original: Any) -> Any:
    """The system prompt is lost."""
    return lambda system, profile: []


def foreign(original: Any) -> Any:
    """Tools keep Anthropic's own field."""
    return lambda tool, names, profile: {**original(tool, names, profile), "input_schema": tool["input_schema"]}


def unplaced(original: Any) -> Any:
    """Lost reasoning gets no placeholder."""
    return lambda turn, where, called: original(turn, where, False)


def unnamed(original: Any) -> Any:
    """Details keep the ids that the vendor gave its calls."""
    return lambda detail, ids: detail


def counted(original: Any) -> Any:
    """The system prompt holds something new each time."""
    numbers = itertools.count()
    return lambda system, profile: original(f"{next(numbers)} {system}", profile)


def blaming(original: Any) -> Any:
    """Every refusal is told as a failure of the vendor."""
    return lambda where, status, body, headers: original(where, 500, body, headers)


def renamed(original: Any) -> Any:
    """A vendor has a title that the documentation does not know."""
    return lambda: {"deepseek": replace(original()["deepseek"], title="Nobody")}


BREAKS = (
    Break(answers.expectation, CALLS, decode, "tool_call", without_arguments),
    Break(answers.grammatical, CALLS, app.api.sse, "encode", unclosed),
    Break(answers.chunking, CALLS, app.upstream.framing, "FRAMINGS", impatient),
    Break(answers.folding, CALLS, MessageStream, "whole", forgetful),
    Break(answers.counting, CALLS, decode, "usage", greedy),
    Break(answers.honesty, CALLS, MessageStream, "close", credulous),
    Break(answers.decoding_is_pure, CALLS, decode, "spoken", taking),
    Break(requests.request, CALLS, builder, "system_messages", unprompted),
    Break(requests.accepted, CALLS, builder, "function", foreign),
    Break(requests.purity, CALLS, builder, "limits", emptying),
    Break(requests.round_trip, "fireworks/thinking_text_calls", messages, "reasoning", nothing),
    Break(requests.round_trip, "openrouter/gemini_calls", messages, "renamed", unnamed),
    Break(requests.forgetful_client, "kimi/thinking_text_calls", messages, "reasoning", unplaced),
    Break(requests.hidden_thinking, CALLS, writer, "sign", shallow),
    Break(requests.answers_every_call, CALLS, history, "with_results", unanswered),
    Break(requests.prefix, CALLS, builder, "system_messages", counted),
    Break(sdk_oracle.rebuilds, CALLS, app.api.sse, "encode", silent),
    Break(sdk_oracle.raises, "deepseek/no_balance", app.exchange.call, "refusal", blaming),
    Break(shapes_are_accepted, "", builder, "function", foreign),
    Break(fields_are_covered, "", builder, "limits", deaf),
    Break(vendors_are_documented, "", test_vendors, "vendors", renamed),
    *broken_wires.BREAKS,
)


def main() -> int:
    """Prints what each law says to its damage. 1 when a law notices nothing."""
    said = {one: one.complaint() for one in BREAKS}
    for one, complaint in said.items():
        print(f"{one}: {one.damage.__doc__}\n    {complaint[:160] or 'NOT NOTICED'}")
    noticed = sum(map(bool, said.values()))
    print(f"{noticed} of {len(BREAKS)} breaks are noticed")
    return 0 if noticed == len(BREAKS) else 1


if __name__ == "__main__":
    sys.exit(main())
