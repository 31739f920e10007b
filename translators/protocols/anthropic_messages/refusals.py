"""Anthropic's own errors, handed on with status, type, message, details and advice on retries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from translators.core.errors import (
    TYPES,
    NotFound,
    Overloaded,
    RateLimited,
    Rejected,
    RialtoError,
    UpstreamError,
)
from translators.core.refusals import retry_after
from translators.core.vendor import CLIENT_KEY, Json, Route

#: Error type -> status, for errors inside a running answer.
STATUSES = {name: status for status, name in reversed(TYPES.items())} | {"api_error": 500}
#: Types are single words; what else stands there is no type, and nothing has looked for keys in it.
TYPE = re.compile(r"[a-z][a-z_]{2,60}")
ADVICE = {"true": True, "false": False}


class Relayed(RialtoError):
    """An error in Anthropic's words. Which kind of error it is besides decides over second tries."""

    def __init__(
        self,
        status: int,
        told: Json,
        message: str,
        *,
        retry_after: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message, status=status, retry_after=retry_after, should_retry=should_retry)
        self._type = str(told["type"])
        self.details = told["details"] if isinstance(told.get("details"), Mapping) else None

    @property
    def type(self) -> str:
        """Anthropic's type, whatever the status."""
        return self._type


class Refusal(Relayed, Rejected):
    """The request, the key or the account is refused."""


class Missing(Relayed, NotFound):
    """There is no such model."""


class Limit(Relayed, RateLimited):
    """Too many requests."""


class Busy(Relayed, Overloaded):
    """Anthropic is busy."""


class Failure(Relayed, UpstreamError):
    """Anything else."""


#: Status -> its kind; other statuses of the 400s are refusals.
KINDS: dict[int, type[Relayed]] = {404: Missing, 408: Failure, 409: Failure, 429: Limit, 529: Busy}


def error(route: Route, status: int, body: Any, headers: Mapping[str, str]) -> Relayed | None:
    """The error of a genuine endpoint; None for other endpoints, and for words that are not Anthropic's."""
    told = body.get("error") if isinstance(body, Mapping) else None
    if not route.profile.genuine or not isinstance(told, dict) or not TYPE.fullmatch(str(told.get("type"))):
        return None
    status = status if status >= 400 else STATUSES.get(told["type"], 500)
    message = str(told.get("message") or told["type"]) + note(route, status, body, headers)
    kind = KINDS.get(status, Refusal if status < 500 else Failure)
    should_retry = advice(route, status, headers)
    return kind(status, told, message, retry_after=retry_after(headers, dict(body)), should_retry=should_retry)


def advice(route: Route, status: int, headers: Mapping[str, str]) -> bool | None:
    """Whether the client should ask again. What is wrong with Rialto's key or account no repetition heals, though
    Anthropic and gateways do not say so; its own key the client may renew in between.
    """
    hopeless = status in (401, 402, 403) and not route.extra.get(CLIENT_KEY)
    return ADVICE.get(headers.get("x-should-retry", ""), False if hopeless else None)


def note(route: Route, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """What to check, or the vendor's id of a request that failed without the client's fault. Other messages stay as
    they are, because clients match on them.
    """
    if status == 401:
        return f" ({route.vendor.title}; check {route.vendor.key_variable or 'the key'})"
    request = body.get("request_id") or headers.get("request-id")
    return f" ({route.vendor.title} {request})" if status >= 500 and request else ""
