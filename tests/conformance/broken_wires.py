"""The laws of requests, broken once on every wire.

A row of `WIRES` names the functions of a wire in which the code goes wrong; each damage is the smallest one that its
law must see.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.conformance import coverage
from tests.conformance import request_laws as requests
from tests.conformance.damage import (
    Break,
    Damage,
    counted,
    deaf,
    deferring,
    doubled,
    emptying,
    nothing,
    shallow,
    unanswered,
    unprompted,
)
from tests.conformance.kit import Json, shapes, upstream_body
from tests.conformance.targets import VendorWire, wires
from tests.conformance.test_histories import HISTORIES, asked
from translators.core import history, writer


def module(name: str) -> Any:
    """A module of the wires by its name: packages have functions of the same names."""
    return importlib.import_module(f"translators.protocols.{name}")


# -- damage of one wire


def made_up(original: Any) -> Any:
    """Parts get signatures that nobody made."""
    return lambda part, signature: original(part, signature or "made up")


def remembering(original: Any) -> Any:
    """Turns get thinking that nobody had."""
    return lambda *arguments: {"thinking": "made up"}


def preceded(original: Any) -> Any:
    """Turns get reasoning that nobody had."""
    item = {"id": "rs_0", "type": "reasoning", "summary": [], "encrypted_content": "made up"}
    return lambda made: original([item, *made])


def inspired(original: Any) -> Any:
    """Answers get thinking that nobody had."""
    thought = {"type": "thinking", "thinking": "made up", "signature": "EqQB"}

    def built(turn: Any, *rest: Any) -> Any:
        said = original(turn, *rest)
        return {**said, "content": [thought, *said["content"]]} if said["role"] == "assistant" else said

    return built


def short(original: Any) -> Any:
    """The last message is lost."""
    return lambda messages, *more: original(messages[:-1], *more)


def blind(original: Any) -> Any:
    """Thinking that Rialto signed passes."""
    return lambda block: False


def strict(original: Any) -> Any:
    """All thinking is taken for another vendor's."""
    return lambda block: block.get("type") == "thinking"


def taking(original: Any) -> Any:
    """A message is taken out of the request."""
    return lambda messages, *more: original([messages.pop()], *more)


def thinking(original: Any) -> Any:
    """Answers get thinking that nobody had, when the client lost its own."""
    thought = {"type": "thinking", "thinking": "made up", "signature": "EqQB"}

    def messages(given: list[Json], *more: Any) -> Iterator[Json]:
        for message in original(given, *more):
            said = isinstance(message["content"], list) and message["role"] == "assistant"
            yield {**message, "content": [thought, *message["content"]]} if said else message

    return messages


def numbered(original: Any) -> Any:
    """Messages hold something new each time."""
    numbers = itertools.count()
    return lambda *given: ({**message, "number": next(numbers)} for message in original(*given))


# -- laws that are not about a case


def shape_is_accepted(wire: VendorWire) -> None:
    """One request shape."""
    where = wire.route()
    requests.acceptable(upstream_body(shapes()["tool_result_thinking"], where), where)


def history_is_accepted(wire: VendorWire) -> None:
    """One odd history."""
    where = wire.route()
    requests.acceptable(upstream_body(asked(HISTORIES["an id in every turn"]), where), where)


def field_is_covered(wire: VendorWire) -> None:
    """One field, for all models."""
    coverage.covered(next(one for one in coverage.FIELDS if one.path == "max_tokens"), wire.routes())


