"""Each law fails when the code is broken where it looks. The damage's docstring says what goes wrong."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from itertools import islice
from typing import Any
from unittest import mock

import pytest

import app.upstream.framing
from tests.conformance.damage import Damage, counted
from tests.fuzz import test_answers, test_requests, test_streams, test_surface
from tests.fuzz.surface import scripted_vendors
from translators.core import history, writer
from translators.core.deltas import Stop
from translators.core.stream import MessageStream
from translators.protocols.anthropic_messages import passthrough
from translators.protocols.openai_chat import messages


def growing(original: Any) -> Any:
    """A field depends on the length of the conversation."""
    return lambda message, *rest: {**original(message, *rest), "seed": len(message["messages"])}


def resultless(original: Any) -> Any:
    """Calls lose their results."""

    def with_results(*arguments: Any) -> Any:
        made = original(*arguments)
        made.results = []
        return made

    return with_results


def taking(original: Any) -> Any:
    """The builder takes blocks out of the request."""

    def visible(content: Any) -> Any:
        found = original(content)
        if isinstance(content, list):
            content.clear()
        return found

    return visible


def credulous(original: Any) -> Any:
    """The end of the bytes is taken for the end of the answer."""

    def close(stream: MessageStream) -> Any:
        stream.feed(Stop("end_turn"))
        return original(stream)

    return close


def silent(original: Any) -> Any:
    """Text does not reach the client."""
    return lambda stream, text: []


def unclosed(original: Any) -> Any:
    """Blocks are never closed."""
    return lambda made: []


def impatient(original: Any) -> Any:
    """A piece of bytes is taken for whole lines."""

    def lines(pieces: Any) -> Any:
        return ([json.loads(line)] for piece in pieces for line in piece.splitlines() if line.startswith(b"{"))

    return {**original, "ndjson": lines}


def half(original: Any) -> Any:
    """Every second event is lost."""
    return {**original, "sse": lambda pieces: islice(original["sse"](pieces), 0, None, 2)}


def failing(original: Any) -> Any:
    """No event can be read."""
    return lambda event: original([event])


def trusting(original: Any) -> Any:
    """The client's body is not looked at."""
    return lambda data, schema: json.loads(data)


def meddling(original: Any) -> Any:
    """The client's own messages are changed on their way to Anthropic."""
    return lambda *given: [message for message in original(*given) if message["role"] != "system"]


#: By name: the package has a blueprint of the same name.
endpoints = importlib.import_module("app.api.messages")
builder = importlib.import_module("translators.protocols.openai_chat.request")
CHAT, LINES = {"wire": "openai_chat"}, {"wire": "ollama_chat"}
BREAKS: tuple[tuple[Any, dict[str, str], Any, str, Damage], ...] = (
    (test_requests.test_the_vendor_takes_it, CHAT, history, "with_results", resultless),
    (test_requests.test_building_is_pure, CHAT, history, "visible", taking),
    (test_requests.test_building_is_pure, CHAT, messages, "prompts", counted),
    (test_requests.test_the_next_turn_keeps_the_bytes, CHAT, builder, "limits", growing),
    (test_requests.test_anthropic_gets_the_clients_own_words, {}, passthrough, "own_messages", meddling),
    (test_answers.test_all_of_it_arrives_however_it_is_cut, LINES, app.upstream.framing, "FRAMINGS", impatient),
    (test_answers.test_a_whole_answer_says_the_same, CHAT, MessageStream, "_text", silent),
    (test_answers.test_a_truncated_answer_never_looks_complete, CHAT, MessageStream, "close", credulous),
    (test_answers.test_odd_words_and_garbage_break_nothing, CHAT, writer.Writer, "close", unclosed),
    (test_answers.test_wrong_types_break_nothing, CHAT, writer.Writer, "close", unclosed),
    (test_answers.test_anthropics_own_answer_passes, {}, app.upstream.framing, "FRAMINGS", half),
    (test_answers.test_garbage_of_anthropics_own_breaks_nothing, {}, passthrough, "event_type", failing),
    (test_streams.test_bytes_become_the_same_objects, {}, app.upstream.framing, "FRAMINGS", impatient),
    (test_streams.test_deltas_become_well_formed_events, {}, writer.Writer, "close", unclosed),
    (test_surface.test_a_valid_body_is_answered, {}, writer.Writer, "close", unclosed),
    (test_surface.test_wrong_types_are_answered, {}, endpoints, "parse", trusting),
    (test_surface.test_anything_is_answered, {}, endpoints, "parse", trusting),
)


@pytest.mark.parametrize(("law", "arguments", "owner", "name", "damage"), BREAKS)
def test_the_law_notices(
    law: Any, arguments: dict[str, str], owner: Any, name: str, damage: Callable[[Any], Any]
) -> None:
    broken = mock.patch.object(owner, name, damage(getattr(owner, name)))
    with scripted_vendors(), broken, pytest.raises((AssertionError, AttributeError, BaseExceptionGroup)):
        law.unshrunk(**arguments)


def test_every_law_is_broken_once() -> None:
    modules = (test_answers, test_requests, test_streams, test_surface)
    found = {test for module in modules for test in vars(module).values() if hasattr(test, "unshrunk")}
    assert found == {one[0] for one in BREAKS}
