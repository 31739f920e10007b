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
from translators.core.vendor import Route

TOOL = {
    "name": "Read",
    "description": "Sample.",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
OTHER = {**TOOL, "name": "Glob"}
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
    """A field as a path into the request, the values it may have, and what must be there beside it.

    The field reaches the vendor when any of the values changes the body.
    """

    path: str
    values: tuple[Any, ...]
    beside: Mapping[str, Any] = field(default_factory=dict)

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
    Field("output_config.effort", ("low", "medium", "high", "xhigh", "max")),
    # Tools.
    Field(
        "tool_choice", ({"type": "any"}, {"type": "none"}, {"type": "tool", "name": "Glob"}), {"tools": [TOOL, OTHER]}
    ),
    Field(
        "tool_choice.disable_parallel_tool_use",
        (True,),
        {"tools": [TOOL, OTHER], "tool_choice": {"type": "auto"}},
    ),
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
    named = [route.model for route in routes if one.path in drops(route)]
    vendor = routes[0].vendor.name
    assert set(unheard) <= set(named), f"{vendor} drops {one.path} in silence: {unheard}"
    owned = [route.model for route in routes if one.path in drops(route) and one.path not in route.profile.drops]
    assert unheard or not owned, f"{vendor} says that it drops {one.path}, but every model gets it"


def true(one: Field, routes: list[Route]) -> None:
    """What the vendor's `drops` name does not reach some model by some wire. `routes` are all that the vendor has."""
    named = [route for route in routes if one.path in route.profile.drops]
    assert deaf(one, routes) or not named, f"{routes[0].vendor.name} says that it drops {one.path}, but does not"


def deaf(one: Field, routes: list[Route]) -> list[str]:
    """The models that the field does not reach."""
    return [route.model for route in routes if not reaches(one, route)]


def reaches(one: Field, route: Route) -> bool:
    """Any of the field's values changes the vendor's body."""
    return any(upstream_body(without, route) != upstream_body(having, route) for without, having in one.pairs())


def drops(route: Route) -> dict[str, str]:
    """Every field that is said to be dropped, with the reason. A sampling field of the profile is mapped after all."""
    mapped = route.profile.sampling
    said = {**wire_of(route).drops(route), **route.profile.drops}
    return {path: reason for path, reason in said.items() if path in route.profile.drops or path not in mapped}


def known(route: Route) -> None:
    """Every drop names a field of the reference and gives a reason."""
    fields = {one.path.partition(".")[0] for one in FIELDS}
    for path, reason in drops(route).items():
        assert path.partition(".")[0] in fields, f"{path} is no field of the reference"
        assert reason.strip(), f"no reason for dropping {path}"
