"""What a Messages request wants of tool choice and of the answer's form, reconciled with what a vendor takes."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translators.core import client_tools, structured
from translators.core.intent import Intent, intent
from translators.core.prefill import without_thinking
from translators.core.structured import ANSWER_TOOL
from translators.core.toolsets import origins
from translators.core.vendor import Json, Profile

#: tool_choice type -> the kind of choice in a profile.
CHOICES = {"auto": "auto", "any": "required", "tool": "named", "none": "none"}
#: Kind of choice -> the words that stand for it at vendors that do not take it.
FORCED = {
    "required": "Answer with a call of one of the tools.",
    "named": "Answer with a call of the tool.",
}
SINGLE_CALL = "Call no more than one tool in this answer."
#: Type of a media source -> the field that holds the media.
CARRIERS = {"base64": "data", "url": "url"}
BILLING = re.compile(r"\Ax-anthropic-billing-header:[^\n]*\n*")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the model is offered: `tools` with name, description and input_schema, the kind of `choice` among them (""
    without tools and where the vendor takes none), the `name` of the one that is demanded, the wish for thinking that
    goes with all that, and the `rule` for the system prompt that stands for a choice which the vendor does not take.
    """

    tools: list[Json]
    choice: str
    name: str
    wish: Intent
    rule: str = ""


def offer(message: Json, profile: Profile) -> Offer:
    """The offer as the vendor takes it. Where tools cannot be forbidden, none is offered when none may be called; where
    one cannot be demanded by name, it is the only one.
    """
    tools, choice = client_tools.offered(message), ""
    name = demanded(message, tools)
    if structured.form(message, profile) == "tool":
        tools, choice, name = [structured.answer_tool(structured.wanted_schema(message))], "named", ANSWER_TOOL
    elif tools:
        choice = wished_choice(message, tools, name)
    if choice == "none" and "none" not in profile.tool_choices:
        tools, choice = [], ""
    if choice == "named" and choice not in profile.tool_choices:
        tools = [tool for tool in tools if tool["name"] == name]
    taken = nearest(choice, profile)
    wish = reconcile(without_thinking(intent(message), message, profile.prefill), taken, profile)
    return Offer(tools, taken, name, wish, "" if taken in FORCED else FORCED.get(choice, ""))


def demanded(message: Json, tools: Sequence[Json]) -> str:
    """The name that the client's choice has among the tools; the member of a toolset may go by its own."""
    name = str((message.get("tool_choice") or {}).get("name"))
    if any(tool["name"] == name for tool in tools):
        return name
    return next((function for function, origin in origins(tools).items() if origin["name"] == name), name)


def wished_choice(message: Json, tools: Iterable[Json], name: str) -> str:
    """The kind of tool choice that the client wants among the tools; "auto" for a tool that is not among them."""
    wished = message.get("tool_choice") or {}
    kind = CHOICES.get(wished.get("type", "auto"), "auto")
    absent = kind == "named" and name not in {tool["name"] for tool in tools}
    return "auto" if absent else kind


def nearest(choice: str, profile: Profile) -> str:
    """The kind of choice that the vendor takes in place of the one that is wanted; "" where it takes none."""
    kinds = (choice, *(("required",) if choice == "named" else ()), "auto")
    return next((kind for kind in kinds if choice and kind in profile.tool_choices), "")


def reconcile(wish: Intent, choice: str, profile: Profile) -> Intent:
    """The wish for thinking, which gives way to a forced choice where the vendor refuses both together."""
    refused = choice in FORCED and choice not in profile.tool_choices_thinking
    return wish.off() if refused and wish.on is not False else wish


def spoken(message: Json, given: Offer, profile: Profile) -> list[str]:
    """What is said at the end of the system prompt because no field of the vendor's says it."""
    schema = structured.form(message, profile) in ("json_object", "prompt")
    rules = call_rules(message, given, profile)
    return [*rules, *([structured.in_words(structured.wanted_schema(message))] if schema else [])]


def call_rules(message: Json, given: Offer, profile: Profile) -> list[str]:
    """What is said of calls: which are wanted, and whether one at most."""
    wished = message.get("tool_choice") or {}
    callable_tools = bool(given.tools) and given.choice != "none"
    single = callable_tools and wished.get("disable_parallel_tool_use") and not profile.parallel_tool_calls
    return [*filter(None, [given.rule]), *([SINGLE_CALL] if single else [])]


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
    return takes and (kind == "base64" or (block["type"] in profile.links and is_opened(block, profile)))


def is_opened(block: Mapping[str, Any], profile: Profile) -> bool:
    """The vendor can open the address: where it takes some types of images only, its name has to tell one of them."""
    if block["type"] != "image" or not profile.image_types:
        return True
    named, _ = mimetypes.guess_type(str(block["source"]["url"]).partition("?")[0])
    return named in profile.image_types
