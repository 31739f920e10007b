"""Which of the client's headers travel on."""

from __future__ import annotations

from collections.abc import Mapping

from translators.core.vendor import Route

VERSION = "anthropic-version"
BETA = "anthropic-beta"
OLDEST_VERSION = "2023-06-01"
#: Beginnings of the headers that are meant for Anthropic.
OWN = ("anthropic-", "x-claude-code-")
#: The mark of a large window behind a model's name, and the beta that stands for it.
LARGE, LARGE_WINDOW, LARGE_BETA = "[1m]", "context-1m", "context-1m-2025-08-07"


def headers(client: Mapping[str, str], route: Route) -> dict[str, str]:
    """All that is meant for Anthropic, when it is Anthropic that is asked; else the version and the betas that the
    endpoint knows.
    """
    version = {VERSION: client.get(VERSION) or OLDEST_VERSION}
    wished = client.get(BETA, "")
    if route.profile.genuine:
        own = {name: value for name, value in client.items() if name.startswith(OWN)}
        return own | version | said(with_large_window(wished, route.alias))
    betas = [beta.strip() for beta in wished.split(",")]
    return version | said(",".join(beta for beta in betas if beta in route.profile.betas))


def with_large_window(betas: str, alias: str) -> str:
    """The betas, with the one that the mark behind a model's name stands for."""
    if not alias.endswith(LARGE) or LARGE_WINDOW in betas:
        return betas
    return ",".join(filter(None, (betas, LARGE_BETA)))


def said(betas: str) -> dict[str, str]:
    """The header; none without a beta."""
    return {BETA: betas} if betas else {}
