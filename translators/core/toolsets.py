"""Anthropic's toolsets for a computer and a browser: each member becomes a function, and calls find their way back.

A toolset is one entry of `tools` without a name. A call of a member carries the member's name and, in `toolset_name`,
the family's. Other vendors know one name only, and the families share members, so that a function is called
`FAMILY__MEMBER`.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/browser-use-tool, .../computer-use-tool, and the
types of the `anthropic` package 2.11 (read 2026-11-21). Descriptions are Rialto's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.parameters import Schema, numbers, one_of, schema, text, whole

Tool = dict[str, Any]
#: Member -> (description, schema).
Members = Mapping[str, tuple[str, Schema]]

BETWEEN = "__"
DIRECTION = one_of("up", "down", "left", "right")
SECONDS = {"type": "number", "description": "Seconds."}
REGION = {**numbers(4), "description": "Left, top, right and bottom edge, in pixels of a whole screenshot."}
KEYS = text("A key, or keys joined by +, such as ctrl+s.")
CLICKS = {
    "left_click": "Clicks with the left button",
    "right_click": "Clicks with the right button",
    "middle_click": "Clicks with the middle button",
    "double_click": "Clicks twice with the left button",
    "triple_click": "Clicks three times with the left button",
}

POINT = {**numbers(2), "description": "Pixels from the left and from the top edge of the screen."}
HELD = text("Keys to hold down meanwhile, such as shift or ctrl+shift.")
COMPUTER: Members = {
    "screenshot": ("Takes a picture of the whole screen.", schema(())),
    "zoom": ("Takes an enlarged picture of a part of the screen.", schema(("region",), region=REGION)),
    "cursor_position": ("Tells where the cursor is.", schema(())),
    "mouse_move": ("Moves the cursor without a click.", schema(("coordinate",), coordinate=POINT)),
    **{
        name: (f"{words} at a place, or where the cursor is.", schema((), coordinate=POINT, text=HELD))
        for name, words in CLICKS.items()
    },
    "left_click_drag": (
        "Drags with the left button from one place to another.",
        schema(("start_coordinate", "coordinate"), start_coordinate=POINT, coordinate=POINT, text=HELD),
    ),
    "left_mouse_down": ("Presses the left button where the cursor is and keeps it down.", schema(())),
    "left_mouse_up": ("Releases the left button.", schema(())),
    "scroll": (
        "Scrolls at a place, or where the cursor is.",
        schema(
            ("scroll_direction", "scroll_amount"),
            scroll_direction=DIRECTION,
            scroll_amount=whole("Steps of the wheel."),
            coordinate=POINT,
            text=HELD,
        ),
    ),
    "type": ("Types a text.", schema(("text",), text=text("The text."))),
    "key": ("Presses keys.", schema(("text",), text=KEYS, repeat=whole("How often, 1 to 100."))),
    "hold_key": ("Holds keys down for a time.", schema(("text", "duration"), text=KEYS, duration=whole("Seconds."))),
    "wait": ("Does nothing for a time.", schema(("duration",), duration=whole("Seconds."))),
}

TAB = {"tab_id": text("The tab that is meant; the active one without it.")}
PLACE = schema(
    ("type", "x", "y"),
    type=one_of("coordinate"),
    x=whole("Pixels from the left edge of the viewport."),
    y=whole("Pixels from its top edge."),
)
ELEMENT = schema(
    ("type", "ref"), type=one_of("ref"), ref=text("A reference that read_page or find gave, such as ref_7.")
)
TARGET = {"anyOf": [ELEMENT, PLACE]}
MODIFIERS = text("Keys to hold down meanwhile, such as shift or ctrl+shift.")
PATHS = {"type": "array", "items": {"type": "string"}}
VALUE = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}
BROWSER: Members = {
    "navigate": (
        "Opens an address, or goes through the history.",
        schema(("url",), url=text("An address, or back, forward or reload."), **TAB),
    ),
    "list_tabs": ("Lists the open tabs with ids, titles and addresses.", schema(())),
    "new_tab": ("Opens an empty tab and tells its id.", schema(())),
    "switch_tab": ("Makes a tab the active one.", schema(("tab_id",), tab_id=text("The tab."))),
    "close_tab": ("Closes a tab.", schema(("tab_id",), tab_id=text("The tab."))),
    "read_page": (
        "Gives the accessibility tree of the page or of a part of it, with a reference for each element.",
        schema(
            (),
            filter={**one_of("interactive", "all"), "description": "Without it: what is visible."},
            depth=whole("Levels of the tree; 15 without it."),
            ref=text("Reference of the element to begin with."),
            **TAB,
        ),
    ),
    "get_page_text": ("Gives the text of the page.", schema((), **TAB)),
    "read_console": ("Gives what the page wrote to the console since the last time.", schema((), **TAB)),
    "read_network": ("Gives the page's network requests since the last time.", schema((), **TAB)),
    "find": (
        "Finds elements of the page by a description and gives their references.",
        schema(("query",), query=text("What the element is, in plain words."), **TAB),
    ),
    "form_input": (
        "Sets the value of a form's element.",
        schema(("target", "value"), target=ELEMENT, value=VALUE, **TAB),
    ),
    "file_upload": (
        "Puts files into a file input; paths or document_ids must be there.",
        schema(("target",), target=ELEMENT, paths=PATHS, document_ids=PATHS, **TAB),
    ),
    "scroll_to": ("Scrolls until an element is visible.", schema(("target",), target=ELEMENT, **TAB)),
    "screenshot": ("Takes a picture of the viewport.", schema((), **TAB)),
    "zoom": ("Takes an enlarged picture of a part of the viewport.", schema(("region",), region=REGION, **TAB)),
    **{
        name: (f"{words} on an element or at a place.", schema(("target",), target=TARGET, modifiers=MODIFIERS, **TAB))
        for name, words in CLICKS.items()
    },
    "hover": ("Moves the pointer to an element or a place.", schema(("target",), target=TARGET, **TAB)),
    "left_click_drag": (
        "Drags with the left button from one place to another.",
        schema(("from", "target"), **{"from": PLACE}, target=PLACE, **TAB),
    ),
    "left_mouse_down": (
        "Presses the left button at a place and keeps it down.",
        schema(("target",), target=PLACE, **TAB),
    ),
    "left_mouse_up": ("Releases the left button at a place.", schema(("target",), target=PLACE, **TAB)),
    "mouse_move": ("Moves the pointer to a place.", schema(("target",), target=PLACE, **TAB)),
    "scroll": (
        "Scrolls at a place.",
        schema(
            ("scroll_direction", "target"),
            scroll_direction=DIRECTION,
            target=PLACE,
            scroll_amount=whole("Steps of the wheel, 1 to 10; 3 without it."),
            **TAB,
        ),
    ),
    "type": ("Types a text where the focus is.", schema(("text",), text=text("The text."), **TAB)),
    "key": (
        "Presses keys, one after the other where spaces are between them.",
        schema(("text",), text=KEYS, repeat=whole("How often; once without it."), **TAB),
    ),
    "hold_key": ("Holds keys down for a time.", schema(("text", "duration"), text=KEYS, duration=SECONDS, **TAB)),
    "wait": ("Does nothing for a time, 30 seconds at most.", schema(("duration",), duration=SECONDS, **TAB)),
    "javascript_exec": (
        "Runs JavaScript in the page and gives the value of its last expression.",
        schema(("text",), text=text("The code, without return."), **TAB),
    ),
}

#: Type of a toolset -> its family and members.
TOOLSETS: Mapping[str, tuple[str, Members]] = {
    "computer_toolset_20260801": ("computer", COMPUTER),
    "browser_toolset_20260801": ("browser", BROWSER),
}
FAMILIES = tuple(family for family, _ in TOOLSETS.values())
#: Members of the browser that have to be asked for.
ON_DEMAND = frozenset({"javascript_exec", "file_upload", "read_console", "read_network"})


def expanded(tools: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The tools with the members of each toolset in its place. A cache mark moves to the last of them. Whether a member
    is deferred does not count: nobody but Anthropic could find it.
    """
    for tool in tools:
        found = TOOLSETS.get(str(tool.get("type")))
        if found is None:
            yield tool
            continue
        made = list(members(*found, tool.get("configs")))
        mark = {"cache_control": tool["cache_control"]} if tool.get("cache_control") else {}
        yield from (*made[:-1], *({**last, **mark} for last in made[-1:]))


def members(family: str, known: Members, configs: Any) -> Iterator[Tool]:
    """The members of a toolset that are switched on, as functions; `toolset_name` marks them."""
    given = configs if isinstance(configs, Mapping) else {}
    for name, (description, parameters) in known.items():
        config = given.get(name)
        wished = config.get("enabled") if isinstance(config, Mapping) else None
        if (name not in ON_DEMAND) if wished is None else wished:
            made: Tool = {"name": f"{family}{BETWEEN}{name}", "description": description, "input_schema": parameters}
            yield {**made, "toolset_name": family}


def called(block: Mapping[str, Any]) -> str:
    """The function's name of a `tool_use` block."""
    family, name = block.get("toolset_name"), str(block.get("name") or "")
    return f"{family}{BETWEEN}{name}" if family and isinstance(family, str) else name


def origins(tools: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Function name -> `name` and `toolset_name` that its calls carry, of the members among offered tools."""
    families = {tool["name"]: tool["toolset_name"] for tool in tools if tool.get("toolset_name") in FAMILIES}
    return {
        name: {"name": name.removeprefix(f"{family}{BETWEEN}"), "toolset_name": family}
        for name, family in families.items()
    }