@dataclass(frozen=True)
class Weak:
    """Where a wire can be broken: (owner, function). `case` has a system prompt, `metadata`, thinking and calls.

    `invented` is a function and the damage that makes reasoning up there, `replay` the function that brings it back.
    """

    wire: str
    case: str
    prompts: Any
    tool: tuple[Any, str]
    fields: tuple[Any, str]
    replay: tuple[Any, str]
    invented: tuple[Any, str, Damage]
    hidden: str = ""
    """A case whose thinking holds the vendor's state too, where `case` is none."""

    def breaks(self) -> Iterator[Break]:
        """One for each law."""
        rows: list[tuple[Callable[..., None], Any, str, Damage]] = [
            (requests.request, self.prompts, "prompts", unprompted),
            (requests.accepted, *self.tool, deferring),
            (requests.purity, *self.fields, emptying),
            (requests.round_trip, *self.replay, nothing),
            (requests.forgetful_client, *self.invented),
            (requests.answers_every_call, history, "with_results", unanswered),
            (requests.prefix, self.prompts, "prompts", counted),
        ]
        yield from (Break(law, self.case, owner, name, damage) for law, owner, name, damage in rows)
        yield Break(requests.hidden_thinking, self.hidden or self.case, writer, "sign", shallow)
        yield from self.others()

    def others(self) -> Iterator[Break]:
        """The laws that are not about a case."""
        wire = next(wire for wire in wires() if str(wire) == self.wire)
        yield Break(named(shape_is_accepted, wire), "", *self.tool, deferring)
        yield Break(named(history_is_accepted, wire), "", history, "unique", doubled)
        yield Break(named(field_is_covered, wire), "", *self.fields, deaf)


def named(law: Callable[[VendorWire], None], wire: VendorWire) -> Callable[[], None]:
    """The law of one wire."""
    bound = partial(law, wire)
    bound.__name__ = f"{law.__name__}-{wire}"  # type: ignore[attr-defined]
    return bound


GEMINI, OLLAMA = module("gemini.request"), module("ollama_chat.request")
RESPONSES, FITTED = module("openai_responses.request"), module("anthropic_messages.fitted")
PARTS, WORDS, ITEMS = module("gemini.messages"), module("ollama_chat.messages"), module("openai_responses.items")
UNTOUCHED, PACKAGE = module("anthropic_messages.passthrough"), module("anthropic_messages")

WIRES = (
    Weak(
        "gemini-gemini",
        "gemini/thinking_text_calls",
        GEMINI,
        (module("gemini.declarations"), "declaration"),
        (GEMINI, "generation_config"),
        (PARTS, "own_signatures"),
        (PARTS, "signed", made_up),
        hidden="gemini/thinking_and_calls",
    ),
    Weak(
        "ollama-ollama_chat",
        "ollama/thinking_text_calls",
        WORDS,
        (OLLAMA, "function"),
        (OLLAMA, "options"),
        (WORDS, "reasoning"),
        (WORDS, "reasoning", remembering),
    ),
    Weak(
        "openai-openai_responses",
        "openai/responses_thinking_calls",
        RESPONSES,
        (RESPONSES, "function"),
        (RESPONSES, "limits"),
        (ITEMS, "remembered"),
        (ITEMS, "followed", preceded),
    ),
    Weak(
        "ollama-anthropic_messages",
        "ollama/anthropic_thinking_text_calls",
        FITTED,
        (FITTED, "plain_tool"),
        (FITTED, "limits"),
        (FITTED, "remembered"),
        (FITTED, "fitted_turn", inspired),
    ),
)

#: What Anthropic gets is the client's own: there is little that could break.
HANDED_ON = "anthropic/second_turn"
GENUINE = next(wire for wire in wires() if str(wire) == "anthropic-anthropic_messages")
BREAKS = (
    *(one for weak in WIRES for one in weak.breaks()),
    Break(requests.request, HANDED_ON, UNTOUCHED, "own_messages", short),
    Break(requests.accepted, HANDED_ON, UNTOUCHED, "is_ours", blind),
    Break(requests.purity, HANDED_ON, UNTOUCHED, "own_messages", taking),
    Break(requests.round_trip, "anthropic/thinking_text_calls", UNTOUCHED, "is_ours", strict),
    Break(requests.forgetful_client, "anthropic/thinking_text_calls", UNTOUCHED, "own_messages", thinking),
    Break(requests.prefix, HANDED_ON, UNTOUCHED, "own_messages", numbered),
    Break(named(field_is_covered, GENUINE), "", PACKAGE, "handed_on", deaf),
)
