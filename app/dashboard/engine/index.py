"""What has been read of the log files, as DuckDB sees it: the view `usage` and the view `errors`.

Each part of a file becomes a Parquet file that is never changed, so any number of engines may share the folder, and
losing it costs a second reading. The unfinished last part of a file that still grows is kept in memory. New parts
are read from the youngest to the oldest, one `step()` at a time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from .columns import LOGS, TEXT, Log
from .files import LogFile, Part, found, parts

#: What DuckDB may hold; more goes to the index folder for a while.
MEMORY = "256MB"
THREADS = 4
#: Seconds after which a file that an engine was writing is one that its engine has left.
LEFT = 3600
NAME = re.compile(r"[0-9a-f]{16}")
#: Seconds after which an index that nothing was added to is one that nobody looks at.
FORGOTTEN = 30 * 86400
#: Longer lines hold no exchange; DuckDB refuses a file for their sake.
LONGEST = 1024 * 1024


class Index:
    """The logs of some folders, indexed in `folder`. Not for several threads."""

    def __init__(self, folder: Path, places: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        forget_others(folder)
        self.folder = folder
        self._places = places
        self._scratch = folder / f"reading.{os.getpid()}.json"
        self.connection = duckdb.connect(":memory:", config=configuration(folder))
        self.connection.execute("SET parquet_metadata_cache = true")
        self._shelves = [Shelf(log, self) for log in LOGS]

    def refresh(self) -> None:
        """Looks at the files. What has been added since the last look is in the views afterwards, old parts may still
        be missing.
        """
        for shelf in self._shelves:
            shelf.refresh(found(self._places, shelf.log.file))
        if not self.missing:
            self._sweep()

    def step(self) -> None:
        """Reads a part that is missing."""
        shelf = next(shelf for shelf in self._shelves if shelf.missing)
        shelf.step()

    @property
    def missing(self) -> int:
        """Bytes that have not been read yet."""
        return sum(shelf.missing_bytes for shelf in self._shelves)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(shelf.size for shelf in self._shelves)

    @property
    def version(self) -> str:
        """Another one after every change of the views."""
        return ".".join(str(shelf.version) for shelf in self._shelves)

    def begin_anew(self) -> None:
        """Forgets everything: a Parquet file is damaged or gone."""
        for path in self.folder.glob("*.parquet"):
            path.unlink(missing_ok=True)
        self._shelves = [Shelf(log, self) for log in LOGS]

    def close(self) -> None:
        """Ends."""
        self.connection.close()
        self._scratch.unlink(missing_ok=True)

    def selection(self, log: Log, part: Part, data: bytes) -> str:
        """The SQL that reads some lines. They are put into a file: DuckDB reads no others."""
        self._scratch.write_bytes(data)
        fields = ", ".join(f"{name}: '{kind}'" for name, kind in log.fields.items())
        source = f"read_json({text(self._scratch)}, format = 'newline_delimited', ignore_errors = true, "
        source += f"maximum_object_size = {2 * LONGEST}, columns = {{{fields}}})"
        kept = "* REPLACE (try_cast(time AS TIMESTAMP) AS time)"
        return f"SELECT {kept}, {text(part.file.place)}::{TEXT} AS place FROM {source}"

    def _sweep(self) -> None:
        """Removes what belongs to files that are gone."""
        kept = {path.name for shelf in self._shelves for path in shelf.paths()}
        for path in self.folder.iterdir():
            old = path.suffix == ".parquet" or path.stat().st_mtime < time.time() - LEFT
            if old and path.name not in kept and path.is_file():
                path.unlink(missing_ok=True)


class Shelf:
    """The files of one kind."""

    def __init__(self, log: Log, index: Index) -> None:
        self.log = log
        self.size = 0
        self.version = 0
        self.missing: deque[Part] = deque()
        self._index = index
        self._read: dict[str, Part] = {}
        self._tails: dict[str, Part] = {}
        """What is in memory, by the key of its file."""
        columns = ", ".join(f"{name} {kind}" for name, kind in log.columns.items())
        self._run(f"CREATE OR REPLACE TABLE {log.name}_tail (file {TEXT}, {columns})")
        self._show()

    @property
    def missing_bytes(self) -> int:
        """Bytes of the parts that have not been read."""
        return sum(part.end - part.begin for part in self.missing)

    def refresh(self, files: list[LogFile]) -> None:
        """Brings the view to the files as they are. The end of a file stays in memory until it is kept as a part."""
        self.size = sum(file.size for file in files)
        wanted = [part for file in files for part in parts(file)]
        tails = {part.file.key: part for part in wanted if part.file.live and not part.whole}
        kept = {part.name: part for part in wanted if part.whole or not part.file.live}
        before = self._read.keys()
        self._read = {name: part for name, part in kept.items() if name in before or self._path(part).exists()}
        self.missing = deque(part for name, part in kept.items() if name not in self._read)
        for part in [part for part in self.missing if self._was_tail(part)]:
            self._keep(part)
            self.missing.remove(part)
        changed = self._take(tails)
        if changed or self._read.keys() != before:
            self._show()

    def step(self) -> None:
        """Reads the youngest missing part."""
        self._keep(self.missing.popleft())
        self._show()

    def paths(self) -> Iterator[Path]:
        """The Parquet files that are in use."""
        return (self._path(part) for part in self._read.values())

    def _was_tail(self, part: Part) -> bool:
        tail = self._tails.get(part.file.key)
        return tail is not None and tail.begin == part.begin

    def _keep(self, part: Part) -> None:
        """Writes a part's Parquet file; it has its name only when it is complete."""
        path = self._path(part)
        unfinished = path.with_suffix(f".{os.getpid()}")
        data = part.read()
        if not data:
            return
        for lines in attempts(data):
            try:
                query = self._index.selection(self.log, part, lines)
                self._run(f"COPY ({query}) TO {text(unfinished)} (FORMAT parquet, COMPRESSION lz4_raw)")
                break
            except duckdb.InvalidInputException:
                continue
        unfinished.replace(path)
        self._read[part.name] = part

    def _take(self, tails: dict[str, Part]) -> bool:
        """Brings the lines in memory to the files' ends; whether they have changed."""
        gone = [key for key, part in self._tails.items() if key not in tails or not continues(part, tails[key])]
        for key in gone:
            self._run(f"DELETE FROM {self.log.name}_tail WHERE file = ?", key)
            del self._tails[key]
        grown = [part for key, part in tails.items() if self._end(key, part) < part.end]
        for part in grown:
            self._append(part, self._end(part.file.key, part))
        return bool(gone or grown)

    def _end(self, key: str, part: Part) -> int:
        return self._tails[key].end if key in self._tails else part.begin

    def _append(self, part: Part, begin: int) -> None:
        data = Part(part.file, part.number, begin, part.end, False).read()
        if not data:
            return
        for lines in attempts(data):
            try:
                query = self._index.selection(self.log, part, lines)
                self._run(f"INSERT INTO {self.log.name}_tail BY NAME SELECT ? AS file, * FROM ({query})", part.file.key)
                break
            except duckdb.InvalidInputException:
                continue
        self._tails[part.file.key] = part

    def _show(self) -> None:
        """The view as of now. Lines that are no exchange are rows without a time."""
        self.version += 1
        tail = f"SELECT * EXCLUDE (file) FROM {self.log.name}_tail"
        files = ", ".join(text(path) for path in self.paths())
        read = f"SELECT * FROM read_parquet([{files}]) UNION ALL BY NAME " if files else ""
        self._run(f"CREATE OR REPLACE VIEW {self.log.name} AS {read}{tail}")

    def _path(self, part: Part) -> Path:
        return self._index.folder / f"{self.log.name}-{part.name}.parquet"

    def _run(self, query: str, *values: Any) -> None:
        self._index.connection.execute(query, values or None)


