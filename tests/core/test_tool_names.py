"""Tool names there and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.tool_names import ToolNames

LONG = "mcp__a_rather_long_server_name__and_an_even_longer_tool_name_that_ends_in_x"
LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
KIMI = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{2,63}")


@given(st.lists(st.text(max_size=90), max_size=8))
def test_every_name_has_a_legal_alias_and_comes_back(names: list[str]) -> None:
    tools = ToolNames(names)
    aliases = {tools.short(name) for name in names}
    assert len(aliases) == len(set(names))
    assert all(LEGAL.fullmatch(alias) for alias in aliases)
    assert [tools.long(tools.short(name)) for name in names] == names


@given(st.lists(st.text(alphabet="aB1_-.", max_size=70), max_size=8))
def test_strict_rules_hold(names: list[str]) -> None:
    tools = ToolNames(names, 64, 3, True)
    assert all(KIMI.fullmatch(tools.short(name)) for name in names)
    assert [tools.long(tools.short(name)) for name in names] == names


@given(st.text(max_size=90), st.lists(st.text(max_size=90), max_size=5))
def test_an_alias_does_not_depend_on_the_other_tools(name: str, others: list[str]) -> None:
    assert ToolNames([*others, name]).short(name) == ToolNames([name]).short(name) == ToolNames().short(name)


@pytest.mark.parametrize("name", ["Read", "mcp__server__tool", "a-b_c", "x", "1st", "_" * 64])
def test_legal_names_stay(name: str) -> None:
    assert ToolNames([name]).short(name) == name


def test_long_names_keep_a_readable_beginning() -> None:
    tools = ToolNames([LONG, LONG + "y"])
    assert tools.short(LONG).startswith(LONG[:50])
    assert tools.short(LONG) != tools.short(LONG + "y")


def test_vendor_rules_make_aliases() -> None:
    tools = ToolNames(["21st_magic", "ab"], min=3, letter_first=True)
    assert re.fullmatch(r"t21st_magic_[0-9a-f]{8}", tools.short("21st_magic"))
    assert re.fullmatch(r"ab_[0-9a-f]{8}", tools.short("ab"))
    assert ToolNames(["a"], 64, 20).short("a") and len(ToolNames(["a"], 64, 20).short("a")) >= 20


def test_a_name_of_the_history_gets_the_same_alias_and_comes_back() -> None:
    tools = ToolNames(["Read"])
    alias = tools.short(LONG)
    assert alias == ToolNames([LONG]).short(LONG)
    assert tools.long(alias) == LONG


@pytest.mark.parametrize("order", [1, -1])
def test_a_tool_that_is_named_like_an_alias_keeps_its_name(order: int) -> None:
    alias = ToolNames([LONG]).short(LONG)
    tools = ToolNames([LONG, alias][::order])
    assert tools.short(alias) == alias
    assert tools.short(LONG) != alias
    assert tools.long(tools.short(LONG)) == LONG
    assert tools.long(alias) == alias


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Read", "Read"),
        ("read", "Read"),
        ("READ", "Read"),
        ("glob", "glob"),
        ("GLOB", "GLOB"),
        ("Read<|channel|>commentary", "Read"),
        ("read<|constrain|>json", "Read"),
        ("functions.Read", "Read"),
        ("assistant to=functions.Read<|channel|>commentary", "Read"),
        ("functions.Read:0", "Read"),
        (" Read ", "Read"),
        ("gLoB", "gLoB"),
        ("Unknown", "Unknown"),
        ("functions.Unknown", "functions.Unknown"),
        ("assistant<|channel|>analysis", "assistant"),
        ("", ""),
        ("<|channel|>", "<|channel|>"),
    ],
)
def test_what_a_model_makes_of_a_name(said: str, meant: str) -> None:
    assert ToolNames(["Read", "glob", "GLOB"]).long(said) == meant


def test_the_case_of_an_alias_may_be_lost() -> None:
    tools = ToolNames([LONG])
    assert tools.long(tools.short(LONG).upper()) == LONG


def test_limits_must_leave_room() -> None:
    with pytest.raises(ValueError, match="room"):
        ToolNames([], 8)
