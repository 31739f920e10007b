"""Reads `conf/models.toml` and `conf/vendors.toml`, and the user's own `*.local.toml` beside them, whose rows win."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from app.catalog.conf_schemas import Alias, Facts, ModelsSchema, Server, Tier, VendorsSchema
from app.catalog.routing import Rule
from app.settings.variables import SettingsError

#: Levels of Marshmallow's message tree that are not written in the files.
UNWRITTEN = frozenset({"key", "value", "_schema", "servers", "clients"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """The rows of all files. Keys of `models` and `overrides` are `vendor/model`, of `families` name prefixes."""

    aliases: Mapping[str, Alias]
    tiers: Mapping[str, Tier]
    models: Mapping[str, Facts]
    families: Mapping[str, str]
    substitutes: Mapping[str, tuple[str, ...]]
    """Setting of a class -> `vendor/model`s that take it where its own vendor cannot be called, in order."""
    own_aliases: frozenset[str]
    """The aliases, in lower case, and words of classes to which the user gave a model."""
    own_tiers: frozenset[str]
    responses: Mapping[str, str]
    """Prefixes of OpenAI's models -> when they use the Responses API: always, tools or never."""
    routing: tuple[Rule, ...] = ()
    servers: Mapping[str, Server]
    overrides: Mapping[str, Mapping[str, Any]]
    """Profile fields that differ for one model."""
    mentions: tuple[tuple[str, str], ...]
    """(place, vendor) for every vendor that a file of the user's names."""

    def responses_row(self, model: str) -> str:
        """The row of `[responses]` with the longest prefix of a model; "" when there is none."""
        fitting = [prefix for prefix in self.responses if model.lower().startswith(prefix.lower())]
        return self.responses[max(fitting, key=len)] if fitting else ""


def load_conf(folder: Path) -> Conf:
    """The rows of all files in the folder; missing files are empty. Raises SettingsError with all mistakes."""
    problems: list[str] = []
    models, own_models = read_rows(folder / "models.toml", ModelsSchema(), problems)
    vendors, _ = read_rows(folder / "vendors.toml", VendorsSchema(), problems)
    if problems:
        raise SettingsError(problems)
    return Conf(
        aliases={name: Alias(**row) for name, row in models["aliases"].items()},
        tiers={word: Tier(**row) for word, row in models["tiers"].items()},
        models={name: Facts(**row) for name, row in models["models"].items()},
        families=models["families"],
        substitutes={setting.lower(): tuple(names) for setting, names in models["substitutes"].items()},
        own_aliases=frozenset(name.lower() for name in _with_model(own_models.get("aliases", {}))),
        own_tiers=frozenset(_with_model(own_models.get("tiers", {}))),
        responses=models["responses"],
        routing=tuple(Rule(**row) for row in models["routing"]),
        servers={name: Server(**row) for name, row in vendors["servers"].items()},
        overrides=vendors["models"],
        mentions=(*_models_mentions(own_models), *_targets("vendors.toml: [models]", vendors["models"])),
    )


def read_rows(path: Path, schema: Schema, problems: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The checked rows of a file with those of its local sibling laid over them; and the sibling's alone."""
    local = path.with_suffix(".local.toml")
    shipped, own = _parsed(path, problems), _parsed(local, problems)
    found = len(problems)
    rows = _checked(path, shipped, schema, problems)
    own_rows = _checked(local, own, schema, problems, partial=True)
    if own and len(problems) == found:
        rows = _checked(local, _merged(shipped, own), schema, problems)
    return rows, own_rows


def _parsed(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return _opened(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"conf/{path.name}: {error}")
        return {}


def _opened(file: dict[str, Any]) -> dict[str, Any]:
    """An alias that is a text stands for a table with nothing but the model."""
    aliases = file.get("aliases")
    if not isinstance(aliases, dict):
        return file
    return {**file, "aliases": {name: {"model": row} if isinstance(row, str) else row for name, row in aliases.items()}}


def _checked(
    path: Path, rows: dict[str, Any], schema: Schema, problems: list[str], *, partial: bool = False
) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = schema.load(rows, partial=partial)
        return checked
    except ValidationError as error:
        problems.extend(f"conf/{path.name}: {line}" for line in _lines(error.messages))
        return {}


def _lines(errors: Any, place: tuple[str, ...] = ()) -> Iterator[str]:
    """One line for each mistake in Marshmallow's tree of messages, with the row it is in."""
    if not isinstance(errors, Mapping):
        yield f"{''.join(f'[{part}]' for part in place)} {' '.join(map(str, errors))}".strip()
        return
    for key, below in errors.items():
        yield from _lines(below, place if key in UNWRITTEN else (*place, str(key)))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are joined field by field; everything else is replaced."""
    joined = {key: _merged(below[key], value) for key, value in above.items() if _are_tables(below.get(key), value)}
    return {**below, **above, **joined}


def _are_tables(first: Any, second: Any) -> bool:
    return isinstance(first, Mapping) and isinstance(second, Mapping)


def _with_model(rows: Mapping[str, Any]) -> Iterator[str]:
    return (name for name, row in rows.items() if "model" in row)


def _models_mentions(rows: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    file = "models.local.toml:"
    for name, alias in rows.get("aliases", {}).items():
        yield from _targets(f"{file} [aliases] {name}", [alias["model"]] if "model" in alias else [])
    yield from _targets(f"{file} [models]", rows.get("models", {}))
    for setting, names in rows.get("substitutes", {}).items():
        yield from _targets(f"{file} [substitutes] {setting}", names)
    yield from ((f"conf/{file} [families] {prefix}", vendor) for prefix, vendor in rows.get("families", {}).items())


def _targets(place: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"conf/{place}", name.partition("/")[0]) for name in names)
