"""The files of all clients, in a folder on disk.

Each file is two: `ID` holds the bytes, `ID.json` what is known of them, written last, so that a file is there wholly or
not at all. Ids begin with the time, so their order is that of the uploads. A client's files are in a folder whose name
is a hash; no name that a client gives becomes part of a path. There is no index and no lock, so the folder may be one
that several machines have mounted.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import orjson

from app.files.incoming import Incoming
from app.media.filed import Filed
from translators.core.errors import InvalidRequest, NotFound, TooLarge
from translators.core.pictures import media_type
from translators.core.vendor import Json

FOLDER_MODE, FILE_MODE = 0o700, 0o600
ID = re.compile(r"file_[0-9a-f]{12}[0-9a-zA-Z]{24}")
INCOMING = ".incoming"
#: Seconds after which half an upload is nobody's any more, and for which an expired file is still known as such.
ABANDONED, REMEMBERED = 24 * 3600.0, 30 * 24 * 3600.0
#: First bytes that are looked at to tell what a file is.
HEAD = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is known of a file; times are seconds since 1970, `size` is bytes."""

    id: str
    filename: str
    mime_type: str
    size: int
    created: float
    expires: float | None = None


class Expired(NotFound):
    """The file has expired, and its bytes with it."""

    details = {"error_code": "file_expired"}


class Files:
    """`folder` is made with the first file; None keeps no files. `most` is the bytes of all of them."""

    def __init__(self, folder: Path | None, most: int, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._most = most
        self._clock = clock

    def incoming(self, most: int) -> Incoming:
        """Takes the bytes of a new file, `most` of them. Raises `TooLarge` when there is no room at all."""
        if self._folder is None:
            raise InvalidRequest("files cannot be kept: there is no folder (BRIDGE_STATE_DIR)")
        self._tidy(self._folder)
        room = self._most - sum(path.stat().st_size for path in self._folder.glob("*/file_*"))
        if room <= 0:
            raise TooLarge("no more files can be kept (FILES_MB sets how much); delete some")
        folder = made(self._folder / INCOMING)
        setting = "MAX_FILE_MB" if most <= room else "FILES_MB"
        return Incoming(folder / secrets.token_hex(16), min(most, room), setting)

    def keep(self, client: str, incoming: Incoming, filename: str, declared: str, seconds: float | None) -> File:
        """Makes a file of what has come in. `declared` is its media type as the client says."""
        folder, now = made(self._place(client)), self._clock()
        file = File(
            id=f"file_{int(now * 1000):012x}{secrets.token_hex(12)}",
            filename=filename,
            mime_type=media_type(incoming.head(HEAD)) or declared,
            size=incoming.size,
            created=now,
            expires=None if seconds is None else now + seconds,
        )
        incoming.path.replace(folder / file.id)
        written(folder / f"{file.id}.json", orjson.dumps(asdict(file)))
        return file

    def find(self, client: str, id: str) -> File:
        """What is known of a client's file. Raises `NotFound`."""
        try:
            return File(**orjson.loads(self._path(client, id).with_suffix(".json").read_bytes()))
        except FileNotFoundError:
            raise missing(id) from None

    def content(self, client: str, id: str) -> Path:
        """Where the bytes of a client's file are. Raises `NotFound`, `Expired`."""
        file = self.find(client, id)
        path = self._path(client, id)
        if self._is_over(file) or not path.exists():
            raise Expired(f"File has expired: {id}")
        return path

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

    def all(self, client: str, ids: Iterable[str]) -> Iterator[File]:
        """What is known of those files that are still there."""
        for id in ids:
            with contextlib.suppress(NotFound):
                yield self.find(client, id)

    def of(self, client: str) -> Filed:
        """Finds the files that a client's messages name."""
        return partial(self._source, client)

    def _source(self, client: str, id: str) -> Json | None:
        try:
            data, file = self.content(client, id).read_bytes(), self.find(client, id)
        except (NotFound, FileNotFoundError):
            return None
        return {"type": "base64", "media_type": file.mime_type, "data": base64.b64encode(data).decode()}

    def _place(self, client: str) -> Path:
        """The folder of a client."""
        assert self._folder is not None
        return self._folder / hashlib.sha256(client.encode()).hexdigest()[:32]

    def _path(self, client: str, id: str) -> Path:
        if self._folder is None or not ID.fullmatch(id):
            raise missing(id)
        return self._place(client) / id

    def _is_over(self, file: File) -> bool:
        return file.expires is not None and file.expires <= self._clock()

    def _tidy(self, folder: Path) -> None:
        """Deletes the bytes of expired files, what is known of those that expired long ago, and half uploads."""
        now = self._clock()
        for path in folder.glob(f"{INCOMING}/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < now - ABANDONED:
                    path.unlink()
        for path, file in known(folder):
            if self._is_over(file):
                path.with_suffix("").unlink(missing_ok=True)
                if (file.expires or 0) < now - REMEMBERED:
                    path.unlink(missing_ok=True)


def known(folder: Path) -> Iterator[tuple[Path, File]]:
    """What is known of each file that will expire, and where that stands."""
    for path in folder.glob("*/file_*.json"):
        with contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            if b'"expires":null' not in data:
                yield path, File(**orjson.loads(data))


def missing(id: str) -> NotFound:
    """There is no such file, or it is another client's."""
    return NotFound(f"File not found: {id}")


def made(folder: Path) -> Path:
    """The folder and the one around it, which only their owner can read."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
    return folder


def written(path: Path, data: bytes) -> None:
    """Writes a small file in one step."""
    half = path.with_suffix(".half")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE), "wb") as file:
        file.write(data)
    half.replace(path)
