"""What a Messages request wants of tool choice and of the answer's form, reconciled with what a vendor takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core import client_tools, structured
from translators.core.intent import Intent, intent
from translators.core.prefill import without_thinking
from translators.core.structured import ANSWER_TOOL
from translators.core.vendor import Json, Profile

#: tool_choice type -> the kind of choice in a profile.
CHOICES = {"auto": "auto", "any": "required", "tool": "named", "none": "none"}
#: Type of a media source -> the field that holds the media.
CARRIERS = {"base64": "data", "url": "url"}
BILLING = re.compile(r"\Ax-anthropic-billing-header:[^\n]*\n*")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the model is offered: `tools` with name, description and input_schema, the kind of `choice` among them (""
    without tools), the `name` of the one that is demanded, and the wish for thinking that goes with all that.
    """

    tools: list[Json]
    choice: str
    name: str
    wish: Intent


def offer(message: Json, profile: Profile) -> Offer:
    """The offer as the vendor takes it. Where tools cannot be forbidden, none is offered when none may be called."""
    tools, choice = client_tools.offered(message), ""
    name = str((message.get("tool_choice") or {}).get("name"))
    if structured.form(message, profile) == "tool":
        tools, choice, name = [structured.answer_tool(structured.wanted_schema(message))], "named", ANSWER_TOOL
    elif tools:
        choice = wished_choice(message, tools)
    if choice == "none" and "none" not in profile.tool_choices:
        tools, choice = [], ""
    wish = without_thinking(intent(message), message, profile.prefill)
    wish, choice = reconcile(wish, choice, profile)
    return Offer(tools, choice, name, wish)


def wished_choice(message: Json, tools: Iterable[Json]) -> str:
    """The kind of tool choice that the client wants among the tools; "auto" for a tool that is not among them."""
    wished = message.get("tool_choice") or {}
    kind = CHOICES.get(wished.get("type", "auto"), "auto")
    absent = kind == "named" and wished.get("name") not in {tool["name"] for tool in tools}
    return "auto" if absent else kind


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
    takes = profile.images if block["type"] == "image" else profile.documents
    return takes and (kind == "base64" or block["type"] in profile.links)
