"""The types that the parts of a request must have, as far as translators rely on them. Fields that are not named here
are kept as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any

Shape = Mapping[str, tuple[type, ...]]
#: (path below the value, what is wrong).
Problem = tuple[str, str]

TEXT: tuple[type, ...] = (str, NoneType)
FLAG: tuple[type, ...] = (bool, NoneType)
OBJECT: tuple[type, ...] = (dict, NoneType)
CONTENT: tuple[type, ...] = (str, list, NoneType)

THINKING: Shape = {"type": TEXT, "budget_tokens": (int, NoneType), "display": TEXT}
OUTPUT_CONFIG: Shape = {"effort": TEXT, "format": OBJECT}
FORMAT: Shape = {"type": TEXT, "schema": OBJECT}
TOOL: Shape = {"name": (str,), "type": TEXT, "description": TEXT, "input_schema": OBJECT, "defer_loading": FLAG}
TOOL_CHOICE: Shape = {"type": TEXT, "name": TEXT, "disable_parallel_tool_use": FLAG}
SOURCE: Shape = {"type": TEXT, "media_type": TEXT, "data": TEXT, "url": TEXT, "file_id": TEXT, "content": CONTENT}
BLOCKS: Mapping[str, Shape] = {
    "text": {"text": TEXT, "citations": (list, NoneType)},
    "image": {"source": (dict,)},
    "document": {"source": (dict,), "title": TEXT, "context": TEXT},
    "search_result": {"title": TEXT, "source": TEXT, "content": CONTENT},
    "thinking": {"thinking": TEXT, "signature": TEXT},
    "tool_use": {"id": TEXT, "name": TEXT, "input": (dict, list)},
    "tool_result": {"tool_use_id": TEXT, "content": CONTENT, "is_error": FLAG},
    "server_tool_use": {"id": TEXT, "name": TEXT},
}
#: The results of server tools, whose kinds become more.
SERVED: Shape = {"tool_use_id": TEXT}
SERVED_KIND = "_tool_result"
NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    dict: "object",
    list: "list",
}


def shape_problem(value: Mapping[str, Any], shape: Shape) -> Problem | None:
    """The first field of an object that has a wrong type."""
    for field, kinds in shape.items():
        found = value.get(field, value)
        if (
            found is value
            or type(found) in kinds
            or isinstance(found, kinds)
            and not (isinstance(found, bool) and bool not in kinds)
        ):
            continue
        names = " or ".join(NAMES[kind] for kind in kinds if kind is not NoneType)
        return f".{field}", f"Input should be a valid {names}"
    return None


def blocks_problem(content: Iterable[Any]) -> Problem | None:
    """The first content block that no translator could read."""
    for position, block in enumerate(content):
        if problem := block_problem(block):
            return f".{position}{problem[0]}", problem[1]
    return None


def block_problem(block: Any) -> Problem | None:
    """What is wrong with one block and with the blocks inside it."""
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return "", "Input should be a content block with a type"
    shape = BLOCKS.get(block["type"])
    if shape is None:
        return served_problem(block) if block["type"].endswith(SERVED_KIND) else None
    if problem := shape_problem(block, shape):
        return problem
    if block.get("citations") and "citations" in shape:
        return citations_problem(block["citations"])
    inner = below(".content", block.get("content")) if "content" in shape else None
    return inner or (source_problem(block) if "source" in shape else None)


def citations_problem(citations: Iterable[Any]) -> Problem | None:
    """The first citation of a text that is none."""
    for position, citation in enumerate(citations):
        if not isinstance(citation, dict):
            return f".citations.{position}", "Input should be an object"
    return None


def served_problem(block: Mapping[str, Any]) -> Problem | None:
    """What is wrong with the result of a server tool, and with the tools that it may have found."""
    content = block.get("content")
    found = content.get("tool_references") if isinstance(content, dict) else None
    return shape_problem(block, SERVED) or below(".content.tool_references", found)


def source_problem(block: Mapping[str, Any]) -> Problem | None:
    """What is wrong with the source of an image or document."""
    source = block.get("source")
    if not isinstance(source, dict):
        return None
    problem = shape_problem(source, SOURCE)
    if problem:
        return f".source{problem[0]}", problem[1]
    return below(".source.content", source.get("content"))


def below(path: str, content: Any) -> Problem | None:
    """A problem of the blocks in a list, with the path to the list."""
    problem = blocks_problem(content) if isinstance(content, list) else None
    return (path + problem[0], problem[1]) if problem else None


def tool_problem(tool: Mapping[str, Any]) -> Problem | None:
    """What is wrong with one tool. Only Anthropic's own kinds may lack a name."""
    if tool.get("type") in (None, "custom") and not tool.get("name"):
        return ".name", "Field required"
    return shape_problem(tool, TOOL)


def output_problem(config: Mapping[str, Any]) -> Problem | None:
    """What is wrong with `output_config`."""
    problem = shape_problem(config, OUTPUT_CONFIG)
    form = None if problem else config.get("format")
    inner = shape_problem(form, FORMAT) if form else None
    return (f".format{inner[0]}", inner[1]) if inner else problem


def too_deep(value: Any, limit: int) -> bool:
    """Whether objects and lists lie more than `limit` levels inside one another."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limit):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return any(level)
