"""Environment variables as vendors declare them, and the forms of their values.

A form brings a text to its one spelling. It raises ValueError with words that follow the variable's name, such as
"must be an address ...". Nothing is read here: the shell asks the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from urllib.parse import urlsplit, urlunsplit

Form = Callable[[str], str]

ON = frozenset({"1", "t", "true", "y", "yes", "on"})
OFF = frozenset({"0", "f", "false", "n", "no", "off"})


def header_value(text: str) -> str:
    """A text that an HTTP header may carry."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("has characters that an HTTP header cannot carry.")
    return text


def web_address(text: str) -> str:
    """An http(s) address without a slash at the end of its path; a query string is kept."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in text):
        raise ValueError("must be an address that begins with http:// or https://.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), parts.query, ""))


def on_or_off(text: str) -> str:
    """ "true" or "false"."""
    if text.lower() not in ON | OFF:
        raise ValueError("Not a valid boolean.")
    return "true" if text.lower() in ON else "false"


def only_on(text: str) -> str:
    """ "true", or "" for off, which is the same as not set."""
    return "true" if on_or_off(text) == "true" else ""


def positive(text: str) -> str:
    """A whole number, 1 at least."""
    try:
        number = int(text)
    except ValueError:
        raise ValueError("Not a valid integer.") from None
    if number < 1:
        raise ValueError("Must be greater than or equal to 1.")
    return str(number)


def one_of(*choices: str) -> Form:
    """The form of a few words."""

    def form(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}.")
        return text

    return form


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of a vendor's own, beside those of its key and address.

    Its value goes into `Route.extra` under the key `extra`, or into every request as the header `header`. An empty
    value goes nowhere. Vendors may share a variable: they declare the same value.
    """

    name: str
    meaning: str
    """What it does, one sentence: the comment of `conf/env.example`."""
    _: KW_ONLY
    form: Form = header_value
    default: str = ""
    """Its value when it is not set."""
    extra: str = ""
    header: str = ""
