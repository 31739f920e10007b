"""Files in a folder on disk, which may be one that several machines have mounted.

Each file is two: `ID` holds the bytes, `ID.json` what is known of them, written last, so that a file is there wholly or
not at all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import orjson

from app.files.incoming import FILE_MODE, Incoming
from app.files.store import ABANDONED, ID, REMEMBERED, File, Files, made, missing, over, place_of


class Folder(Files):
    """Keeps files in a folder."""

    def find(self, client: str, id: str) -> File:
        """What is known of a client's file. Raises `NotFound`."""
        try:
            return File(**orjson.loads(self._path(client, id).with_suffix(".json").read_bytes()))
        except FileNotFoundError:
            raise missing(id) from None

    def content(self, client: str, id: str) -> BinaryIO:
        """The bytes of a client's file. Raises `NotFound`, `Expired`."""
        if self._is_over(self.find(client, id)):
            raise over(id)
        try:
            return self._path(client, id).open("rb")
        except FileNotFoundError:
            raise over(id) from None

    def delete(self, client: str, id: str) -> None:
        """Forgets a client's file. Raises `NotFound`."""
        path = self._path(client, id)
        try:
            path.with_suffix(".json").unlink()
        except FileNotFoundError:
            raise missing(id) from None
        path.unlink(missing_ok=True)

    def ids(self, client: str) -> list[str]:
        """The ids of a client's files, the youngest first."""
        if self._folder is None:
            return []
        return sorted((path.stem for path in self._place(client).glob("file_*.json")), reverse=True)

    def _kept_bytes(self, wanted: int) -> int:
        """Bytes of all files, read from the disk each time."""
        assert self._folder is not None
        self._tidy(self._folder)
        return sum(found.st_size for _, found in there(self._folder))

    def _put(self, client: str, file: File, incoming: Incoming) -> None:
        path = made(self._place(client)) / file.id
        incoming.path.replace(path)
        try:
            written(path.with_suffix(".json"), orjson.dumps(asdict(file)))
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _whole(self, client: str, id: str) -> tuple[File, bytes]:
        with self.content(client, id) as stream:
            return self.find(client, id), stream.read()

    def _place(self, client: str) -> Path:
        """The folder of a client."""
        assert self._folder is not None
        return self._folder / place_of(client)

    def _path(self, client: str, id: str) -> Path:
        if self._folder is None or not ID.fullmatch(id):
            raise missing(id)
        return self._place(client) / id

    def _tidy(self, folder: Path) -> None:
        """Deletes the bytes of expired files, what is known of those that expired long ago, and what a dead process
        has left.
        """
        for path, found in there(folder):
            whole = path.suffix == ".json" or (not path.suffix and path.with_suffix(".json").exists())
            if not whole and found.st_mtime < self._clock() - ABANDONED:
                path.unlink(missing_ok=True)
        for path, file in known(folder):
            if self._is_over(file):
                path.with_suffix("").unlink(missing_ok=True)
                if (file.expires or 0) < self._clock() - REMEMBERED:
                    path.unlink(missing_ok=True)


def there(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The parts of all files; others may delete some meanwhile."""
    for path in folder.glob("*/file_*"):
        with contextlib.suppress(FileNotFoundError):
            yield path, path.stat()


def known(folder: Path) -> Iterator[tuple[Path, File]]:
    """What is known of each file that will expire, and where that stands."""
    for path in folder.glob("*/file_*.json"):
        with contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            if b'"expires":null' not in data:
                yield path, File(**orjson.loads(data))


def written(path: Path, data: bytes) -> None:
    """Writes a small file in one step."""
    half = path.with_suffix(".half")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE), "wb") as file:
            file.write(data)
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
