"""The rows of `[[routing]]` in `conf/models.toml`: their form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, time
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, post_load, validate, validates_schema
from marshmallow import fields as ma

from app.catalog.routing import DAYS, KINDS, Hours

VENDOR_AND_MODEL = validate.Regexp(r"^[^/\s]+/\S+$", error="Write it as vendor/model.")
SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class HoursSchema(Schema):
    """The fields that say when something holds."""

    hours = ma.String()
    zone = ma.String()
    days = ma.List(ma.String(validate=validate.OneOf(DAYS)), validate=validate.Length(min=1))


class RoutingSchema(HoursSchema):
    """One row."""

    model = ma.String(validate=VENDOR_AND_MODEL)
    cheapest = ma.List(ma.String(validate=VENDOR_AND_MODEL), validate=validate.Length(min=2))
    kind = ma.String(validate=validate.OneOf(KINDS))
    names = ma.List(ma.String(validate=validate.Length(min=1)), validate=validate.Length(min=1))
    over = ma.Integer(strict=True, validate=validate.Range(min=1))

    @validates_schema(skip_on_field_errors=True)
    def check(self, row: dict[str, Any], **_: Any) -> None:
        """The fields go together."""
        if ("model" in row) == ("cheapest" in row):
            raise ValidationError("Write either model or cheapest.")
        if row.get("kind") == "long_context" and "over" not in row:
            raise ValidationError("long_context needs over, a number of tokens.", "over")
        if ("hours" in row) != ("zone" in row):
            raise ValidationError("hours and zone go together: a time means nothing without its zone.")
        if "days" in row and "hours" not in row:
            raise ValidationError("days need hours.", "days")
        if not row.keys() & {"kind", "over", "hours", "cheapest"}:
            raise ValidationError("The row says no kind, over, hours or cheapest: an alias would do the same.")

    @post_load
    def build(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The fields of the rule."""
        models = (row["model"],) if "model" in row else tuple(row["cheapest"])
        made = {"models": models, "hours": hours(row) if "hours" in row else None, "names": tuple(row.get("names", ()))}
        return {**made, **{key: row[key] for key in ("kind", "over") if key in row}}


def hours(row: Mapping[str, Any]) -> Hours:
    """The times of a row. Raises ValidationError for what is no time or no zone."""
    try:
        zone = UTC if row["zone"] == "UTC" else ZoneInfo(row["zone"])  # a system may have no list of zones
    except (OSError, ValueError, KeyError):
        raise ValidationError("Not the name of a zone, such as Asia/Shanghai or UTC.", "zone") from None
    days = frozenset(map(DAYS.index, row.get("days", DAYS)))
    return Hours(tuple(span(text) for text in row["hours"].split(",")), zone, days)


def span(text: str) -> tuple[time, time]:
    """`09:00-18:00` as two times. Raises ValidationError for anything else."""
    found = SPAN.fullmatch(text.strip())
    if found is None or found[0][:5] == found[0][6:]:
        raise ValidationError(f"{text.strip()!r} is no span of time, such as 09:00-18:00.", "hours")
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
