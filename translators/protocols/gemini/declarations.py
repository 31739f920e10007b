"""Tools as function declarations, and which of them may or must be called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core import json_schema
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile
from translators.core.wishes import Offer

#: tool_choice type -> mode of function calling.
MODES = {"auto": "AUTO", "any": "ANY", "tool": "ANY", "none": "NONE"}


def tool_fields(given: Offer, wished: Any, names: ToolNames, profile: Profile) -> Json:
    """`tools` and `toolConfig`; nothing without tools. `wished` is the client's own `tool_choice`."""
    declared = [declaration(tool, names, profile) for tool in given.tools]
    if not declared:
        return {}
    choice = {"type": "tool", "name": given.name} if given.choice == "named" else wished
    if given.rule:
        choice = {"type": "auto"} if given.choice else None
    offered = [made["name"] for made in declared]
    return {"tools": [{"functionDeclarations": declared}], **tool_config(choice, names, offered)}


def declaration(tool: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One function."""
    made: Json = {"name": names.short(str(tool["name"]))}
    if tool.get("description"):
        made["description"] = tool["description"]
    return made | parameters(tool.get("input_schema"), profile)


def parameters(schema: Mapping[str, Any] | None, profile: Profile) -> Json:
    """The schema in the field for its dialect. An OpenAPI object without properties is refused and left out."""
    cleaned = json_schema.clean(schema, profile.schema)
    if profile.schema != "openapi":
        return {"parametersJsonSchema": cleaned}
    return {"parameters": cleaned} if cleaned.get("properties") else {}


def tool_config(choice: Any, names: ToolNames, offered: list[str]) -> Json:
    """`toolConfig`, when the client has a wish. A name that is not offered would be refused; any function will do."""
    if not choice:
        return {}
    calling: Json = {"mode": MODES.get(choice.get("type"), "AUTO")}
    wished = names.short(str(choice.get("name"))) if choice.get("type") == "tool" else ""
    if wished in offered:
        calling["allowedFunctionNames"] = [wished]
    return {"toolConfig": {"functionCallingConfig": calling}}
