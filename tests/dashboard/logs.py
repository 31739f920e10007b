"""Log files as tests write them: real lines, by the real writer where rotation matters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.dashboard.engine.index import Index
from app.dashboard.engine.views import VIEWS
from tests.dashboard.generated import error_of, records

Record = dict[str, Any]
NOW = 1_795_255_200.0  # 2026-11-21 10:00 UTC


def sample(count: int, seed: int = 7, now: float = NOW) -> list[Record]:
    """Made-up usage lines, the oldest first."""
    return list(records(count, now, seed))


def written(folder: Path, lines: Sequence[Record], name: str = "usage.jsonl") -> Path:
    """A folder with these lines, and what belongs to those that failed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("ab") as file:
        file.writelines(encoded(line) for line in lines)
    if name == "usage.jsonl":
        written(folder, [error_of(line) for line in lines if line["error_type"]], "errors.jsonl")
    return folder


def encoded(line: Record) -> bytes:
    """One line of a file."""
    return json.dumps(line).encode() + b"\n"


def read(index: Index) -> Index:
    """The index, with everything read."""
    index.refresh()
    while index.missing:
        index.step()
    return index


def ids(index: Index) -> list[str]:
    """The exchanges that the index shows, in order."""
    found = index.connection.execute("SELECT request_id FROM usage WHERE time IS NOT NULL").fetchall()
    return sorted(name for (name,) in found)


def ask(index: Index, view: str, **question: Any) -> Record:
    """An answer about everything, if not asked otherwise."""
    return VIEWS[view](index, {"now": int(NOW * 1000), "range": "all", **question})
