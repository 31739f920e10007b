"""The files of all clients: what is true of them wherever their bytes lie (`folder.py`, `bucket.py`).

Ids begin with the time, so their order is that of the uploads. A client's files are in a place whose name is a hash; no
name that a client gives becomes part of a path or a key. There is no index and no lock, so several machines may share a
store. What comes in waits on this machine's disk until it is whole.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import math
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from app.files.incoming import Incoming
from app.media.filed import Filed
from translators.core.errors import InvalidRequest, NotFound, TooLarge
from translators.core.pictures import media_type
from translators.core.vendor import Json

FOLDER_MODE = 0o700
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


class Stream(Protocol):
    """Bytes to read. Whoever opened it closes it."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes, all of them below 0; b"" at the end."""

    def close(self) -> None:
        """Lets go of it."""


class Expired(NotFound):
    """The file has expired, and its bytes with it."""

    details = {"error_code": "file_expired"}


class Files(ABC):
    """`folder` is made with the first file and takes what comes in; None keeps no files. `most` is the bytes of all of
    them.
    """

    #: Where they lie when that is another machine, "" for a folder. It holds no secret.
    address = ""

    def __init__(self, folder: Path | None, most: int, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._most = most
        self._clock = clock

    def incoming(self, most: int) -> Incoming:
        """Takes the bytes of a new file, `most` of them. Raises `TooLarge` when there is no room at all."""
        if self._folder is None:
            raise InvalidRequest("files cannot be kept: there is no folder (BRIDGE_STATE_DIR)")
        forget_halves(self._folder / INCOMING, self._clock())
        room = self._most - self._kept_bytes(most)
        if room <= 0:
            raise TooLarge("no more files can be kept (FILES_MB sets how much); delete some")
        setting = "MAX_FILE_MB" if most <= room else "FILES_MB"
        return Incoming(made(self._folder / INCOMING) / secrets.token_hex(16), min(most, room), setting)

    def keep(self, client: str, incoming: Incoming, filename: str, declared: str, seconds: float | None) -> File:
        """Makes a file of what has come in. `declared` is its media type as the client says."""
        now = self._clock()
        expires = None if seconds is None else now + seconds
        file = File(
            id=new_id(now, expires),
            filename=filename,
            mime_type=media_type(incoming.head(HEAD)) or declared,
            size=incoming.size,
            created=now,
            expires=expires,
        )
        self._put(client, file, incoming)
        return file

    @abstractmethod
    def find(self, client: str, id: str) -> File:
        """What is known of a client's file. Raises `NotFound`."""

    @abstractmethod
    def content(self, client: str, id: str) -> Stream:
        """The bytes of a client's file. Raises `NotFound`, `Expired`."""

    @abstractmethod
    def delete(self, client: str, id: str) -> None:
        """Forgets a client's file. Raises `NotFound`."""

    @abstractmethod
    def ids(self, client: str) -> list[str]:
        """The ids of a client's files, the youngest first."""

    def all(self, client: str, ids: Sequence[str]) -> Iterable[File]:
        """What is known of those files that are still there."""
        return filter(None, (self._found(client, id) for id in ids))

    def of(self, client: str) -> Filed:
        """Finds the files that a client's messages name."""
        return partial(self._source, client)

    def check(self) -> None:
        """Tries everything that a store must do. Raises `RialtoError`."""
        return

    @abstractmethod
    def _kept_bytes(self, wanted: int) -> int:
        """Bytes of all files, where so many more are wanted; those of expired ones are deleted."""

    @abstractmethod
    def _put(self, client: str, file: File, incoming: Incoming) -> None:
        """Keeps a file wholly or not at all."""

    @abstractmethod
    def _whole(self, client: str, id: str) -> tuple[File, bytes]:
        """A file with its bytes. Raises `NotFound`, `Expired`."""

    def _found(self, client: str, id: str) -> File | None:
        with contextlib.suppress(NotFound):
            return self.find(client, id)
        return None

    def _source(self, client: str, id: str) -> Json | None:
        try:
            file, data = self._whole(client, id)
        except NotFound:
            return None
        return {"type": "base64", "media_type": file.mime_type, "data": base64.b64encode(data).decode()}

    def _is_over(self, file: File) -> bool:
        return file.expires is not None and file.expires <= self._clock()


def new_id(now: float, expires: float | None) -> str:
    """Milliseconds of the beginning, seconds of the end (0 for none), and chance."""
    return f"file_{int(now * 1000):012x}{math.ceil(expires or 0):09x}{secrets.token_hex(8)[:15]}"


def place_of(client: str) -> str:
    """The name of the place where a client's files are."""
    return hashlib.sha256(client.encode()).hexdigest()[:32]


def missing(id: str) -> NotFound:
    """There is no such file, or it is another client's."""
    return NotFound(f"File not found: {id}")


def over(id: str) -> Expired:
    """There is no such file any more."""
    return Expired(f"File has expired: {id}")


def made(folder: Path) -> Path:
    """The folder and the one around it, which only their owner can read."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
    return folder


def forget_halves(folder: Path, now: float) -> None:
    """Deletes half uploads of processes that died."""
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < now - ABANDONED:
                path.unlink()
