"""GET /v1/models and /v1/models/{id}. Shape: https://platform.claude.com/docs/en/api/models-list (read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, request

from app.api import auth
from app.api.asked import rialto
from app.api.listing import Row, public_id
from app.api.messages import json_answer
from app.api.paging import parsed_page
from app.clients.models import allowed_rows, check_model
from translators.core.errors import InvalidRequest

models = Blueprint("models", __name__)

UNKNOWN_DATE = "1970-01-01T00:00:00Z"
EFFORTS = ("low", "medium", "high", "max", "xhigh")
THINKING_TYPES = ("adaptive", "between_tools", "disabled", "enabled")
#: Edits of the history that Rialto carries out where the vendor has none, and the one that only Anthropic does.
EDITS, SUMMARY = ("clear_thinking_20251015", "clear_tool_uses_20250919"), "compact_20260112"


@models.before_request
def check_key() -> None:
    """The list needs the client's key."""
    g.client = auth.check(request, rialto().keyring)


@models.get("/v1/models")
@models.get("/v1/v1/models")
@models.get("/<path:target>/v1/models")
@models.get("/<path:target>/v1/v1/models")
def listed(target: str = "") -> Response:
    """One page of the models that can be called now: under `/{vendor}:{model}` it is the only one."""
    catalog = rialto().catalog
    if ":" in target:
        rows: Sequence[Row] = (at_path(target),)
    else:
        rows = allowed_rows(g.client, catalog.models(rialto().own_models.models()), catalog)
    if (wanted := request.args.getlist("lifecycle")) and "active" not in wanted:
        rows = ()
    page, more = cut(rows, parsed_page(request))
    ids = [row.id for row in page]
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    data = [shown(row, has_engine()) for row in page]
    return json_answer({"data": data, "has_more": more, "first_id": first, "last_id": last})


@models.get("/v1/models/<path:name>")
@models.get("/v1/v1/models/<path:name>")
@models.get("/<path:target>/v1/models/<path:name>")
@models.get("/<path:target>/v1/v1/models/<path:name>")
def single(name: str, target: str = "") -> Response:
    """One model, by any name that POST /v1/messages takes; under `/{vendor}:{model}` they all mean that one."""
    if ":" in target:
        return json_answer(shown(replace(at_path(target), id=name), has_engine()))
    check_model(g.client, rialto().catalog.resolve(name))
    return json_answer(shown(rialto().catalog.model(name), has_engine()))


def at_path(target: str) -> Row:
    """The model that the path names as `vendor:model`. Raises what `resolve` raises, and `Forbidden`."""
    catalog = rialto().catalog
    route = catalog.resolve(target, target)
    check_model(g.client, route, target)
    return catalog.model(public_id(route.vendor.name, route.model))


def cut(rows: Sequence[Row], page: dict[str, Any]) -> tuple[Sequence[Row], bool]:
    """A page of the rows, and whether more follow in its direction."""
    limit = page["limit"]
    if page["before_id"]:
        end = position(rows, page, "before_id")
        return rows[max(end - limit, 0) : end], end > limit
    start = position(rows, page, "after_id") + 1 if page["after_id"] else 0
    return rows[start : start + limit], len(rows) > start + limit


def position(rows: Sequence[Row], page: dict[str, Any], parameter: str) -> int:
    """The index of the row that a parameter names."""
    found = next((index for index, row in enumerate(rows) if row.id == page[parameter]), None)
    if found is None:
        raise InvalidRequest(f"{parameter}: no model {page[parameter]!r} in the list")
    return found


def has_engine() -> bool:
    """Whether an engine of the user's own searches the web."""
    return rialto().means.web.searches


def shown(row: Row, engine: bool) -> dict[str, Any]:
    """A row in Anthropic's shape. With an `engine` every model can search the web."""
    return {
        "type": "model",
        "id": row.id,
        "display_name": row.display_name,
        "created_at": UNKNOWN_DATE,
        "lifecycle": "active",
        "line": row.line,
        "max_input_tokens": row.context_window,
        "max_tokens": row.max_output,
        "deprecated_at": None,
        "retires_at": None,
        "capabilities": capabilities(row, row.web_search or engine),
    }


def capabilities(row: Row, web_search: bool) -> dict[str, Any]:
    """What can be asked of the model through Rialto. Of Anthropic's models it is told what its API has; which of them
    has it is only known there.
    """
    web, own = supported(web_search), supported(row.genuine)
    return {
        "batch": supported(True),
        "citations": own,
        "code_execution": own,
        "image_input": supported(row.vision),
        "pdf_input": supported(row.documents),
        "structured_outputs": supported(True),
        "context_management": {**supported(True), **dict.fromkeys(EDITS, supported(True)), SUMMARY: own},
        "effort": {**supported(row.thinking), **dict.fromkeys(EFFORTS, supported(row.thinking))},
        "server_tools": {**supported(web_search or row.genuine), "web_search": web, "code_execution": own},
        "thinking": {**supported(row.thinking), "types": dict.fromkeys(THINKING_TYPES, supported(row.thinking))},
    }


def supported(value: bool) -> dict[str, bool]:
    """The form of an ability."""
    return {"supported": value}
