"""Anthropic's own errors, handed on with status, type, message, details and advice on retries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.errors import TYPES, UpstreamError
from translators.core.refusals import retry_after
from translators.core.vendor import Json, Route

#: Error type -> status, for errors inside a running answer.
STATUSES = {name: status for status, name in reversed(TYPES.items())}
ADVICE = {"true": True, "false": False}


class Relayed(UpstreamError):
    """An error in Anthropic's words."""

    def __init__(self, status: int, told: Json, message: str, headers: Mapping[str, str], body: Json) -> None:
        super().__init__(
            message,
            status=status,
            retry_after=retry_after(headers, body),
            should_retry=ADVICE.get(headers.get("x-should-retry", "")),
        )
        self._type = str(told["type"])
        self.details = told["details"] if isinstance(told.get("details"), Mapping) else None

    @property
    def type(self) -> str:
        """Anthropic's type, whatever the status."""
        return self._type


def error(route: Route, status: int, body: Any, headers: Mapping[str, str]) -> Relayed | None:
    """The error of a genuine endpoint; None for other endpoints, and for words that are not Anthropic's."""
    told = body.get("error") if isinstance(body, Mapping) else None
    if not route.profile.genuine or not isinstance(told, dict) or not isinstance(told.get("type"), str):
        return None
    status = status if status >= 400 else STATUSES.get(told["type"], 500)
    message = str(told.get("message") or told["type"]) + note(route, status, body, headers)
    return Relayed(status, told, message, headers, dict(body))


def note(route: Route, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """What to check, or the vendor's id of a request that failed without the client's fault. Other messages stay as
    they are, because clients match on them.
    """
    if status == 401:
        return f" ({route.vendor.title}; check {route.vendor.key_variable or 'the key'})"
    request = body.get("request_id") or headers.get("request-id")
    return f" ({route.vendor.title} {request})" if status >= 500 and request else ""
