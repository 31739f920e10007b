"""Lists in pages: `limit` with `after_id` or `before_id`."""

from __future__ import annotations

from typing import Any

from flask import Request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from translators.core.errors import InvalidRequest


class PageSchema(Schema):
    """The query string of a list."""

    class Meta:
        unknown = EXCLUDE

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 1000))
    after_id = fields.String(load_default="")
    before_id = fields.String(load_default="")


PAGE = PageSchema()


def parsed_page(request: Request) -> dict[str, Any]:
    """The checked query string. Raises InvalidRequest that names the parameter."""
    try:
        page: dict[str, Any] = PAGE.load(request.args.to_dict())
    except ValidationError as error:
        name, words = next(iter(error.normalized_messages().items()))  # type: ignore[no-untyped-call]
        raise InvalidRequest(f"{name}: {' '.join(words)}") from None
    if page["after_id"] and page["before_id"]:
        raise InvalidRequest("after_id: cannot be used together with before_id")
    return page
