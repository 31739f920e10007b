"""Anthropic Messages: POST /v1/messages, handed on without translation.

Reference: https://platform.claude.com/docs/en/api/messages (read 2026-11-21). A genuine endpoint (Anthropic, or a
gateway to it) gets the client's body and gives its own events, see `passthrough.py`. The endpoints of other vendors
that look like it have gaps: they get a plain body (`fitted.py`), and their events go through the message stream
(`repair.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from translators.core.vendor import AnswerStream, Count, Json, Protocol, Route, joined
from translators.core.wishes import travels
from translators.protocols.anthropic_messages.events import chunk, whole
from translators.protocols.anthropic_messages.fitted import fitted
from translators.protocols.anthropic_messages.headers import headers
from translators.protocols.anthropic_messages.passthrough import PassthroughStream, handed_on
from translators.protocols.anthropic_messages.refusals import error
from translators.protocols.anthropic_messages.repair import RepairedStream

PATH = "/v1/messages"
#: What a request for a count may have; any other field is refused. Beta fields come last.
#: https://platform.claude.com/docs/en/api/messages-count-tokens (read 2026-11-21)
COUNTED = frozenset(
    {
        *("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed"),
        *("context_management", "mcp_servers", "compaction", "billing_policy"),
    }
)


def request(message: Json, route: Route) -> Json:
    """The body of one request."""
    return handed_on(message, route) if route.profile.genuine else fitted(message, route)


def stream(message: Mapping[str, Any], route: Route, new_id: Callable[[str], str]) -> AnswerStream:
    """What builds the answer from the vendor's events."""
    return PassthroughStream(route) if route.profile.genuine else RepairedStream(message, route, new_id)


def count_url(base: str, route: Route) -> str:
    """Where tokens are counted."""
    return joined(base, f"{PATH}/count_tokens")


def counted(message: Json, route: Route) -> Json:
    """The body of one count of a request's tokens."""
    return request({name: value for name, value in message.items() if name in COUNTED}, route)


def context(answer: Json) -> Json:
    """What a count says of edits to the context."""
    found = answer.get("context_management")
    return {"context_management": found} if isinstance(found, Mapping) else {}


COUNT = Count(url=count_url, request=counted, read=lambda body: int(body["input_tokens"]), more=context)

ANTHROPIC_MESSAGES = Protocol(
    name="anthropic_messages",
    framing="sse",
    path=PATH,
    request=request,
    chunk=chunk,
    whole=whole,
    drops={},
    stream=stream,
    headers=headers,
    error=error,
    verbatim=True,
    count=COUNT,
    carries=travels,
)

__all__ = ["ANTHROPIC_MESSAGES", "COUNT"]
