"""The coverage law: no field of a Messages request is dropped in silence.

Each field of Anthropic's reference is added to a small request. Either the vendor's body changes, or the field is named
in the protocol's or the profile's `drops`; and what is named there changes nothing.

Source: https://platform.claude.com/docs/en/api/messages (read 2026-11-21), beta fields included.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.kit import Json, upstream_body
from tests.conformance.wires import wire_of
from translators.core.errors import InvalidRequest
from translators.core.vendor import Route

TOOL = {
    "name": "Read",
    "description": "Sample.",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
OTHER = {**TOOL, "name": "Glob"}
#: What a choice of tools is told from.
FREE: Json = {"tools": [TOOL, OTHER], "tool_choice": {"type": "auto"}}
BASH: Json = {"type": "bash_20250124", "name": "bash"}
EDITOR: Json = {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}
SCREEN: Json = {
    **{"type": "computer_20251124", "name": "computer"},
    **{"display_width_px": 1024, "display_height_px": 768},
}
TOOLSETS: tuple[Json, ...] = ({"type": "computer_toolset_20260801"}, {"type": "browser_toolset_20260801"})
#: A user's message with a document.
DOCUMENT: Json = {
    "role": "user",
    "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Sample."}}],
}
#: A system message in the conversation.
REMINDED: list[Json] = [{"role": "system", "content": "Sample."}, {"role": "user", "content": "Hello."}]
EFFORTS = ("low", "medium", "high", "xhigh", "max")
LEVELS = tuple({"effort": effort} for effort in EFFORTS)
SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "schema": SCHEMA}
BASE: Json = {
    "model": "claude-test",
    "max_tokens": 4096,
    "messages": [{"role": "user", "content": "Hello."}],
    "stream": False,
}


@dataclass(frozen=True)
class Field:
    """A field as a path into the request, the values it may have, and what must be there beside it. A path goes through
    the first item of a list.

    The field reaches the vendor when any of the values changes the body. Several fields may have one path: each of them
    must reach it. `named` is its name in `drops` where that is not the path.
    """

    path: str
    values: tuple[Any, ...]
    beside: Mapping[str, Any] = field(default_factory=dict)
    named: str = ""

    @property
    def name(self) -> str:
        """The name in `drops`."""
        return self.named or self.path

    def pairs(self) -> Iterator[tuple[Json, Json]]:
        """(the request without the field, the request with one of its values)."""
        without = {**copy.deepcopy(BASE), **copy.deepcopy(dict(self.beside))}
        for value in self.values:
            yield without, placed(copy.deepcopy(without), self.path.split("."), value)


def placed(message: Json, path: list[str], value: Any) -> Json:
    """The request with a value at a path."""
    target = message
    for step in path[:-1]:
        target = target.setdefault(step, {})
        target = target[0] if isinstance(target, list) else target
    target[path[-1]] = value
    return message


THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
FIELDS = (
    # Every vendor has a place for these.
    Field("messages", ([{"role": "user", "content": "Bye."}],)),
    Field("max_tokens", (2048,)),
    Field("system", ("Be brief.", [{"type": "text", "text": "Be brief."}])),
    Field("tools", ([TOOL],)),
    # Sampling and ends.
    Field("temperature", (0.5,)),
    Field("top_p", (0.5,)),
    Field("top_k", (5,)),
    Field("stop_sequences", (["END"],)),
    # Thinking.
    Field("thinking.type", ("disabled", "adaptive", "between_tools")),
    Field("thinking.budget_tokens", (32000,), THINKING),
    Field("output_config.effort", EFFORTS),
    # Tools.
    Field("tool_choice", ({"type": "any"},), FREE),
    Field("tool_choice", ({"type": "none"},), FREE),
    Field("tool_choice", ({"type": "tool", "name": "Glob"},), FREE),
    Field("tool_choice", ({"type": "tool", "name": "Glob"},), {**FREE, "tool_choice": {"type": "any"}}),
    Field("tool_choice.disable_parallel_tool_use", (True,), FREE),
    # Inside a tool.
    Field("tools.description", ("Other.",), {"tools": [TOOL]}),
    Field("tools.input_schema", ({"type": "object", "properties": {}},), {"tools": [TOOL]}),
    Field("tools.input_examples", ([{"path": "a"}],), {"tools": [TOOL]}),
    Field("tools.defer_loading", (True,), {"tools": [TOOL, OTHER]}),
    Field("tools.strict", (True,), {"tools": [TOOL]}),
    Field("tools.cache_control", ({"type": "ephemeral"},), {"tools": [TOOL]}),
    Field("tools.allowed_callers", (["code_execution_20260521"],), {"tools": [TOOL]}),
    Field("tools.eager_input_streaming", (True,), {"tools": [TOOL]}),
    # Tools of Anthropic's own.
    *(Field("tools", ([TOOL, own],), {"tools": [TOOL]}) for own in (*TOOLSETS, BASH, EDITOR, SCREEN)),
    Field("tools", ([TOOL, {"type": "code_execution_20260521", "name": "code"}],), {"tools": [TOOL]}, "tools.type"),
    *(Field("tools.configs", ({"key": {"enabled": False}},), {"tools": [toolset]}) for toolset in TOOLSETS),
    Field("tools.cache_control", ({"type": "ephemeral"},), {"tools": [BASH]}),
    Field("tools.input_examples", ([{"command": "ls"}],), {"tools": [BASH]}),
    Field("tools.max_characters", (9000,), {"tools": [EDITOR]}),
    Field("tools.display_width_px", (800,), {"tools": [SCREEN]}),
    Field("tools.display_height_px", (600,), {"tools": [SCREEN]}),
    Field("tools.display_number", (1,), {"tools": [SCREEN]}),
    Field("tools.enable_zoom", (True,), {"tools": [SCREEN]}),
    # Inside a message.
    Field("messages.content.title", ("Other",), {"messages": [DOCUMENT]}),
    Field("messages.content.context", ("Found.",), {"messages": [DOCUMENT]}),
    Field("messages.content.citations", ({"enabled": True},), {"messages": [DOCUMENT]}),
    Field("messages.clear_at", ("next_user_message",), {"messages": REMINDED}),
    Field("messages.output_config", LEVELS, {"messages": REMINDED}, "output_config.effort"),
    # Form of the answer.
    Field("output_config.format", (FORMAT,)),
    Field("output_format", (FORMAT,)),
    # What runs at Anthropic only.
    Field("cache_control", ({"type": "ephemeral"},)),
    Field("metadata", ({"user_id": "sample"},)),
    Field("container", ("container_1", {"skills": [{"skill_id": "pdf", "type": "anthropic"}]})),
    Field("inference_geo", ("us",)),
    Field("service_tier", ("standard_only",)),
    Field("speed", ("fast",)),
    Field("diagnostics", ({"previous_message_id": "msg_1"},)),
    Field("context_management", ({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},)),
    Field("mcp_servers", ([{"type": "url", "name": "sample", "url": "https://example.com/mcp"}],)),
    Field("output_config.task_budget", ({"type": "tokens", "total": 100000},)),
    Field("compaction", ({"type": "summarize"},)),
    Field("fallbacks", ("default",)),
    Field("fallback_credit_token", ("sample",)),
    Field("billing_policy", ({"type": "billing_policy", "bill_to": "self"},)),
    Field("thread", ({"type": "create"},)),
)  # `model` is the catalog's; `stream` and `thinking.display` are about the answer: laws `folding`, `hidden_thinking`.


def covered(one: Field, routes: list[Route]) -> None:
    """Where a model's body does not change, the field is named in `drops`; what the wire's own `drops` name is dropped
    by a model.

    `routes` lead by one wire to the models that the vendor names.
    """
    unheard = deaf(one, routes)
    named = [route.model for route in routes if one.name in drops(route)]
    vendor = routes[0].vendor.name
    assert set(unheard) <= set(named), f"{vendor} drops {one.name} in silence: {unheard}"
    owned = [route.model for route in routes if one.name in drops(route) and one.name not in route.profile.drops]
    assert unheard or not owned, f"{vendor} says that it drops {one.name}, but every model gets it"


def true(one: Field, routes: list[Route]) -> None:
    """What the vendor's `drops` name does not reach some model by some wire. `routes` are all that the vendor has."""
    named = [route for route in routes if one.name in route.profile.drops]
    assert deaf(one, routes) or not named, f"{routes[0].vendor.name} says that it drops {one.name}, but does not"


