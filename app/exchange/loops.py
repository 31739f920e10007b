"""Request loops: a vendor address that points back at this server, directly or by way of others.

Every request to a vendor names the Rialtos that it has passed. A looped request is refused on whatever path it comes.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, request
from werkzeug.datastructures import Headers

from translators.core.errors import InvalidRequest

VIA = "x-rialto-via"


def init_app(app: Flask, instance: str) -> None:
    """Refuses every request that this `instance` has sent itself."""

    @app.before_request
    def refuse() -> None:
        if instance in passed(request.headers):
            raise InvalidRequest(
                "Request loop: a vendor address in the settings points back at this Rialto",
                status=508,
                should_retry=False,
            )


def passed(headers: Headers | Mapping[str, str]) -> list[str]:
    """The instances that a request with these headers has passed."""
    return [name.strip() for name in headers.get(VIA, "").split(",") if name.strip()]