def forget_others(folder: Path) -> None:
    """Removes the indexes of other folders that nobody has looked at for long. `reader.py` gives their names."""
    for other in folder.parent.iterdir():
        if NAME.fullmatch(other.name) and other != folder and other.stat().st_mtime < time.time() - FORGOTTEN:
            shutil.rmtree(other, ignore_errors=True)


def configuration(folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's settings. It fetches nothing and loads nothing."""
    return {
        "threads": min(THREADS, os.cpu_count() or 1),
        "memory_limit": MEMORY,
        "temp_directory": str(folder / f"spilled.{os.getpid()}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_file_cache": False,  # the file with new lines is another one each time
        "preserve_insertion_order": True,
    }


def attempts(data: bytes) -> Iterator[bytes]:
    """The lines as they are; then, when DuckDB cannot bear one of them, those that are JSON."""
    yield data
    yield b"".join(readable(data.split(b"\n")))


def readable(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that are JSON, written plainly, and an empty object for each other."""
    for line in filter(None, lines):
        try:
            value = json.loads(line) if len(line) < LONGEST else None
        except (ValueError, RecursionError):
            value = None
        yield (json.dumps(value) if isinstance(value, dict) else "{}").encode() + b"\n"


def continues(old: Part, new: Part) -> bool:
    """Whether a part is another one that has grown."""
    return (old.begin, old.number) == (new.begin, new.number) and old.end <= new.end


def text(value: object) -> str:
    """A text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
