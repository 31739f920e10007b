"""When a vendor that has both wires of OpenAI's answers by Responses."""

from __future__ import annotations

from urllib.parse import urlsplit

from translators.core.search import OwnSearch, searching
from translators.core.variables import Variable, one_of
from translators.core.vendor import Json, Protocol, Route
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_responses import OPENAI_RESPONSES
from translators.protocols.openai_responses.search import search_fields


def wire_name(text: str) -> str:
    """The form of a setting that names the wire."""
    return one_of("auto", "chat", "responses")(text.lower())


OPENAI_API = Variable(
    "OPENAI_API",
    "Wire of OpenAI, of the server at OPENAI_BASE_URL and of Azure's v1 address: chat, responses, or auto (OpenAI's "
    "and Azure's models in [responses] of conf/models.toml use Responses).",
    form=wire_name,
    extra="api",
)


def by_model(message: Json, route: Route, own_address: bool, row: str = "") -> Protocol:
    """`Route.extra["api"]` is chat, responses or auto. With auto the row of `[responses]` in `conf/models.toml` decides
    that `Route.extra["responses"]` holds, "always", "tools" or "never", else `row`, and only at the vendor's own
    address: other servers of this API rarely know Responses. There a request that wants to search uses Responses, which
    can.
    """
    wanted = route.extra.get("api", "auto")
    if wanted == "responses":
        return OPENAI_RESPONSES
    row = route.extra.get("responses", row) if wanted == "auto" and own_address else ""
    searches = wanted == "auto" and own_address and row != "never" and searching(message) is not None
    fits = searches or row == "always" or (row == "tools" and bool(message.get("tools")))
    return OPENAI_RESPONSES if fits else OPENAI_CHAT


def web_search(message: Json, route: Route) -> OwnSearch | None:
    """The search of a vendor with OpenAI's models, which only Responses has."""
    tool = searching(message) if uses_responses(route) else None
    return OwnSearch(fields=search_fields(tool)) if tool else None


def is_at(base: str, home: str) -> bool:
    """Whether an address is on a vendor's own host, in any of its regions."""
    host = urlsplit(base).hostname or ""
    return host == home or host.endswith(f".{home}")


def uses_responses(route: Route) -> bool:
    """Whether the route's requests go out as Responses."""
    return route.vendor.protocol is OPENAI_RESPONSES