def deaf(one: Field, routes: list[Route]) -> list[str]:
    """The models that the field does not reach."""
    return [route.model for route in routes if not reaches(one, route)]


def reaches(one: Field, route: Route) -> bool:
    """Any of the field's values changes the vendor's body. One that is refused does not."""
    try:
        return any(upstream_body(without, route) != upstream_body(having, route) for without, having in one.pairs())
    except InvalidRequest:
        return False


def drops(route: Route) -> dict[str, str]:
    """Every field that is said to be dropped, with the reason. What the profile says that the vendor takes is mapped
    after all.
    """
    profile = route.profile
    marks = dict.fromkeys(("cache_control", "tools.cache_control"), profile.cache_control)
    kept = {"tools.strict": profile.tools_strict, **marks}
    mapped = profile.sampling | {path for path, taken in kept.items() if taken}
    said = {**wire_of(route).drops(route), **route.profile.drops}
    return {path: reason for path, reason in said.items() if path in route.profile.drops or path not in mapped}


def known(route: Route) -> None:
    """Every drop names a field of the reference and gives a reason."""
    fields = {one.path.partition(".")[0] for one in FIELDS}
    for path, reason in drops(route).items():
        assert path.partition(".")[0] in fields, f"{path} is no field of the reference"
        assert reason.strip(), f"no reason for dropping {path}"
