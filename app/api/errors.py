"""Every failure leaves in the Anthropic envelope: routes that do not exist, wrong methods, broken JSON, bugs.

``{"type": "error", "error": {"type", "message"}, "request_id"}`` with a `request-id` header. The error tree is in
`translators/core/errors.py`.
"""

from __future__ import annotations

import logging
import math
import uuid

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.api.sse import dumps
from translators.core.errors import InvalidRequest, MethodNotAllowed, NotFound, RialtoError, TooLarge

log = logging.getLogger("rialto")

#: Seconds. At a larger number Claude Code gives up at once.
MAX_RETRY_AFTER = 60


def init_app(app: Flask) -> None:
    """Registers the handlers and gives every answer its `request-id`."""
    app.register_error_handler(RialtoError, answer)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, bug)
    app.after_request(stamp)


def request_id() -> str:
    """The id of the running request."""
    if "request_id" not in g:
        g.request_id = f"req_{uuid.uuid4().hex[:24]}"
    return str(g.request_id)


def stamp(response: Response) -> Response:
    """The `request-id` header."""
    response.headers.setdefault("request-id", request_id())
    return response


def answer(error: RialtoError) -> Response:
    """The envelope with its status and the headers that steer the client's retries."""
    g.failure = error
    body = {**error.told(), "request_id": request_id()}
    response = Response(dumps(body), error.status, headers={**(error.limits or {})}, content_type="application/json")
    if error.retry_after is not None:
        response.headers["retry-after"] = str(min(MAX_RETRY_AFTER, math.ceil(error.retry_after)))
    if error.should_retry is not None:
        response.headers["x-should-retry"] = "true" if error.should_retry else "false"
    return response


def answer_http(error: HTTPException) -> Response:
    """The envelope for an error of the web framework; a 405 names the allowed methods in its header too."""
    response = answer(from_http(error))
    if allowed := getattr(error, "valid_methods", None):
        response.headers["allow"] = ", ".join(sorted(allowed))
    return response


def from_http(error: HTTPException) -> RialtoError:
    """An error of the web framework as one of ours."""
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"] // 1_000_000
        return TooLarge(f"Request exceeds the maximum size of {limit} MB (MAX_BODY_MB sets it)")
    match error.code:
        case 404:
            return NotFound(
                f"{request.method} {request.path}: no such endpoint. Use POST /v1/messages; "
                "ANTHROPIC_BASE_URL has no /v1 at its end."
            )
        case 405:
            allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
            return MethodNotAllowed(f"{request.method} is not allowed on {request.path}; allowed: {allowed}")
        case _:
            return InvalidRequest(error.description or "bad request", status=error.code or 400)


def bug(error: Exception) -> Response:
    """A defect of Rialto: the log gets the traceback, the client a plain sentence."""
    log.exception("unexpected failure in %s %s", request.method, request.path)
    return answer(RialtoError(f"Rialto failed unexpectedly ({type(error).__name__}); its log has the details"))
