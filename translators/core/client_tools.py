"""Anthropic-defined client tools as ordinary functions.

These tools carry no schema in a request, because Claude knows them; other models must be told. The fields are those of
the Anthropic documentation (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview, read 2026-11-21);
descriptions are Rialto's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]


def schema(required: Iterable[str], **properties: Schema) -> Schema:
    """An object schema."""
    return {"type": "object", "properties": properties, "required": list(required)}


def text(description: str) -> Schema:
    """A string property."""
    return {"type": "string", "description": description}


def one_of(*values: str) -> Schema:
    """A string property with fixed values."""
    return {"type": "string", "enum": list(values)}


WHOLE = {"type": "integer"}
POINT = {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2}
RANGE = {**POINT, "description": "First and last line, counted from 1; -1 as the last means the end."}

BASH = (
    "Runs a command in a shell that keeps its state between calls.",
    schema((), command=text("The command."), restart={"type": "boolean", "description": "Start a new shell instead."}),
)
EDIT_FIELDS = {
    "path": text("Absolute path of the file or folder."),
    "view_range": RANGE,
    "file_text": text("Content of the file to create."),
    "old_str": text("Text to replace; must occur exactly once."),
    "new_str": text("Its replacement."),
    "insert_line": {"type": "integer", "description": "Line after which to insert; 0 is the start."},
    "insert_text": text("Text to insert."),
}
EDITOR = (
    "Views, creates and edits text files.",
    schema(("command", "path"), command=one_of("view", "create", "str_replace", "insert"), **EDIT_FIELDS),
)
OLD_EDITOR = (
    EDITOR[0],
    schema(("command", "path"), command=one_of("view", "create", "str_replace", "insert", "undo_edit"), **EDIT_FIELDS),
)
MEMORY = (
    "Keeps notes in files under /memories.",
    schema(
        ("command",),
        command=one_of("view", "create", "str_replace", "insert", "delete", "rename"),
        **EDIT_FIELDS,
        old_path=text("Path to rename."),
        new_path=text("New path."),
    ),
)
ACTIONS = (
    *("screenshot", "zoom", "cursor_position", "mouse_move", "scroll", "type", "key", "hold_key", "wait"),
    *("left_click", "right_click", "middle_click", "double_click", "triple_click"),
    *("left_click_drag", "left_mouse_down", "left_mouse_up"),
)
COMPUTER = (
    "Controls mouse, keyboard and screen of a computer.",
    schema(
        ("action",),
        action=one_of(*ACTIONS),
        coordinate=POINT,
        start_coordinate=POINT,
        text=text("Text to type or key to press."),
        scroll_direction=one_of("up", "down", "left", "right"),
        scroll_amount=WHOLE,
        duration={"type": "number", "description": "Seconds."},
        region={"type": "array", "items": WHOLE, "minItems": 4, "maxItems": 4},
    ),
)

#: Tool type without its date -> (description, schema).
TOOLS: dict[str, tuple[str, Schema]] = {"bash": BASH, "text_editor": EDITOR, "memory": MEMORY, "computer": COMPUTER}
#: Anthropic's own search of tools.
SERVER_SEARCH = "tool_search_tool_"
#: Blocks of system messages that change the tools in the middle of a conversation.
CHANGES = frozenset({"tool_addition", "tool_removal"})
#: Blocks that name no tool.
WORDS = ("text", "thinking", "tool_use")
OLD_EDITORS = frozenset({"text_editor_20241022", "text_editor_20250124"})


def offered(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools that a model may call in a whole Messages body, with what its system messages added and removed. Where
    Anthropic was to search them, nobody does, and so none is deferred.
    """
    added, loaded, removed = changes(message.get("messages") or ())
    tools = [*(message.get("tools") or ()), *added]
    if any(str(tool.get("type")).startswith(SERVER_SEARCH) for tool in tools):
        return [tool for tool in known(message) if tool["name"] not in removed]
    found = functions(tools, referenced(tools, message) | loaded)
    return [tool for tool in found if tool["name"] not in removed]


def weighing(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tools as they came, without those that are still deferred: nobody counts these."""
    tools = message.get("tools") or ()
    named = referenced(tools, message)
    return [tool for tool in tools if not tool.get("defer_loading") or tool.get("name") in named]


def referenced(tools: Iterable[Mapping[str, Any]], message: Mapping[str, Any]) -> frozenset[str]:
    """The names that the conversation has loaded. Where no tool is deferred it is not gone through."""
    deferred = any(tool.get("defer_loading") for tool in tools)
    return references(message.get("messages") or ()) if deferred else frozenset()


def known(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every tool that a model may have heard of, offered or not: it may call one that is only named in a text."""
    added, _, _ = changes(message.get("messages") or ())
    tools = [*(message.get("tools") or ()), *added]
    return functions(tools, frozenset(str(tool.get("name")) for tool in tools))


def changes(messages: Iterable[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], frozenset[str], frozenset[str]]:
    """(tools defined, names loaded, names removed) by the `tool_addition` and `tool_removal` blocks of system messages;
    the last word counts.
    """
    defined: list[Mapping[str, Any]] = []
    last: dict[str, bool] = {}
    for block in changing_blocks(messages):
        tool = block.get("tool")
        definition = tool.get("definition") if isinstance(tool, Mapping) else None
        if isinstance(definition, Mapping):
            defined.append(definition)
        last[changed_name(block)] = block["type"] == "tool_addition"
    loaded = frozenset(name for name, added in last.items() if added)
    return defined, loaded, frozenset(last) - loaded


def changing_blocks(messages: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The blocks that change the tools."""
    for message in messages:
        if message.get("role") == "system" and isinstance(content := message.get("content"), list):
            yield from (block for block in content if block.get("type") in CHANGES)


def changed_name(block: Mapping[str, Any]) -> str:
    """The name of the tool that a `tool_addition` or `tool_removal` is about."""
    tool = block.get("tool")
    tool = tool if isinstance(tool, Mapping) else {}
    definition = tool.get("definition")
    return str((definition if isinstance(definition, Mapping) else tool).get("name") or "")


def functions(tools: Iterable[Mapping[str, Any]], referenced: frozenset[str]) -> list[dict[str, Any]]:
    """The tools that a model may call, each with name, description and input_schema.

    Deferred tools are offered once a `tool_reference` has named them. Server tools and toolsets have no client to run
    them and are left out.
    """
    found, seen = [], set[str]()
    for tool in tools:
        name = str(tool.get("name") or "")
        if not name or name in seen or (tool.get("defer_loading") and name not in referenced):
            continue
        seen.add(name)
        kind = str(tool.get("type") or "custom")
        if kind == "custom":
            found.append(dict(tool))
        elif known := OLD_EDITOR if kind in OLD_EDITORS else TOOLS.get(kind.rpartition("_")[0]):
            found.append({"name": name, "description": known[0], "input_schema": known[1]})
    return found


def references(messages: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Names of all tools that a `tool_reference` in the conversation has loaded."""
    return frozenset(name for message in messages for name in references_in(message.get("content")))


def references_in(content: Any) -> Iterable[str]:
    """Tool references at any depth of a content list."""
    if isinstance(content, Mapping):
        inner = content.get("tool_references")
        content = [content, *(inner if isinstance(inner, list) else ())]
    if not isinstance(content, list):
        return
    for block in content:
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind == "tool_reference":
            yield str(block.get("tool_name") or "")
        elif kind not in WORDS and str(kind).endswith("tool_result") and not isinstance(block.get("content"), str):
            yield from references_in(block.get("content"))
