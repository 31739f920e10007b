"""Incoming: a file on its way in, written to disk piece by piece."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from translators.core.errors import TooLarge

FILE_MODE = 0o600


class Incoming:
    """What the parser of an upload writes to. `most` is its bytes, which `setting` sets."""

    def __init__(self, path: Path, most: int, setting: str) -> None:
        self.path = path
        self.size = 0
        self._most = most
        self._setting = setting
        self._file = open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE), "w+b")  # noqa: SIM115

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes) -> int:
        """Raises `TooLarge` beyond the limit."""
        self.size += len(data)
        if self.size > self._most:
            raise TooLarge(f"File exceeds what can be kept, {self._most // 1_000_000} MB ({self._setting} sets it)")
        return self._file.write(data)

    def seek(self, place: int) -> int:
        """Goes to a place; the parser goes back to the beginning."""
        return self._file.seek(place)

    def head(self, count: int) -> bytes:
        """The first bytes."""
        return self.whole().read(count)

    def whole(self) -> BinaryIO:
        """All of it, from its beginning; it closes with this."""
        self._file.flush()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Lets go of it; what was not kept is deleted."""
        try:
            self._file.close()  # writes what is left, for which a disk may have no room
        finally:
            self.path.unlink(missing_ok=True)
