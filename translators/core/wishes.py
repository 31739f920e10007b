"""What a Messages request wants of tool choice and of the answer's form, reconciled with what a vendor takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from translators.core import client_tools
from translators.core.intent import Intent
from translators.core.vendor import Json, Profile

#: tool_choice type -> the kind of choice in a profile.
CHOICES = {"auto": "auto", "any": "required", "tool": "named", "none": "none"}
#: Type of a media source -> the field that holds the media.
CARRIERS = {"base64": "data", "url": "url"}
BILLING = re.compile(r"\Ax-anthropic-billing-header:[^\n]*\n*")


def wished_choice(message: Json, tools: bool) -> str:
    """The kind of tool choice that the client wants; "" without tools, "auto" for a tool that the model cannot call."""
    wished = message.get("tool_choice") or {}
    kind = CHOICES.get(wished.get("type", "auto"), "auto") if tools else ""
    return "auto" if kind == "named" and wished.get("name") not in callable_names(message) else kind


def callable_names(message: Json) -> set[str]:
    """Names of the tools that the model may call."""
    tools = client_tools.functions(message.get("tools") or (), client_tools.references(message["messages"]))
    return {tool["name"] for tool in tools}


def reconcile(wish: Intent, choice: str, profile: Profile) -> tuple[Intent, str]:
    """Thinking gives way to a forced choice where the vendor refuses both together; a choice that it never takes
    becomes auto.
    """
    if choice and choice not in profile.tool_choices:
        choice = "required" if choice == "named" and "required" in profile.tool_choices else "auto"
    if choice in ("required", "named") and choice not in profile.tool_choices_thinking and wish.on is not False:
        wish = wish.off()
    return wish, choice


def choice_fields(message: Json, choice: str, named: Json, profile: Profile) -> Json:
    """`tool_choice` and `parallel_tool_calls` of OpenAI's wires, which differ only in how a tool is `named`."""
    wished = message.get("tool_choice") or {}
    fields: Json = {}
    if choice == "named":
        fields["tool_choice"] = named
    elif choice in ("required", "none") or (choice == "auto" and wished):
        fields["tool_choice"] = choice
    if wished.get("disable_parallel_tool_use") and profile.parallel_tool_calls:
        fields["parallel_tool_calls"] = False
    return fields


def wanted_schema(message: Mapping[str, Any]) -> Any:
    """The JSON schema that the answer must have, from `output_config.format` or its old name `output_format`."""
    form = (message.get("output_config") or {}).get("format") or message.get("output_format") or {}
    return form.get("schema") if form.get("type") == "json_schema" else None


def prompts(system: Any) -> list[dict[str, Any]]:
    """The system prompt as text blocks with words for the model.

    Claude Code's billing line at their start stays behind: it changes with every conversation, and every cache with it.
    """
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system or []
    unbilled = [{**block, "text": BILLING.sub("", str(block.get("text") or ""))} for block in blocks]
    return [block for block in unbilled if block["text"].strip()]


def travels(block: Mapping[str, Any], profile: Profile) -> bool:
    """The block can go to the vendor as something other than text."""
    if block.get("type") not in ("image", "document"):
        return False
    source = block.get("source") or {}
    kind = source.get("type")
    if not source.get(CARRIERS.get(str(kind), "")):
        return False
    return profile.images if block["type"] == "image" else profile.documents and kind == "base64"
