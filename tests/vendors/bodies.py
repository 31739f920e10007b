"""What the vendor tables share: a route, the body that goes up, the wishes a client can have of thinking."""

from __future__ import annotations

from typing import Any

from translators.core.errors import RialtoError
from translators.core.refusals import refusal
from translators.core.vendor import Json, Route, Vendor

SWITCHES = ("thinking", "reasoning_effort", "enable_thinking", "thinking_budget")
ADAPTIVE: Json = {"type": "adaptive"}
OFF: Json = {"type": "disabled"}
TOOLS: list[Json] = [
    {
        "name": "Read",
        "description": "Reads.",
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
    }
]


def effort(level: str) -> Json:
    """Thinking on with a level."""
    return {"thinking": ADAPTIVE, "output_config": {"effort": level}}


#: Name -> the fields of the request.
WISHES: dict[str, Json] = {
    "silent": {},
    "off": {"thinking": OFF},
    "off with effort": {"thinking": OFF, "output_config": {"effort": "high"}},
    "between tools": {"thinking": {"type": "between_tools"}},
    "adaptive": {"thinking": ADAPTIVE},
    "budget 2000": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    "effort alone": {"output_config": {"effort": "high"}},
    **{level: effort(level) for level in ("low", "medium", "high", "xhigh", "max")},
}


def route(vendor: Vendor, model: str, **fields: Any) -> Route:
    """A route as the catalog makes it."""
    profile = vendor.model_profile(model, vendor.profile)
    base = fields.pop("base_url", vendor.base_url)
    return Route(
        alias=f"{vendor.name}/{model}", vendor=vendor, model=model, profile=profile, base_url=base, key="k", **fields
    )


def sent(vendor: Vendor, model: str, extra: Json | None = None, session: str = "", **message: Any) -> Json:
    """The body for a small request with these fields."""
    whole = {"model": model, "max_tokens": 9000, "messages": [{"role": "user", "content": "Hello"}], **message}
    return vendor.protocol.request(whole, route(vendor, model, extra=extra or {}, session=session))


def switches(vendor: Vendor, model: str, wish: str) -> Json:
    """The fields of the body that steer thinking."""
    return chosen(sent(vendor, model, **WISHES[wish]))


def chosen(body: Json) -> Json:
    """The steering fields of a body."""
    return {name: body[name] for name in SWITCHES if name in body}


def tool_history(*content: Json) -> list[Json]:
    """A turn with a call whose content is given, its result, and a plain turn."""
    return [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [*content, {"type": "tool_use", "id": "t1", "name": "Read", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "r"}]},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": "more"},
    ]


def assistants(body: Json) -> list[Json]:
    """The assistant messages of a body."""
    return [message for message in body["messages"] if message["role"] == "assistant"]


def refused(vendor: Vendor, model: str, status: int, body: Any) -> RialtoError:
    """The error that a client gets for a vendor's answer."""
    return refusal(route(vendor, model), status, body, {})
