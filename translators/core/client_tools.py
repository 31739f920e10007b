"""Anthropic-defined client tools as ordinary functions.

These tools carry no schema in a request, because Claude knows them; other models must be told. The fields are those of
the Anthropic documentation (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview, read 2026-11-21);
descriptions are Rialto's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.json_text import compact
from translators.core.parameters import Schema, numbers, one_of, schema, text, whole
from translators.core.toolsets import expanded

POINT = numbers(2)
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
    "insert_line": whole("Line after which to insert; 0 is the start."),
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
    *("screenshot", "cursor_position", "mouse_move", "scroll", "type", "key", "hold_key", "wait"),
    *("left_click", "right_click", "middle_click", "double_click", "triple_click"),
    *("left_click_drag", "left_mouse_down", "left_mouse_up"),
)
ACTION_FIELDS = {
    "coordinate": POINT,
    "start_coordinate": POINT,
    "text": text("Text to type or key to press."),
    "scroll_direction": one_of("up", "down", "left", "right"),
    "scroll_amount": {"type": "integer"},
    "duration": {"type": "number", "description": "Seconds."},
}
COMPUTER = (
    "Controls mouse, keyboard and screen of a computer.",
    schema(("action",), action=one_of(*ACTIONS), **ACTION_FIELDS),
)
ZOOMING = schema(("action",), action=one_of(*ACTIONS, "zoom"), **ACTION_FIELDS, region=numbers(4))

#: Tool type without its date -> (description, schema).
TOOLS: dict[str, tuple[str, Schema]] = {"bash": BASH, "text_editor": EDITOR, "memory": MEMORY, "computer": COMPUTER}
#: What leads to examples.
EXAMPLES = "Examples of its input:"
#: Anthropic's own search of tools.
SERVER_SEARCH = "tool_search_tool_"
#: Key of a tool that is known and not offered, whatever the conversation has loaded: the vendor takes no more.
LEFT_OUT = "left_out"
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
    absent = removed.union(str(tool.get("name")) for tool in tools if tool.get(LEFT_OUT))
    if any(str(tool.get("type")).startswith(SERVER_SEARCH) for tool in tools):
        return [tool for tool in known(message) if tool["name"] not in absent]
    found = functions(tools, referenced(tools, message) | loaded)
    return [tool for tool in found if tool["name"] not in absent]


def weighing(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tools as they came, without those that are still deferred: nobody counts these."""
    tools = [tool for tool in expanded(message.get("tools") or ()) if not tool.get(LEFT_OUT)]
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

    Deferred tools are offered once a `tool_reference` has named them. Server tools have no client to run them and are
    left out.
    """
    found, seen = [], set[str]()
    for tool in expanded(tools):
        name = str(tool.get("name") or "")
        if not name or name in seen or (tool.get("defer_loading") and name not in referenced):
            continue
        seen.add(name)
        kind = str(tool.get("type") or "custom")
        if kind == "custom":
            found.append(with_examples(tool, tool))
        elif known := OLD_EDITOR if kind in OLD_EDITORS else TOOLS.get(kind.rpartition("_")[0]):
            found.append(with_examples(defined(tool, *known), tool))
    return found


def defined(tool: Mapping[str, Any], description: str, schema: Schema) -> dict[str, Any]:
    """A tool of Anthropic's as a function, with what the request says of its screen or its limit."""
    kind = str(tool["type"]).rpartition("_")[0]
    facts = TOLD[kind](tool) if kind in TOLD else ()
    made = {"name": tool["name"], "description": " ".join([description, *facts])}
    mark = {"cache_control": tool["cache_control"]} if tool.get("cache_control") else {}
    return {**made, "input_schema": ZOOMING if kind == "computer" and tool.get("enable_zoom") else schema, **mark}


def screen(tool: Mapping[str, Any]) -> Iterator[str]:
    """What a model must know of the screen before it has seen it."""
    if tool.get("display_width_px") and tool.get("display_height_px"):
        yield f"The screen is {tool['display_width_px']} by {tool['display_height_px']} pixels."
    if tool.get("display_number") is not None:
        yield f"Its X11 display number is {tool['display_number']}."


def view(tool: Mapping[str, Any]) -> Iterator[str]:
    """How much of a file is shown."""
    if tool.get("max_characters"):
        yield f"A view shows {tool['max_characters']} characters at most."


#: Tool type without its date -> what its fields say to a model.
TOLD = {"computer": screen, "text_editor": view}


def with_examples(made: Mapping[str, Any], tool: Mapping[str, Any]) -> dict[str, Any]:
    """The function with the examples of its input in its description: other vendors have no field for them."""
    examples = tool.get("input_examples")
    rest = {name: value for name, value in made.items() if name != "input_examples"}
    if not isinstance(examples, list) or not examples:
        return rest
    before = [str(made["description"])] if made.get("description") else []
    return {**rest, "description": "\n".join([*before, EXAMPLES, *map(compact, examples)])}


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
