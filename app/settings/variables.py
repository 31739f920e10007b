"""Reads environment variables one by one and keeps every mistake, so that all of them are reported together."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError

from translators.core import variables as forms
from translators.core.variables import Form

T = TypeVar("T")

HEADER_PREFIX = "CUSTOM_HEADER_"


class SettingsError(Exception):
    """Mistakes in the environment or in `conf/`; `problems` holds one line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Rialto cannot start with these settings:\n{lines}")


class Variables(Env):
    """The variables of one mapping. An empty value counts as not set; `names` collects what was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(eager=False)
        self.given = values
        self.names: list[str] = []

    def _get_value(self, env_key: str, default: Any) -> Any:
        self.names.append(env_key)
        return self.given.get(env_key, "").strip() or default

    def parsed(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """The value brought to its form by `parse`, which raises ValidationError with the reason of a refusal."""
        text = self._get_value(name, "")
        try:
            return parse(text) if text else default
        except ValidationError as error:
            self._errors[name][:] = error.messages
            return default

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """What follows the prefix -> value, for every variable that is set."""
        found = {name: value.strip() for name, value in self.given.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix): value for name, value in found.items() if value}

    def problems(self) -> list[str]:
        """One line for each mistake so far."""
        try:
            self.seal()
        except EnvValidationError as error:
            reasons: Any = error.error_messages
            return [f"{name}: {' '.join(map(str, words))}" for name, words in reasons.items()]
        return []


def validated(form: Form) -> Form:
    """The form with the errors of Marshmallow and environs."""

    def parse(text: str) -> str:
        try:
            return form(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    return parse


header_value = validated(forms.header_value)
web_address = validated(forms.web_address)


def redis_address(text: str) -> str:
    """The address of a Redis server."""
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValidationError("must be an address that begins with redis://, rediss:// or unix://.")
    return text


def name_table(text: str) -> dict[str, str]:
    """A JSON object of texts: client's model name -> model name."""
    try:
        table = json.loads(text)
    except ValueError as error:
        raise ValidationError(f"is not valid JSON ({error}).") from None
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise ValidationError('must be a JSON object of names, like {"claude-opus-5": "vendor/model"}.')
    return {name: value.strip() for name, value in table.items()}


def name_table_file(path: str) -> dict[str, str]:
    """The same, from a file."""
    try:
        return name_table(Path(path).expanduser().read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ValidationError(f"cannot read {path} ({reason}).") from None


def existing_file(path: str) -> Path:
    """The path of a file."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValidationError(f"{path} is no file.")
    return file


def names(text: str) -> tuple[str, ...]:
    """Names, separated by commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def concurrency(text: str) -> dict[str, int]:
    """`20,ollama=2`: vendor -> number, "" -> the number of all others."""
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.rpartition("=")
        if not number.strip().isdecimal() or int(number) < 1:
            raise ValidationError(f"{part!r} is not a number of 1 or more, nor vendor=number.")
        found[name.strip().lower().replace("-", "_")] = int(number)
    return found


def custom_headers(variables: Variables) -> dict[str, str]:
    """Header name -> value: CUSTOM_HEADER_X_TEAM becomes X-Team."""
    words = variables.with_prefix(HEADER_PREFIX)
    return {_header_name(word): variables.parsed(HEADER_PREFIX + word, header_value, "") for word in words}


def _header_name(word: str) -> str:
    return "-".join(part.capitalize() for part in word.split("_"))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(address: str | tuple[Any, ...]) -> str:
    """The host of a server's address: "host", "host:port", "[::1]:port", (host, port), or "unix:..." (localhost)."""
    if isinstance(address, tuple):
        return str(address[0])
    if address.startswith(("unix:", "fd://", "/")):
        return "localhost"
    if address.startswith("[") or address.count(":") <= 1:
        return urlsplit(f"//{address}").hostname or ""
    return address
