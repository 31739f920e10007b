"""countTokens: the exact number of input tokens of a request.

Source: https://ai.google.dev/api/tokens (read 2026-11-21).
"""

from __future__ import annotations

from translators.core.vendor import Count, Json, Route
from translators.protocols.gemini.address import method, resource
from translators.protocols.gemini.request import request

#: Only the answer depends on these.
UNCOUNTED = frozenset({"generationConfig", "toolConfig"})


def count_request(message: Json, route: Route) -> Json:
    """The body: a whole request under its model's name. A request that is only counted has no `max_tokens`."""
    body = request({"max_tokens": 1, **message}, route)
    counted = {key: value for key, value in body.items() if key not in UNCOUNTED}
    return {"generateContentRequest": {"model": resource(route.model), **counted}}


def total(answer: Json) -> int:
    """The number in an answer."""
    return int(answer["totalTokens"])


COUNT = Count(url=lambda base, route: method(base, route, "countTokens"), request=count_request, read=total)
