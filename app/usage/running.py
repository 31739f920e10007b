"""The exchanges that run in this process, noted in a file that outlives it.

A killed worker cannot say what it was doing. So each keeps a file with one slot for every exchange that runs: what is
known is written when the exchange begins, and crossed out when its usage line has been written. The lock on the file
goes with the process, however that ends; whoever then gets the lock reads what was left.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from app.logs.file import FILE_MODE, make_folder

log = logging.getLogger("rialto")

#: Bytes of a slot. A slot never crosses a memory page, so that it is written wholly or not at all.
SLOT = 4096
FREE = b"\n"

Record = dict[str, Any]


class Running:
    """This process's file in a folder; it is made with the first exchange."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._process = 0
        self._fd = -1
        self._path: Path | None = None
        self._free: list[int] = []
        self._slots = 0
        self._failed = False

    def note(self, slot: int | None, record: bytes) -> int | None:
        """Writes a record into a slot, a free one for None, and returns its number; None when it cannot be written."""
        with self._lock:
            try:
                self._open()
                slot = self._taken() if slot is None else slot
                os.pwrite(self._fd, record[: SLOT - 1] + b"\n", slot * SLOT)
            except OSError as error:
                self._fail(error)
            return slot

    def strike(self, slot: int | None) -> None:
        """Crosses a slot out."""
        if slot is None:
            return
        with self._lock:
            if self._path is None:
                return
            try:
                os.pwrite(self._fd, FREE, slot * SLOT)
            except OSError as error:
                self._fail(error)
            self._free.append(slot)

    def close(self) -> None:
        """Removes the file; nothing runs any more."""
        with self._lock:
            if self._path is not None and self._process == os.getpid():
                self._path.unlink(missing_ok=True)
            self._let_go()

    def recover(self, save: Callable[[list[Record]], None]) -> None:
        """Gives the records that dead processes have left to `save`, and forgets them."""
        for path in sorted(self._folder.glob("[0-9]*")):
            try:
                adopt(path, save)
            except OSError as error:
                self._fail(error)

    def _taken(self) -> int:
        if self._free:
            return self._free.pop()
        self._slots += 1
        return self._slots - 1

    def _open(self) -> None:
        """A file of this process, locked before it has the name under which others look for it."""
        if self._process == os.getpid() and self._path is not None:
            return
        self._let_go()
        make_folder(self._folder)
        path = self._folder / f"{os.getpid()}.{secrets.token_hex(4)}"
        hidden = path.with_name(f".{path.name}")
        self._fd = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(path)
        except OSError:
            hidden.unlink()
            raise
        self._path, self._process = path, os.getpid()
        self._free, self._slots = [], 0

    def _let_go(self) -> None:
        """A later exchange would begin another file."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd, self._path = -1, None

    __del__ = _let_go

    def _fail(self, error: OSError) -> None:
        if not self._failed:
            log.warning("%s cannot be used (%s); a killed worker's exchanges go unseen", self._folder, error.strerror)
        self._failed = True


def adopt(path: Path, save: Callable[[list[Record]], None]) -> None:
    """Saves the records of a file whose process has ended, and removes it. Raises OSError."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_nlink:  # else another process has been faster
            if found := records(path.read_bytes()):
                save(found)
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return  # its process lives
    finally:
        os.close(fd)


def records(data: bytes) -> list[Record]:
    """What the taken slots say; one that cannot be read is left out."""
    found = []
    for begin in range(0, len(data), SLOT):
        line, _, _ = data[begin : begin + SLOT].partition(b"\n")
        if line.startswith(b"{"):
            try:
                found.append(orjson.loads(line))
            except orjson.JSONDecodeError:
                continue
    return found
