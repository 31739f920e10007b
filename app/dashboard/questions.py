"""What a page may ask: the query string, checked, as a question for the engine."""

from __future__ import annotations

import time
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from app.dashboard.engine.selection import EQUAL, OUTCOMES, RANGES
from translators.core.errors import InvalidRequest

TABLES = ("models", "vendors", "sessions", "clients", "kinds", "places", "errors", "exchanges", "times")
#: Milliseconds since 1970: the year 9999, which every clock can show.
LATEST = 253_370_764_800_000
#: Milliseconds. Pages that ask within them ask the same, so the answer may be one that is remembered.
TICK = 5000

VALUE = validate.Length(max=300)
MOMENT = validate.Range(min=0, max=LATEST)

CONDITIONS: dict[str, fields.Field[Any]] = {
    **{name: fields.String(validate=VALUE) for name in EQUAL},
    "outcome": fields.String(validate=validate.OneOf(list(OUTCOMES))),
    "text": fields.String(validate=VALUE),
    "range": fields.String(validate=validate.OneOf(list(RANGES))),
    "from": fields.Integer(validate=MOMENT),
    "to": fields.Integer(validate=MOMENT),
    "zone": fields.Integer(validate=validate.Range(-24 * 60, 24 * 60)),
}
PAGE: dict[str, fields.Field[Any]] = {
    "table": fields.String(required=True, validate=validate.OneOf(TABLES)),
    "sort": fields.String(validate=VALUE),
    "down": fields.Boolean(),
    "page": fields.Integer(validate=validate.Range(0, 1_000_000)),
}
FORMS = {
    "choices": Schema.from_dict({})(unknown=EXCLUDE),
    "overview": Schema.from_dict(CONDITIONS)(unknown=EXCLUDE),
    "table": Schema.from_dict(CONDITIONS | PAGE)(unknown=EXCLUDE),
}


def question(view: str, asked: MultiDict[str, str]) -> dict[str, Any]:
    """The question that a query string asks. Raises `InvalidRequest`."""
    try:
        found: dict[str, Any] = FORMS[view].load(asked.to_dict())
    except ValidationError as error:
        name, reasons = next(iter(error.messages_dict.items()))
        raise InvalidRequest(f"{name}: {' '.join(map(str, reasons))}") from None
    now = -(-int(time.time() * 1000) // TICK) * TICK
    return {"view": view, "now": now, **found}
