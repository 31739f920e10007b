"""TS: tools that are loaded when they are needed."""

from __future__ import annotations

from tests.scenarios.answers import Json
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, assistant, result, tool, use, user
from tests.scenarios.wires import TRANSLATED, text_of

SEARCH = {**tool("ToolSearch", query={"type": "string"}), "description": "Finds tools. Deferred: mcp__d__tool_7."}
DEFERRED = [{**tool(f"mcp__d__tool_{number}"), "defer_loading": True} for number in range(100)]
LOADED = [
    user("go"),
    assistant(use("a", "ToolSearch", query="seven")),
    user(result("a", [{"type": "tool_reference", "tool_name": "mcp__d__tool_7"}])),
]


@over(*TRANSLATED)
def test_ts_1_deferred_tools_stay_behind(rig: Rig) -> None:
    body = rig.body(tools=[SEARCH, *DEFERRED])
    assert list(rig.wire.tools(body)) == ["ToolSearch"]
    assert "defer_loading" not in text_of(body)


@over(*TRANSLATED)
def test_ts_1_a_reference_loads_its_tool(rig: Rig) -> None:
    body = rig.body(messages=LOADED, tools=[SEARCH, *DEFERRED])
    assert list(rig.wire.tools(body)) == ["ToolSearch", "mcp__d__tool_7"]
    assert "path" in rig.wire.tools(body)["mcp__d__tool_7"]["properties"]
    sent = text_of(body)
    assert "defer_loading" not in sent and "tool_reference" not in sent
    (told,) = [words for role, words in rig.wire.said(body) if role == "tool"]
    assert "mcp__d__tool_7" in told


@over(*TRANSLATED)
def test_ts_1_loaded_tools_stay_loaded(rig: Rig) -> None:
    """Also when the client sends the loaded tool alone, and many turns later."""
    later: list[Json] = [*LOADED, assistant("fine"), user("on"), assistant("yes"), user("and on")]
    body = rig.body(messages=later, tools=[SEARCH, DEFERRED[7]])
    assert list(rig.wire.tools(body)) == ["ToolSearch", "mcp__d__tool_7"]


@over(*TRANSLATED)
def test_ts_1_the_stand_in_is_no_tool(rig: Rig) -> None:
    """The client's placeholder for deferred tools must not reach the model."""
    stand_in = {**tool("DeferredToolPlaceholder"), "defer_loading": True}
    assert list(rig.wire.tools(rig.body(tools=[SEARCH, stand_in]))) == ["ToolSearch"]


@over("passthrough")
def test_ts_1_anthropic_searches_itself(rig: Rig) -> None:
    body = rig.body(messages=LOADED, tools=[SEARCH, *DEFERRED])
    assert body["tools"] == [SEARCH, *DEFERRED]
    assert body["messages"] == LOADED
