"""The rows of `conf/clients.toml`: one client each, its key only as a hash."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, pre_load, validate
from marshmallow import fields as ma

from app.catalog.conf_files import read_rows
from app.catalog.conf_schemas import Names

#: The holder of BRIDGE_API_KEY, and everybody where no key is asked for. Its row sets limits and holds no key.
DEFAULT = "default"
KEY_HASH = validate.Regexp(r"^sha256:[0-9a-f]{64}$", error="Write it as sha256:..., as `make client` prints it.")
NAME = validate.Regexp(r"^[a-z0-9][a-z0-9._-]*$", error="A client's name is made of a-z, 0-9, ., - and _.")
COUNT = validate.Range(min=1)
MONEY = validate.Range(min=0, min_inclusive=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Limits are None where there is none. `models` are names with * and ?; () is every model. `expires` has a zone."""

    name: str
    key_hash: str = field(default="", repr=False)
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    daily_usd: float | None = None
    monthly_usd: float | None = None
    daily_tokens: int | None = None
    monthly_tokens: int | None = None
    models: tuple[str, ...] = ()
    expires: datetime.datetime | None = None

    @property
    def has_rates(self) -> bool:
        """Whether its minutes are counted."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    @property
    def has_budget(self) -> bool:
        """Whether its days or months are counted."""
        budgets = (self.daily_usd, self.monthly_usd, self.daily_tokens, self.monthly_tokens)
        return any(limit is not None for limit in budgets)

    def may_call(self, *names: str) -> bool:
        """Whether one of a model's names is among those of the row."""
        patterns = [pattern.lower() for pattern in self.models]
        return not patterns or any(fnmatchcase(name.lower(), pattern) for name in names for pattern in patterns)


class Moment(ma.Field[datetime.datetime]):
    """A date, which means its end, or a date with a time; without a zone both are UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> datetime.datetime:
        if isinstance(value, datetime.datetime):
            return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        if isinstance(value, datetime.date):
            day = datetime.datetime.combine(value, datetime.time(), datetime.UTC)
            return day + datetime.timedelta(days=1)
        raise ValidationError("Write a date without quotes, like 2027-01-31.")


class ClientSchema(Schema):
    """One table."""

    key_hash = ma.String(validate=KEY_HASH)
    requests_per_minute = ma.Integer(strict=True, validate=COUNT)
    tokens_per_minute = ma.Integer(strict=True, validate=COUNT)
    daily_usd = ma.Float(validate=MONEY)
    monthly_usd = ma.Float(validate=MONEY)
    daily_tokens = ma.Integer(strict=True, validate=COUNT)
    monthly_tokens = ma.Integer(strict=True, validate=COUNT)
    models = Names(validate=validate.Length(min=1))
    expires = Moment()


class ClientsSchema(Schema):
    """`conf/clients.toml`, its tables gathered in one."""

    clients = ma.Dict(ma.String(validate=NAME), ma.Nested(ClientSchema), load_default=dict)

    @pre_load
    def gather(self, file: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Every table is a client."""
        return {"clients": file}


def load_clients(file: Path, problems: list[str]) -> Mapping[str, Client]:
    """Name -> client, of the file and its local sibling; a missing file is empty. Mistakes are added to `problems`."""
    rows, _ = read_rows(file, ClientsSchema(), problems)
    clients = {name: Client(name=name, **row) for name, row in rows.get("clients", {}).items()}
    problems.extend(f"conf/{file.name}: {problem}" for problem in key_problems(clients))
    return clients


def key_problems(clients: Mapping[str, Client]) -> Iterator[str]:
    """Rows without a key, with the key of another one, or with one where none belongs."""
    owners: dict[str, str] = {}
    for name, client in clients.items():
        if name == DEFAULT:
            if client.key_hash or client.expires:
                yield f"[{DEFAULT}] has the key BRIDGE_API_KEY, no key_hash and no expiry."
        elif not client.key_hash:
            yield f"[{name}] has no key_hash; `make client NAME={name}` makes a key."
        elif owners.setdefault(client.key_hash, name) != name:
            yield f"[{name}] has the key_hash of [{owners[client.key_hash]}]."
