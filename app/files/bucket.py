"""Files in a bucket, for several machines.

Each file is one object, with what is known of it in its metadata, so that it is there wholly or not at all. Its id
tells when it ends, so a list of the keys is enough to count the bytes and to find what has expired; of that an empty
object stays for a while. The bytes of files that messages name are kept in memory; the bucket is asked each time
whether they still hold.
"""

from __future__ import annotations

import base64
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import orjson

from app.files.incoming import Incoming
from app.files.s3 import Objects
from app.files.store import ID, REMEMBERED, File, Files, Stream, missing, over, place_of
from app.media.cache import Bounded

#: The key of a file, below the prefix; `expires` is seconds since 1970, 0 for none. Other objects are not ours.
KEY = re.compile(r"[0-9a-f]{32}/(?P<id>file_[0-9a-f]{12}(?P<expires>[0-9a-f]{9})[0-9a-f]{15})")
#: Seconds for which a count of all bytes holds; what this process takes and deletes is reckoned in.
COUNTED = 60.0
#: Bytes of contents that a process keeps.
CACHED = 64 * 2**20
#: Questions at once for the page of a list.
AT_ONCE = 8


class Bucket(Files):
    """Keeps files as objects. What comes in waits in `folder`."""

    def __init__(
        self, objects: Objects, folder: Path | None, most: int, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(folder, most, clock)
        self.address = objects.address
        self._objects = objects
        self._cache: Bounded[tuple[str, File, bytes]] = Bounded(CACHED)
        self._bytes, self._counted = 0, float("-inf")
        self._lock = threading.Lock()

    def find(self, client: str, id: str) -> File:
        """What is known of a client's file. Raises `NotFound`."""
        about = self._objects.about(key_of(client, id))
        if about is None:
            raise missing(id)
        return file_of(id, about)

    def content(self, client: str, id: str) -> Stream:
        """The bytes of a client's file as the bucket sends them. Raises `NotFound`, `Expired`."""
        found = self._objects.opened(key_of(client, id))
        if found is None:
            raise missing(id)
        if self._is_over(file_of(id, found.about)):
            found.stream.close()
            raise over(id)
        return found.stream

    def delete(self, client: str, id: str) -> None:
        """Forgets a client's file. Raises `NotFound`."""
        file = self.find(client, id)
        self._objects.delete(key_of(client, id))
        self._reckon(0 if self._is_over(file) else -file.size)

    def ids(self, client: str) -> list[str]:
        """The ids of a client's files, the youngest first."""
        found = (KEY.fullmatch(key) for key, _ in self._objects.listed(f"{place_of(client)}/"))
        return sorted((match["id"] for match in found if match), reverse=True)

    def all(self, client: str, ids: Sequence[str]) -> Iterable[File]:
        """What is known of those files that are still there."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(filter(None, pool.map(lambda id: self._found(client, id), ids)))

    def check(self) -> None:
        """Writes, reads, lists and deletes an empty object. Raises `StorageFailed`."""
        key = f"check/{secrets.token_hex(16)}"
        self._objects.put(key, b"", "")
        self._objects.about(key)
        next(iter(self._objects.listed(key)), None)
        self._objects.delete(key)

    def _kept_bytes(self, wanted: int) -> int:
        """Bytes of all files as counted lately; counted anew when that is long ago, or would refuse somebody."""
        age = self._clock() - self._counted
        if not 0 <= age < COUNTED or self._bytes + wanted > self._most:
            counted = sum(self._living(key, size) for key, size in self._objects.listed(""))
            with self._lock:
                self._bytes, self._counted = counted, self._clock()
        return self._bytes

    def _living(self, key: str, size: int) -> int:
        """The bytes of an object that count; those of an expired file are deleted."""
        match, now = KEY.fullmatch(key), self._clock()
        expires = int(match["expires"], 16) if match else 0
        if match is None or not 0 < expires <= now:
            return size if match else 0
        if expires < now - REMEMBERED:
            self._objects.delete(key)
        elif size and (about := self._objects.about(key)) is not None:
            self._objects.put(key, b"", about)
        return 0

    def _put(self, client: str, file: File, incoming: Incoming) -> None:
        self._objects.put(key_of(client, file.id), incoming.whole(), about_of(file))
        self._reckon(file.size)

    def _reckon(self, size: int) -> None:
        with self._lock:
            self._bytes += size

    def _whole(self, client: str, id: str) -> tuple[File, bytes]:
        key = key_of(client, id)
        etag, file, data = self._cache.read(key) or ("", None, b"")
        found = self._objects.opened(key, etag)
        if found is None:
            raise missing(id)
        if file is None or not found.is_known:
            file, data = file_of(id, found.about), found.whole()
            self._cache.write(key, (found.etag, file, data), len(data))
        if self._is_over(file):
            raise over(id)
        return file, data


def key_of(client: str, id: str) -> str:
    """The key of a client's file below the prefix. Raises `NotFound` for an id that is none."""
    if not ID.fullmatch(id):
        raise missing(id)
    return f"{place_of(client)}/{id}"


def about_of(file: File) -> str:
    """What is known of a file, in the ASCII letters that metadata may have."""
    return base64.urlsafe_b64encode(orjson.dumps({**asdict(file), "id": None})).decode()


def file_of(id: str, about: str) -> File:
    """The file that was described so. Raises `NotFound` for an object that somebody else has put there."""
    if not about:
        raise missing(id)
    return File(**{**orjson.loads(base64.urlsafe_b64decode(about)), "id": id})
