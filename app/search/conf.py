"""Reads `conf/search.toml` and the user's own `conf/search.local.toml`: which engines search, within what limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from marshmallow import Schema, ValidationError, post_load, validate
from marshmallow import fields as ma

from app.catalog.conf_files import read_rows
from app.catalog.conf_schemas import Address, Names
from app.search.engines import ENGINES, Kind
from app.settings.settings import ROOT, Settings, SettingsError
from app.settings.variables import header_value, web_address

FILE = ROOT / "conf" / "search.toml"


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that can be asked."""

    kind: Kind
    base_url: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConf:
    """`first` says who searches where a vendor could and an engine is there too. `seconds` is the time for one search
    at one engine, `fetch_seconds` for one page; `max_uses` is the limit for requests that name none.
    """

    first: Literal["vendor", "engine"] = "vendor"
    engines: tuple[Engine, ...] = ()
    results: int = 8
    seconds: float = 8.0
    fetch_seconds: float = 15.0
    max_uses: int = 8


class SearchSchema(Schema):
    """The file; unknown fields are refused."""

    first = ma.String(validate=validate.OneOf(["vendor", "engine"]), load_default="vendor")
    engines = Names(load_default=tuple(ENGINES))
    results = ma.Integer(strict=True, validate=validate.Range(1, 50), load_default=8)
    seconds = ma.Float(validate=validate.Range(0, 60, min_inclusive=False), load_default=8.0)
    fetch_seconds = ma.Float(validate=validate.Range(0, 120, min_inclusive=False), load_default=15.0)
    max_uses = ma.Integer(strict=True, validate=validate.Range(1, 50), load_default=8)
    addresses = ma.Dict(ma.String(validate=validate.OneOf(list(ENGINES))), Address(), load_default=dict)

    @post_load
    def check_engines(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Every engine is a known one, and named once."""
        names = row.get("engines", ())
        strangers = [name for name in names if name not in ENGINES]
        if strangers:
            words = f"No engine is called {', '.join(strangers)}. Known: {', '.join(ENGINES)}."
            raise ValidationError({"engines": [words]})
        if len(set(names)) < len(names):
            raise ValidationError({"engines": ["An engine is named twice."]})
        return row


def load_search(settings: Settings, path: Path = FILE) -> SearchConf:
    """The engines that have what they need, in order. Raises SettingsError with all mistakes: an engine that the user's
    own file names must have it.
    """
    problems: list[str] = []
    row, own = read_rows(path, SearchSchema(), problems)
    if problems:
        raise SettingsError(problems)
    engines = [engine for name in row["engines"] if (engine := ready(ENGINES[name], row, settings, problems))]
    problems += missing(own.get("engines", ()), engines)
    if problems:
        raise SettingsError(problems)
    known = {name: row[name] for name in ("first", "results", "seconds", "fetch_seconds", "max_uses")}
    return SearchConf(engines=tuple(engines), **known)


def ready(kind: Kind, row: Mapping[str, Any], settings: Settings, problems: list[str]) -> Engine | None:
    """The engine with its key or address; None while its variable is not set."""
    value = settings.variable(kind.variable)
    if not value:
        return None
    base_url = row["addresses"].get(kind.name, kind.base_url)
    try:
        if not kind.base_url:
            return Engine(kind, web_address(value))
        return Engine(kind, base_url, header_value(value))
    except ValidationError as error:
        problems.append(f"{kind.variable}: {' '.join(map(str, error.messages))}")
        return None


def missing(names: tuple[str, ...], engines: list[Engine]) -> Iterator[str]:
    """What the user's own file asks for and cannot have."""
    found = {engine.kind.name for engine in engines}
    for name in names:
        if name not in found:
            yield f"conf/search.local.toml: [engines] {name} needs {ENGINES[name].variable} to be set."
