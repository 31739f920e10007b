"""Tools that a model may call: which are offered, and with what schema."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.client_tools import TOOLS, functions, known, offered, references

READ = {"name": "Read", "input_schema": {"type": "object"}, "description": "d"}
#: Types as clients send them -> properties that the schema must have.
KNOWN = {
    "bash_20241022": {"command", "restart"},
    "bash_20250124": {"command", "restart"},
    "text_editor_20241022": {"command", "path", "view_range", "old_str", "new_str", "insert_line", "file_text"},
    "text_editor_20250124": {"command", "path", "view_range", "old_str", "new_str", "insert_line", "file_text"},
    "text_editor_20250429": {"command", "path"},
    "text_editor_20250728": {"command", "path", "insert_text"},
    "memory_20250818": {"command", "path", "old_path", "new_path", "file_text"},
    "computer_20250124": {"action", "coordinate", "text"},
    "computer_20251124": {"action", "coordinate", "scroll_amount"},
}
SERVER_TOOLS = [
    *("web_search_20250305", "web_search_20260209", "web_fetch_20250910", "code_execution_20250825"),
    *("tool_search_tool_regex_20251119", "tool_search_tool_bm25_20251119", "mcp_toolset", "something_20990101"),
]


@pytest.mark.parametrize(("kind", "properties"), KNOWN.items())
def test_a_tool_of_anthropic_gets_a_schema(kind: str, properties: set[str]) -> None:
    [tool] = functions([{"type": kind, "name": "n", "max_characters": 9}], frozenset())
    schema = tool["input_schema"]
    assert tool["name"] == "n"
    assert tool["description"]
    assert properties <= schema["properties"].keys()
    assert set(schema["required"]) <= schema["properties"].keys()


COMMANDS = {
    "text_editor_20250728": {"view", "create", "str_replace", "insert"},
    "memory_20250818": {"view", "create", "str_replace", "insert", "delete", "rename"},
    "computer_20251124": {
        *("screenshot", "zoom", "cursor_position", "mouse_move", "scroll", "type", "key", "hold_key", "wait"),
        *("left_click", "right_click", "middle_click", "double_click", "triple_click"),
        *("left_click_drag", "left_mouse_down", "left_mouse_up"),
    },
}


@pytest.mark.parametrize(("kind", "commands"), COMMANDS.items())
def test_the_commands_of_a_tool(kind: str, commands: set[str]) -> None:
    [tool] = functions([{"type": kind, "name": "n", "enable_zoom": True}], frozenset())
    properties = tool["input_schema"]["properties"]
    assert set((properties.get("command") or properties["action"])["enum"]) == commands


def described(**tool: Any) -> str:
    """The description of a tool."""
    [made] = functions([{"name": "n", **tool}], frozenset())
    return str(made["description"])


@pytest.mark.parametrize("zoom", [None, False, True])
def test_zoom_is_offered_where_it_is_enabled(zoom: bool | None) -> None:
    [tool] = functions([{"type": "computer_20251124", "name": "computer", "enable_zoom": zoom}], frozenset())
    properties = tool["input_schema"]["properties"]
    assert ("zoom" in properties["action"]["enum"], "region" in properties) == (bool(zoom), bool(zoom))


def test_the_screen_is_described() -> None:
    size = {"display_width_px": 1024, "display_height_px": 768}
    assert described(type="computer_20250124", **size).endswith("The screen is 1024 by 768 pixels.")
    words = described(type="computer_20250124", **size, display_number=1)
    assert words.endswith("The screen is 1024 by 768 pixels. Its X11 display number is 1.")
    assert "pixels" not in described(type="computer_20250124", display_width_px=1024)


def test_the_limit_of_a_view_is_described() -> None:
    assert described(type="text_editor_20250728", max_characters=9000).endswith("A view shows 9000 characters at most.")
    assert "9000" not in described(type="bash_20250124", max_characters=9000)


@pytest.mark.parametrize("kind", ["custom", "bash_20250124", "computer_20251124"])
def test_examples_stand_in_the_description(kind: str) -> None:
    examples = [{"path": "/ü", "deep": {"a": [1]}}, {}]
    tool = {
        "type": kind,
        "name": "n",
        "description": "d",
        "input_schema": {"type": "object"},
        "input_examples": examples,
    }
    [made] = functions([tool], frozenset())
    assert made["description"].endswith('\nExamples of its input:\n{"path":"/ü","deep":{"a":[1]}}\n{}')
    assert functions([made], frozenset()) == [made], "they would be told twice"
    assert tool["description"] == "d"


@pytest.mark.parametrize("examples", [None, [], "x", 1, {}])
def test_no_examples(examples: Any) -> None:
    assert described(type="custom", description="d", input_examples=examples) == "d"


def test_examples_of_a_tool_without_a_description() -> None:
    assert described(type="custom", input_examples=[{"a": 1}]) == 'Examples of its input:\n{"a":1}'


@pytest.mark.parametrize("kind", KNOWN)
def test_every_property_has_a_known_type(kind: str) -> None:
    [tool] = functions([{"type": kind, "name": "n"}], frozenset())
    for rule in tool["input_schema"]["properties"].values():
        assert rule["type"] in ("string", "integer", "number", "boolean", "array")
        assert rule["type"] != "array" or rule["items"] == {"type": "integer"}


@pytest.mark.parametrize(
    ("kind", "undo"),
    [("text_editor_20241022", True), ("text_editor_20250124", True), ("text_editor_20250429", False)],
)
def test_only_old_editors_undo(kind: str, undo: bool) -> None:
    [tool] = functions([{"type": kind, "name": "n"}], frozenset())
    assert ("undo_edit" in tool["input_schema"]["properties"]["command"]["enum"]) is undo


@pytest.mark.parametrize("kind", SERVER_TOOLS)
def test_server_tools_have_no_client(kind: str) -> None:
    assert functions([{"type": kind, "name": "web_search"}], frozenset()) == []


OFFERED = {
    "custom": ([READ], [], ["Read"]),
    "custom by type": ([{**READ, "type": "custom"}], [], ["Read"]),
    "custom by null type": ([{**READ, "type": None}], [], ["Read"]),
    "no name": ([{"input_schema": {}}, {"name": ""}], [], []),
    "deferred": ([{**READ, "defer_loading": True}], [], []),
    "deferred and loaded": ([{**READ, "defer_loading": True}], ["Read"], ["Read"]),
    "another one loaded": ([{**READ, "defer_loading": True}], ["Write"], []),
    "not deferred": ([{**READ, "defer_loading": False}], [], ["Read"]),
    "a deferred stand-in": ([{"type": "bash_20250124", "name": "bash", "defer_loading": True}], [], []),
    "in order": ([{**READ, "name": "b"}, {"type": "bash_20250124", "name": "bash"}, READ], [], ["b", "bash", "Read"]),
}


@pytest.mark.parametrize(("tools", "loaded", "names"), OFFERED.values(), ids=OFFERED.keys())
def test_offered_tools(tools: list[Any], loaded: list[str], names: list[str]) -> None:
    assert [tool["name"] for tool in functions(tools, frozenset(loaded))] == names


def test_a_custom_tool_is_kept_and_copied() -> None:
    [tool] = functions([READ], frozenset())
    assert tool == READ
    tool["name"] = "other"
    assert READ["name"] == "Read"


def reference(name: str) -> dict[str, Any]:
    """A tool_reference block."""
    return {"type": "tool_reference", "tool_name": name}


REFERENCES = {
    "none": ("text", set()),
    "no content": (None, set()),
    "in a result": ([{"type": "tool_result", "content": [reference("a"), reference("b")]}], {"a", "b"}),
    "a textual result": ([{"type": "tool_result", "content": "tool_reference"}], set()),
    "on its own": ([reference("a")], {"a"}),
    "of a server's search": (
        [
            {
                "type": "tool_search_tool_result",
                "content": {"type": "tool_search_tool_search_result", "tool_references": [reference("a")]},
            }
        ],
        {"a"},
    ),
    "a failed search": (
        [{"type": "tool_search_tool_result", "content": {"type": "tool_search_tool_result_error"}}],
        set(),
    ),
    "strange members": (["x", None, {"type": "tool_result", "content": ["x", None, reference("a")]}], {"a"}),
}


@pytest.mark.parametrize(("content", "names"), REFERENCES.values(), ids=REFERENCES.keys())
def test_references(content: Any, names: set[str]) -> None:
    assert references([{"role": "user", "content": content}]) == names


def test_references_of_all_messages_count() -> None:
    messages = [{"role": "user", "content": [reference(name)]} for name in "ab"] + [{"role": "assistant"}]
    assert references(messages) == {"a", "b"}


@pytest.mark.parametrize("kind", TOOLS)
def test_descriptions_are_sentences(kind: str) -> None:
    assert TOOLS[kind][0].endswith(".")


def change(kind: str, tool: Any) -> dict[str, Any]:
    """A system message that changes the tools."""
    return {"role": "system", "content": [{"type": f"tool_{kind}", "tool": tool}]}


EDIT = {"type": "tool_definition", "definition": {**READ, "name": "Edit"}}
NAMED_READ = {"type": "tool_reference", "name": "Read"}
LATER = {**READ, "name": "Later", "defer_loading": True}
CHANGES: dict[str, tuple[list[Any], list[str]]] = {
    "none": ([], ["Read"]),
    "a definition": ([change("addition", EDIT)], ["Read", "Edit"]),
    "a deferred tool": ([change("addition", {"type": "tool_reference", "name": "Later"})], ["Read", "Later"]),
    "removed": ([change("removal", NAMED_READ)], []),
    "removed and added again": ([change("removal", NAMED_READ), change("addition", NAMED_READ)], ["Read"]),
    "added and removed again": ([change("addition", EDIT), change("removal", {"name": "Edit"})], ["Read"]),
    "of an unknown form": ([change("addition", None), change("removal", "x")], ["Read"]),
    "in the user's words": ([{**change("removal", NAMED_READ), "role": "user"}], ["Read"]),
    "in a text": ([{"role": "system", "content": "tool_removal"}], ["Read"]),
}


@pytest.mark.parametrize(("messages", "names"), CHANGES.values(), ids=CHANGES.keys())
def test_tools_that_change_in_the_middle(messages: list[Any], names: list[str]) -> None:
    message = {"tools": [READ, LATER], "messages": messages}
    assert [tool["name"] for tool in offered(message)] == names
    assert {"Read", "Later"} <= {tool["name"] for tool in known(message)}


@pytest.mark.parametrize(
    "kind", ["tool_search_tool_regex_20251119", "tool_search_tool_bm25_20251119", "tool_search_tool_regex"]
)
def test_what_anthropic_would_search_is_offered(kind: str) -> None:
    message = {"tools": [{"type": kind, "name": "tool_search"}, READ, LATER], "messages": []}
    assert [tool["name"] for tool in offered(message)] == ["Read", "Later"]


def test_anthropics_own_tools_are_known_with_their_schemas() -> None:
    [bash] = known({"tools": [{"type": "bash_20250124", "name": "bash", "defer_loading": True}], "messages": []})
    assert "command" in bash["input_schema"]["properties"]
