"""Breaks the code on purpose, once for each law, and shows that the law notices: `make laws`.

A law that cannot fail proves nothing. Each `Break` names a law, a case, and what is replaced by a damaged one.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import app.exchange
import app.framing
import app.sse
from tests.conformance import answer_laws as answers
from tests.conformance import coverage, sdk_oracle, test_vendors
from tests.conformance import request_laws as requests
from tests.conformance.kit import FIXTURES, Case, Json, route, routes, shapes, upstream_body
from translators.core import history, writer
from translators.core.deltas import Stop, Usage
from translators.core.stream import MessageStream
from translators.core.thinking import Signature
from translators.protocols.openai_chat import decode, messages

Damage = Callable[[Any], Any]
#: By name: the package has a function of the same name.
builder = importlib.import_module("translators.protocols.openai_chat.request")
CALLS = "deepseek/thinking_text_calls"


@dataclass(frozen=True)
class Break:
    """`law(case)` passes as the code is; with `owner.name` replaced by `damage(original)` it raises AssertionError."""

    law: Callable[..., None]
    case: str
    owner: Any
    name: str
    damage: Damage

    def check(self) -> None:
        """The law on its case."""
        vendor, _, folder = self.case.partition("/")
        self.law(*([Case(vendor, FIXTURES / vendor / folder)] if self.case else []))

    def complaint(self) -> str:
        """What the law says to the damaged code; "" when it notices nothing."""
        with mock.patch.object(self.owner, self.name, self.damage(getattr(self.owner, self.name))):
            try:
                self.check()
            except AssertionError as error:
                return str(error).splitlines()[0] if str(error) else "it fails"
        return ""


# -- laws that are not about a case


def shapes_are_accepted() -> None:
    """One request shape at one vendor."""
    where = route("deepseek")
    requests.acceptable(upstream_body(shapes()["main_claude_first"], where), where)


def fields_are_covered() -> None:
    """One field at one vendor."""
    one = next(one for one in coverage.FIELDS if one.path == "temperature")
    coverage.covered(one, routes("deepseek"))


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


def is_text(event: Json) -> bool:
    """The event is a piece of text."""
    return bool(event.get("delta", {}).get("type") == "text_delta")


def impatient(original: Any) -> Any:
    """A piece of bytes is taken for whole lines."""

    def framing(pieces: Iterator[bytes]) -> Iterator[Any]:
        lines = (line for piece in pieces for line in piece.splitlines() if line.startswith(b"data: {"))
        return (json.loads(line[6:]) for line in lines)

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


def popping(original: Any) -> Any:
    """The builder takes a field out of the request."""

    def limits(message: Json, where: Any) -> Any:
        message.pop("metadata", None)
        return original(message, where)

    return limits


def thoughtless(original: Any) -> Any:
    """Reasoning does not come back."""
    return lambda *arguments: {}


def unplaced(original: Any) -> Any:
    """Lost reasoning gets no placeholder."""
    return lambda turn, where, called: original(turn, where, False)


def shallow(original: Any) -> Any:
    """Signatures forget the hidden text."""

    def sign(signature: Signature) -> Any:
        return original(replace(signature, text=""))

    return sign


def unanswered(original: Any) -> Any:
    """Calls without a result stay without one."""

    def with_results(turn: Any, open_calls: Any) -> Any:
        made = original(turn, open_calls)
        made.results = [result for result in made.results if result["content"] != history.NO_RESULT]
        return made

    return with_results


def counted(original: Any) -> Any:
    """The system prompt holds something new each time."""
    numbers = itertools.count()
    return lambda system, profile: original(f"{next(numbers)} {system}", profile)


def cold(original: Any) -> Any:
    """The temperature is lost."""
    return lambda message, where: original({**message, "temperature": None}, where)


def blaming(original: Any) -> Any:
    """Every refusal is told as a failure of the vendor."""
    return lambda where, status, body, headers: original(where, 500, body, headers)


def renamed(original: Any) -> Any:
    """A vendor has a title that the documentation does not know."""
    return lambda: {"deepseek": replace(original()["deepseek"], title="Nobody")}


BREAKS = (
    Break(answers.expectation, CALLS, decode, "tool_call", without_arguments),
    Break(answers.grammatical, CALLS, app.sse, "encode", unclosed),
    Break(answers.chunking, CALLS, app.framing, "FRAMINGS", impatient),
    Break(answers.folding, CALLS, MessageStream, "whole", forgetful),
    Break(answers.counting, CALLS, decode, "usage", greedy),
    Break(answers.honesty, CALLS, MessageStream, "close", credulous),
    Break(answers.decoding_is_pure, CALLS, decode, "spoken", taking),
    Break(requests.request, CALLS, builder, "system_messages", unprompted),
    Break(requests.accepted, CALLS, builder, "function", foreign),
    Break(requests.purity, CALLS, builder, "limits", popping),
    Break(requests.round_trip, "fireworks/thinking_text_calls", messages, "reasoning", thoughtless),
    Break(requests.forgetful_client, "kimi/thinking_text_calls", messages, "reasoning", unplaced),
    Break(requests.hidden_thinking, CALLS, writer, "sign", shallow),
    Break(requests.answers_every_call, CALLS, history, "with_results", unanswered),
    Break(requests.prefix, CALLS, builder, "system_messages", counted),
    Break(sdk_oracle.rebuilds, CALLS, app.sse, "encode", silent),
    Break(sdk_oracle.raises, "deepseek/no_balance", app.exchange, "refusal", blaming),
    Break(shapes_are_accepted, "", builder, "function", foreign),
    Break(fields_are_covered, "", builder, "limits", cold),
    Break(vendors_are_documented, "", test_vendors, "vendors", renamed),
)


def main() -> int:
    """Prints what each law says to its damage. 1 when a law notices nothing."""
    said = {one: one.complaint() for one in BREAKS}
    for one, complaint in said.items():
        print(f"{one.law.__name__}: {one.damage.__doc__}\n    {complaint[:160] or 'NOT NOTICED'}")
    noticed = sum(map(bool, said.values()))
    print(f"{noticed} of {len(BREAKS)} laws notice the damage")
    return 0 if noticed == len(BREAKS) else 1


if __name__ == "__main__":
    sys.exit(main())
