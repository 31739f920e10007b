"""Writes variables into `.env`: every other line stays, and nobody but its owner may read it."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

#: Values that need no quotes in any shell.
PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
MODE = 0o600


def store(path: Path, values: Mapping[str, str]) -> None:
    """Sets the variables in the file, in one step: whoever reads it sees the old text or the new. Raises OSError."""
    path = path.resolve()
    text = path.read_text("utf-8") if path.exists() else ""
    handle, name = tempfile.mkstemp(prefix=".env.", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(changed(text, values))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, MODE)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def changed(text: str, values: Mapping[str, str]) -> str:
    """The text with the variables set: where they stood, and at the end where they did not."""
    pieces = [(binding.key, binding.original.string) for binding in parse_stream(io.StringIO(text))]
    last = {key: place for place, (key, _) in enumerate(pieces) if key in values}
    lines = [
        replaced(original, str(key), values[str(key)]) if last.get(str(key)) == place else original
        for place, (key, original) in enumerate(pieces)
    ]
    return "".join(appended("".join(lines), {name: value for name, value in values.items() if name not in last}))


def replaced(original: str, name: str, value: str) -> str:
    """The line with another value; comments and empty lines that the parser took with it stay."""
    before, found = re.split(rf"(?m)^(?=[ \t]*(?:export[ \t]+)?['\"]?{re.escape(name)}\b)", original, maxsplit=1)
    export = "export " if found.lstrip().startswith("export") else ""
    tail = re.search(r"\n*\Z", found)
    return f"{before}{export}{name}={quoted(value)}{tail[0] if tail else ''}"


def appended(text: str, values: Mapping[str, str]) -> Iterator[str]:
    """The text with lines behind it."""
    yield text
    if values and text and not text.endswith("\n"):
        yield "\n"
    yield from (f"{name}={quoted(value)}\n" for name, value in values.items())


def quoted(value: str) -> str:
    """A value as .env files and shells read it alike."""
    if PLAIN.fullmatch(value) or not value:
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
