"""The end of a worker: running streams finish, new requests on open connections go elsewhere."""

from __future__ import annotations

from flask import Flask, Response, current_app

from translators.core.errors import RialtoError

#: Seconds until the client asks again; by then another worker, or another server, takes the request.
RETRY_AFTER = 1


def init_app(app: Flask) -> None:
    """`STOPPING` in the configuration tells whether the worker ends; the server sets it where it can."""
    app.config.setdefault("STOPPING", lambda: False)
    app.before_request(refuse)
    app.after_request(part)


def refuse() -> None:
    """Raises the error with which a client tries again elsewhere; /health says so too."""
    if current_app.config["STOPPING"]():
        raise RialtoError("Rialto is stopping; ask again", status=503, retry_after=RETRY_AFTER, should_retry=True)


def part(response: Response) -> Response:
    """Closes the connection of a client whose server ends."""
    if current_app.config["STOPPING"]():
        response.headers["connection"] = "close"
    return response
