"""A tool choice that the vendor does not take, on every wire: only the named tool is offered, and words demand it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.targets import VendorWire, wires
from tests.conformance.wires import wire_of
from translators.core.vendor import Json, Route, refine

SCHEMA: Json = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOLS: list[Json] = [{"name": name, "description": "Sample.", "input_schema": SCHEMA} for name in ("Read", "Glob")]
ANY, NAMED = {"type": "any"}, {"type": "tool", "name": "Glob"}
ANY_WORDS, NAMED_WORDS = "Answer with a call of one of the tools.", "Answer with a call of the tool."
ONE_WORDS = "Call no more than one tool in this answer."
#: Where a wire says what may be called.
FIELDS = ("tool_choice", "toolConfig")


def translated() -> list[VendorWire]:
    """The wires that have a body of their own, one vendor for each."""
    found = {wire.route().vendor.protocol.name: wire for wire in wires() if not wire.route().profile.genuine}
    return list(found.values())


def body(wire: VendorWire, choice: Json, taken: frozenset[str]) -> tuple[Json, Route]:
    """The body of a request with a system prompt and two tools, and its route."""
    where = wire.route()
    where = replace(where, profile=refine(where.profile, tool_choices=taken, tool_choices_thinking=taken))
    talk = [{"role": "user", "content": "Hello."}]
    message: Json = {"model": "m", "max_tokens": 4096, "system": "Be brief.", "messages": talk, "stream": False}
    return where.vendor.protocol.request({**message, "tools": TOOLS, "tool_choice": choice}, where), where


@pytest.mark.parametrize("taken", [frozenset(), frozenset({"auto"})], ids=["nothing", "auto"])
@pytest.mark.parametrize(
    ("choice", "offered", "words"),
    [(ANY, ["Read", "Glob"], ANY_WORDS), (NAMED, ["Glob"], NAMED_WORDS)],
    ids=["any", "named"],
)
@pytest.mark.parametrize("wire", translated(), ids=str)
def test_words_stand_for_what_no_field_says(
    wire: VendorWire, choice: Json, offered: list[str], words: str, taken: frozenset[str]
) -> None:
    made, where = body(wire, choice, taken)
    assert list(wire_of(where).tools(made)) == offered
    assert json.dumps(made).count(words) == 1
    said: Any = [made[name] for name in FIELDS if name in made]
    assert "required" not in said and "ANY" not in json.dumps(said) and "Glob" not in json.dumps(said)
    assert taken or not said


@pytest.mark.parametrize("wire", [wire for wire in translated() if "ollama" not in str(wire)], ids=str)
def test_a_named_tool_is_the_only_one_where_any_can_be_demanded(wire: VendorWire) -> None:
    made, where = body(wire, NAMED, frozenset({"auto", "required"}))
    assert list(wire_of(where).tools(made)) == ["Glob"]
    assert NAMED_WORDS not in json.dumps(made)
    assert any(made.get(name) for name in FIELDS)


def single(wire: VendorWire, choice: Json, known: bool) -> tuple[Json, Route]:
    """The body of a request for one call at a time, and its route."""
    where = wire.route()
    where = replace(where, profile=refine(where.profile, parallel_tool_calls=known))
    talk = [{"role": "user", "content": "Hello."}]
    message: Json = {"model": "m", "max_tokens": 4096, "system": "Be brief.", "messages": talk, "stream": False}
    wished = {**choice, "disable_parallel_tool_use": True}
    return where.vendor.protocol.request({**message, "tools": TOOLS, "tool_choice": wished}, where), where


@pytest.mark.parametrize(("choice", "words"), [({"type": "auto"}, 1), (ANY, 1), ({"type": "none"}, 0)], ids=str)
@pytest.mark.parametrize("wire", translated(), ids=str)
def test_one_call_at_a_time_is_asked_for_in_words(wire: VendorWire, choice: Json, words: int) -> None:
    assert json.dumps(single(wire, choice, known=False)[0]).count(ONE_WORDS) == words


@pytest.mark.parametrize("wire", translated(), ids=str)
def test_where_a_field_says_it_words_do_not(wire: VendorWire) -> None:
    made, where = single(wire, {"type": "auto"}, known=True)
    has_field = where.vendor.protocol.name not in ("gemini", "ollama_chat")
    said = json.dumps(made)
    assert (ONE_WORDS in said) is not has_field
    assert ("parallel_tool" in said) is has_field
