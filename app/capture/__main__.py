"""Plays the exchanges of a capture again: `python -m app.capture FILE [--id REQUEST_ID]`.

The status is 0 when every one of them gives the same bytes, 1 when one differs, 2 when one cannot be played.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from app.capture.difference import verdict
from app.capture.record import FORM
from app.capture.replay import replayed
from app.capture.routes import Unplayable
from app.upstream.framing import loads

SAME, DIFFERENT, UNPLAYABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Prints what differs and returns the exit status."""
    parser = argparse.ArgumentParser(prog="make replay", description="Plays captured exchanges again.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--id", default="", help="only the exchange with this request id")
    chosen = parser.parse_args(arguments)
    try:
        entries = [entry for entry in records(chosen.file) if entry.get("request_id", "").startswith(chosen.id)]
    except OSError as error:
        return complain(f"{chosen.file} cannot be read ({error.strerror})")
    if not entries:
        return complain(f"{chosen.file} holds no such exchange")
    return max([played(entry) for entry in entries])


def records(path: Path) -> Iterator[Mapping[str, Any]]:
    """The exchanges of a file; a line that is none is named and left out."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = loads(line)
                form = entry.get("form")
            except (orjson.JSONDecodeError, AttributeError):
                form = "unreadable"
            if form != FORM:
                complain(f"line {number}: no exchange of form {FORM} ({form})")
            else:
                yield entry


def played(entry: Mapping[str, Any]) -> int:
    """Plays one exchange and prints how it went."""
    title = " ".join(map(str, (entry["request_id"], entry["time"], *tried(entry), entry["answer"]["status"])))
    try:
        found = verdict(entry, replayed(entry))
    except Unplayable as reason:
        return complain(f"{title}: cannot be played: {reason}")
    if found.lines:
        print(f"{title}: differs", *(f"    {line}" for line in found.lines), sep="\n")
        return DIFFERENT
    print(f"{title}: {'the same shape' if found.shape else 'the same bytes'}")
    return SAME


def tried(entry: Mapping[str, Any]) -> Iterator[str]:
    """Where the exchange was to go, and how often a vendor was asked."""
    nowhere: dict[str, Any] = {"file": "", "vendor": {}, "route": {"model": ""}}
    route = entry["routes"][0] if entry["routes"] else nowhere
    yield f"{route['vendor'].get('name', route['file'])}/{route['route']['model']}"
    yield f"{len(entry['tries'])} {'try' if len(entry['tries']) == 1 else 'tries'}"


def complain(words: str) -> int:
    """Says what is wrong."""
    print(words, file=sys.stderr)
    return UNPLAYABLE


if __name__ == "__main__":
    logging.disable()  # the exchanges' own words; what differs is printed
    sys.exit(main())
