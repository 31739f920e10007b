"""The models that a client may call.

A row of `conf/clients.toml` names them as `vendor/model`, which is where a name leads, or by a plain name such as
`claude-haiku-*`. A name with a vendor in it is judged by where it leads alone, and so is one that the URL path
overrules: otherwise a client could dress a model in an allowed name.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.api.listing import Row
from app.catalog.catalog import Catalog, route_name
from app.catalog.names import without_bracket
from app.clients.rows import Client
from translators.core.errors import Forbidden
from translators.core.vendor import Route


def check_model(client: Client, route: Route, path_route: str | None = None) -> None:
    """Raises `Forbidden` for a model that the client may not call."""
    if not may_use(client, route, path_route):
        raise Forbidden(f"model: {route.alias} is not among the models of client {client.name}")


def may_use(client: Client, route: Route, path_route: str | None = None) -> bool:
    """Whether the client may call a model by the route's name."""
    return client.may_call(route_name(route)) or is_named(client, "" if path_route else route.alias)


def allowed_chain(client: Client, route: Route, chain: Sequence[Route]) -> Sequence[Route]:
    """The route and those of its fallbacks that the client may call. An allowed plain name brings its own along."""
    return [each for each in chain if may_stand_in(client, route, each)]


def may_stand_in(client: Client, route: Route, other: Route) -> bool:
    """Whether Rialto may ask another model too for a request along a route: to answer it, or to describe its images."""
    return not client.may_call(route_name(route)) or client.may_call(route_name(other))


def allowed_rows(client: Client, rows: Sequence[Row], catalog: Catalog) -> Sequence[Row]:
    """The rows of the list that the client may call."""
    if not client.models:
        return rows
    return [row for row in rows if client.may_call(route_name(catalog.resolve(row.id))) or is_named(client, row.id)]


def is_named(client: Client, name: str) -> bool:
    """Whether a plain name is among the row's."""
    plain = without_bracket(name)
    return bool(plain) and not {"/", ":"} & set(plain) and client.may_call(plain)
