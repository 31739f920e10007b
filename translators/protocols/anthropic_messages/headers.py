"""Which of the client's headers travel on."""

from __future__ import annotations

from collections.abc import Mapping

from translators.core.vendor import Route

VERSION = "anthropic-version"
BETA = "anthropic-beta"
OLDEST_VERSION = "2023-06-01"
#: Beginnings of the headers that are meant for Anthropic.
OWN = ("anthropic-", "x-claude-code-")


def headers(client: Mapping[str, str], route: Route) -> dict[str, str]:
    """All that is meant for Anthropic, when it is Anthropic that is asked; else the version and the betas that the
    endpoint knows.
    """
    version = {VERSION: client.get(VERSION) or OLDEST_VERSION}
    if route.profile.genuine:
        return {name: value for name, value in client.items() if name.startswith(OWN)} | version
    wished = [beta.strip() for beta in client.get(BETA, "").split(",")]
    known = [beta for beta in wished if beta in route.profile.betas]
    return version | ({BETA: ",".join(known)} if known else {})
