"""The error tree. Every failure a client may see is one of these; the shell turns it into the Anthropic envelope.

::

    RialtoError
     x RequestError      the client's fault
        . InvalidRequest 400   Unauthorized 401   Forbidden 403   NotFound 404   MethodNotAllowed 405
        . TooLarge 413         PromptTooLong 400      OverLimit 429
     x UpstreamError     the vendor's fault
        . Rejected 400/401/402/403   RateLimited 429   Overloaded 529   Unreachable 502   TimedOut 504   Broke 502
        . Empty 502

Statuses, types and wording: Anthropic Messages API, "Errors" (https://platform.claude.com/docs/en/api/errors, read
2026-11-21), and what Claude Code matches on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: HTTP status -> Anthropic error type.
TYPES: dict[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class RialtoError(Exception):
    """A failure with the HTTP status and the Anthropic error type that the client gets.

    `retry_after` is the seconds until the vendor's limit is over. `should_retry` becomes the `x-should-retry` header;
    None leaves the decision to the client. `details` are a vendor's machine-readable reasons, `limits` the headers in
    which Anthropic tells what is left of an account's limits.
    """

    status = 500
    details: Mapping[str, Any] | None = None
    limits: Mapping[str, str] | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = self.status if status is None else status
        self.retry_after = retry_after
        self.should_retry = should_retry

    @property
    def type(self) -> str:
        """The Anthropic error type of the status."""
        return TYPES.get(self.status, "api_error" if self.status >= 500 else "invalid_request_error")

    def told(self) -> dict[str, Any]:
        """The error as Anthropic tells it, in an event or, with a request id, in a body."""
        details = {"details": self.details} if self.details else {}
        return {"type": "error", "error": {"type": self.type, "message": self.message, **details}}


class RequestError(RialtoError):
    """The client's fault."""

    status = 400


class InvalidRequest(RequestError):
    """A field is missing, of the wrong type or not allowed; the message names it."""


class Unauthorized(RequestError):
    """No key, a wrong key, or a vendor whose key is not configured."""

    status = 401


class Forbidden(RequestError):
    """The caller may not do this."""

    status = 403


class NotFound(RequestError):
    """An unknown path, or a model that no route knows (`model: NAME`)."""

    status = 404


class MethodNotAllowed(RequestError):
    """The path exists, but not for this HTTP method."""

    status = 405


class TooLarge(RequestError):
    """The body is over the limit."""

    status = 413


class OverLimit(RequestError):
    """The client has used up what its row in `conf/clients.toml` allows; the message names the limit."""

    status = 429


class PromptTooLong(RequestError):
    """The conversation does not fit the model's window, in the words that make Claude Code compact it.

    `used` and `limit` are tokens; without them the client compacts nearly everything. With `wish` the vendor may have
    counted the wished output among those that are used.
    """

    def __init__(self, used: int | None = None, limit: int | None = None, *, wish: bool = False) -> None:
        numbers = f": {used} tokens > {limit} maximum" if used and limit else ""
        super().__init__(f"prompt is too long{numbers}")
        self.used, self.limit, self.wish = used, limit, wish


class OutputTooLong(RequestError):
    """Only the input together with `max_tokens` is over the window. All three numbers are tokens."""

    def __init__(self, used: int, output: int, limit: int) -> None:
        super().__init__(
            f"input length and `max_tokens` exceed context limit: {used} + {output} > {limit}, "
            "decrease input length or `max_tokens` and try again"
        )
        self.used, self.output, self.limit = used, output, limit


class UpstreamError(RialtoError):
    """The vendor's fault. The message names the vendor and keeps its words."""

    status = 502


class Rejected(UpstreamError):
    """The vendor refused the request, the key or the payment (400, 401, 402, 403)."""

    status = 400


class RateLimited(UpstreamError):
    """The vendor's rate limit, or a quota that will not heal soon (then `should_retry` is False)."""

    status = 429


class Overloaded(UpstreamError):
    """The vendor is busy."""

    status = 529


class Unreachable(UpstreamError):
    """No connection to the vendor, or its address answers like something else."""


class TimedOut(UpstreamError):
    """The vendor did not answer in time."""

    status = 504


class Broke(UpstreamError):
    """The vendor's answer ended or became unreadable before it was complete."""


class Empty(Broke):
    """The vendor's answer is complete and holds nothing for the client, which says nothing of the vendor's health."""


class Fault(Exception):
    """An error object inside an answer, as a decoder found it; `refusals.refusal` makes the client's error of it."""

    def __init__(self, body: object) -> None:
        super().__init__("the answer holds an error")
        self.body = body
