"""Toolsets: their members as functions, and calls of them there and back."""

from __future__ import annotations

import typing
from typing import Any

import pytest
from anthropic import types

from tests.support.routes import route
from translators.core import client_tools, history
from translators.core.answer import message_stream
from translators.core.deltas import Stop, ToolCall
from translators.core.tokens import estimate_request
from translators.core.tool_search import tool_search
from translators.core.toolsets import TOOLSETS, expanded, origins
from translators.core.vendor import Json
from translators.protocols.openai_chat.request import request

COMPUTER: Json = {"type": "computer_toolset_20260801"}
BROWSER: Json = {"type": "browser_toolset_20260801"}
READ: Json = {"name": "Read", "description": "d", "input_schema": {"type": "object", "properties": {}}}
ASKED = {"javascript_exec", "file_upload", "read_console", "read_network"}
#: Family -> the input types of its members by the member's name.
INPUTS: dict[str, dict[str, Any]] = {
    family: {
        typing.get_args(block.model_fields["name"].annotation)[0]: block.model_fields["input"].annotation
        for block in typing.get_args(typing.get_args(union)[0])
    }
    for family, union in (("computer", types.ComputerToolUseBlock), ("browser", types.BrowserToolUseBlock))
}


def names(*tools: Json) -> list[str]:
    """The functions that a model may call."""
    return [tool["name"] for tool in client_tools.offered({"tools": tools, "messages": []})]


def conversation(**fields: Any) -> Json:
    """A request whose history has a call of a member."""
    call = {"type": "tool_use", "id": "a", "name": "left_click", "toolset_name": "browser", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "a", "toolset_name": "browser", "content": "done"}
    talk = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    return {"model": "m", "max_tokens": 100, "stream": False, "messages": talk, **fields}


@pytest.mark.parametrize("kind", TOOLSETS)
def test_every_member_that_the_api_has_takes_its_fields(kind: str) -> None:
    family, members = TOOLSETS[kind]
    assert set(members) == set(INPUTS[family])
    for name, (description, schema) in members.items():
        fields = INPUTS[family][name].model_fields
        required = {field.alias or key for key, field in fields.items() if field.is_required()}
        assert (name, set(schema["properties"])) == (name, {field.alias or key for key, field in fields.items()})
        assert (name, set(schema["required"])) == (name, required)
        assert description.endswith(".")


def test_members_stand_where_the_toolset_was() -> None:
    found = names(READ, COMPUTER, {**READ, "name": "Write"})
    assert (found[0], found[-1], len(found)) == ("Read", "Write", 19)
    assert {"computer__screenshot", "computer__zoom", "computer__type"} <= set(found)


def test_what_a_page_could_misuse_has_to_be_asked_for() -> None:
    assert len(names(BROWSER)) == 27
    assert not {f"browser__{name}" for name in ASKED} & set(names(BROWSER))
    asked = {**BROWSER, "configs": {name: {"enabled": True} for name in ASKED}}
    assert {f"browser__{name}" for name in ASKED} <= set(names(asked))


CONFIGS = {
    "off": ({"zoom": {"enabled": False}}, False),
    "on": ({"zoom": {"enabled": True}}, True),
    "by default": ({"zoom": {}}, True),
    "null": ({"zoom": None}, True),
    "deferred, which nobody could load": ({"zoom": {"defer_loading": True}}, True),
    "no configs": (None, True),
    "damaged": ("x", True),
}


@pytest.mark.parametrize(("configs", "there"), CONFIGS.values(), ids=CONFIGS.keys())
def test_members_are_switched(configs: Any, there: bool) -> None:
    assert ("computer__zoom" in names({**COMPUTER, "configs": configs})) is there


def test_both_families_share_members() -> None:
    found = names(COMPUTER, BROWSER)
    assert len(set(found)) == len(found) == 44


def test_the_cache_mark_moves_to_the_last_member() -> None:
    made = list(expanded([{**COMPUTER, "cache_control": {"type": "ephemeral"}}]))
    assert [tool["name"] for tool in made if "cache_control" in tool] == [made[-1]["name"]]


def test_a_toolset_weighs_what_its_members_do() -> None:
    bare = {"messages": [{"role": "user", "content": "q"}]}
    assert estimate_request({**bare, "tools": [BROWSER]}) > estimate_request({**bare, "tools": [COMPUTER]}) > 500


def test_a_call_in_the_history_has_the_functions_name() -> None:
    message = conversation(tools=[BROWSER])
    [turn] = [turn for turn in history.turns(message["messages"], inline_system=True) if turn.calls]
    assert turn.calls[0]["name"] == "browser__left_click"
    made = request(message, route())
    assert made["messages"][1]["tool_calls"][0]["function"]["name"] == "browser__left_click"
    assert "toolset_name" not in repr(made)


def block(tools: list[Json], name: str) -> Json:
    """The block that a call opens."""
    stream = message_stream(conversation(tools=tools), route(), lambda prefix: f"{prefix}1")
    stream.start()
    events = [*stream.feed(ToolCall(0, "c", name, "{}")), *stream.feed(Stop("tool_use")), *stream.close()]
    return next(event["content_block"] for event in events if event["type"] == "content_block_start")


def test_a_call_comes_back_as_the_members() -> None:
    found = block([COMPUTER, BROWSER], "browser__left_click")
    assert (found["name"], found["toolset_name"]) == ("left_click", "browser")
    assert block([COMPUTER, BROWSER], "computer__left_click")["toolset_name"] == "computer"


@pytest.mark.parametrize(("tools", "name"), [([COMPUTER, READ], "Read"), ([READ], "browser__left_click")])
def test_other_calls_belong_to_no_toolset(tools: list[Json], name: str) -> None:
    found = block(tools, name)
    assert found["name"] == name and "toolset_name" not in found


def test_a_tool_of_the_clients_own_is_no_member() -> None:
    assert origins([{"name": "x", "toolset_name": 1}, {"name": "y"}]) == {}


@pytest.mark.parametrize("wished", ["browser__navigate", "navigate"])
def test_a_member_can_be_demanded(wished: str) -> None:
    made = request(conversation(tools=[READ, BROWSER], tool_choice={"type": "tool", "name": wished}), route())
    assert made["tool_choice"]["function"]["name"] == "browser__navigate"


def test_a_search_can_hide_members() -> None:
    message = conversation(tools=[READ, BROWSER])
    finder = tool_search(message, most=5)
    assert finder is not None
    arranged = finder.arranged(message)
    offered = [tool["name"] for tool in client_tools.offered(arranged)]
    assert offered[0] == "Read" and len(offered) == 7, "five, the search, and the member that was called"
    assert "browser__left_click" in offered
