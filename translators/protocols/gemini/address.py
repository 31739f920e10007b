"""The methods of a model: BASE/models/MODEL:METHOD."""

from __future__ import annotations

from urllib.parse import quote

from translators.core.vendor import Route


def resource(model: str) -> str:
    """The model's resource name, `models/MODEL`; one that is a resource name already stays as it is."""
    return model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"


def method(base: str, route: Route, name: str) -> str:
    """The address of one method."""
    return f"{base}/{quote(resource(route.model), safe='/-._~')}:{name}"


def generate(base: str, route: Route) -> str:
    """The address of an answer. Without `alt=sse` a stream would be one JSON array."""
    return method(base, route, "streamGenerateContent?alt=sse" if route.stream else "generateContent")
