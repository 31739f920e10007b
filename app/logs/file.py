"""A file of lines that several processes write: one append for each line, rotated by size, nothing buffered.

`O_APPEND` puts every write behind all others (POSIX write(2)), so that lines never mix. A full file is renamed under a
lock that nobody waits for; the others see by its inode that a new one has taken its place. A line that is written while
its file is being renamed is found in the renamed file.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import mmap
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

log = logging.getLogger("rialto")

FOLDER_MODE, FILE_MODE = 0o700, 0o600
UNWRITTEN = "%s cannot be written (%s); its lines are lost until it can"
FULL = "%s is full and cannot be renamed (%s); it grows"


class LineFile:
    """`path` takes the lines; older ones are beside it as NAME.1, NAME.2 and so on, the youngest first.

    `most` is the size in bytes at which a file is full, `kept` the number of full files. A file that cannot be written
    costs one warning and no error.
    """

    def __init__(self, path: Path, most: int, kept: int) -> None:
        self._path = path
        self._most = most
        self._kept = kept
        self._lock = threading.RLock()  # the end of a stream may come from the garbage collector, inside of `append`
        self._fd = -1
        self._known: tuple[int, int] | None = None
        self._begin = b""
        self._failing = set[str]()

    def append(self, line: bytes) -> None:
        """Writes a line, which ends in a line feed."""
        with self._lock:
            try:
                self._place(len(line))
                data, self._begin = self._begin + line, b""
                if os.write(self._fd, data) < len(data):
                    self._begin = b"\n"  # so that the rest of this line spoils no other
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._failing.discard(UNWRITTEN)
            except OSError as error:
                self._fail(UNWRITTEN, error)

    def close(self) -> None:
        """Lets go of the file; another line would open it again."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd, self._known = -1, None

    __del__ = close

    def holds(self, texts: Iterable[bytes], since: float) -> set[bytes]:
        """Those of some texts that stand in lines written after `since`, in seconds since 1970."""
        wanted, found = set(texts), set[bytes]()
        for path in self._files():
            if wanted - found and written_after(path, since):
                found |= set(contained(path, wanted - found))
        return found

    def _place(self, size: int) -> None:
        """Sees to it that the file is open, is still the one at its path and has room."""
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != self._known:
            there = self._open()
        if there.st_size and there.st_size + size > self._most:
            self._rotate(there)

    def _open(self) -> os.stat_result:
        make_folder(self._path.parent)
        self.close()
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        there = os.fstat(self._fd)
        self._known = (there.st_dev, there.st_ino)
        return there

    def _rotate(self, full: os.stat_result) -> None:
        """Puts the full file aside, unless another process does. One that stays where it is takes more lines."""
        try:
            lock = os.open(self._beside("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.stat(self._path), full):
                    self._shift()
                self._open()
                self._failing.discard(FULL)
            finally:
                os.close(lock)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(FULL, error)

    def _shift(self) -> None:
        """Numbers the full files anew; the oldest goes when there is no number left."""
        gap = next((number for number in range(1, self._kept) if not self._beside(number).exists()), self._kept)
        for number in range(gap - 1, 0, -1):
            os.replace(self._beside(number), self._beside(number + 1))
        os.replace(self._path, self._beside(1))
        for path in self._numbered():
            if int(path.suffix[1:]) > self._kept:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        """The youngest first, so that a rotation meanwhile hides none."""
        yield self._path
        yield from sorted(self._numbered(), key=lambda path: int(path.suffix[1:]))

    def _numbered(self) -> Iterator[Path]:
        pattern = f"{self._path.name}.*"
        return (path for path in self._path.parent.glob(pattern) if path.suffix[1:].isdecimal())

    def _beside(self, ending: str | int) -> Path:
        return self._path.with_name(f"{self._path.name}.{ending}")

    def _fail(self, what: str, error: OSError) -> None:
        if what not in self._failing:
            log.warning(what, self._path, error.strerror)
        self._failing.add(what)


def make_folder(folder: Path) -> None:
    """The folder and the one that it is in, for their owner only where they are new."""
    for path in (folder.parent, folder):
        path.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)


def written_after(path: Path, since: float) -> bool:
    """The file has a byte that was written later than that."""
    try:
        found = path.stat()
    except OSError:
        return False
    return bool(found.st_size) and found.st_mtime >= since


def contained(path: Path, texts: Iterable[bytes]) -> Iterator[bytes]:
    """The texts that stand in a file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from (text for text in texts if data.find(text) >= 0)
