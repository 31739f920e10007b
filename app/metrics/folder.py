"""The folder in which the server's processes keep their numbers.

`prometheus_client` maps a file of each process into memory; where PROMETHEUS_MULTIPROC_DIR is set as it is imported, it
does so (https://prometheus.github.io/client_python/multiprocess/, read 2026-11-21). The master makes the folder and
takes it away. When a process ends, its counts are added to those of all that ended before, so that files do not pile
up, and its gauges go. A lock on the folder, which all processes inherit, ends with the last of them: what a killed
server has left is swept by the next one.

A page of a file that has no room on the disk kills the process that writes it, so room is taken before.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "rialto-metrics-"
LOCK, TURN = "lock", "turn"
#: Files with what adds up over processes, and the one with what is true of living ones only.
SUMS, LIVE = ("counter", "histogram"), "gauge_livesum"
#: The name of all dead processes together.
DEAD = "dead"
#: Bytes of a file: about 5,000 numbers.
ROOM = 1024 * 1024
#: Bytes before a file's first number; the first four say how many bytes are used.
HEAD = 8

log = logging.getLogger("rialto")


class Folder:
    """The folder of a server."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._master = os.getpid()

    def reserve(self, process: int | str, *kinds: str) -> None:
        """Takes the room of a process's files. Raises OSError."""
        for kind in kinds or (*SUMS, LIVE):
            with suppress(FileExistsError), self._file(kind, process).open("xb") as file:
                file.write(bytes(ROOM))

    def bury(self, process: int) -> None:
        """A process has ended. Where its counts cannot be added to the others they stay where they are."""
        try:
            self._file(LIVE, process).unlink(missing_ok=True)
            with self.turn(fcntl.LOCK_EX):
                for kind in SUMS:
                    add(self._file(kind, process), self._file(kind, DEAD))
        except Exception as error:
            log.warning("the metrics of process %d stay in a file of their own (%s)", process, error)

    @contextmanager
    def turn(self, kind: int = fcntl.LOCK_SH) -> Iterator[None]:
        """Nothing is moved while the files are read."""
        with (self.path / TURN).open("ab") as file:
            fcntl.flock(file, kind)
            yield

    def remove(self) -> None:
        """The server has ended."""
        shutil.rmtree(self.path, ignore_errors=True)

    def forget(self) -> None:
        """The same, when the process that made the folder ends; its children share this object."""
        if os.getpid() == self._master:
            self.remove()

    def _file(self, kind: str, process: int | str) -> Path:
        return self.path / f"{kind}_{process}.db"


def prepare() -> Folder | None:
    """The master's folder, made with the first call: a reload finds it again. None where there is no room for one."""
    given = os.environ.get(VARIABLE, "")
    if Path(given).name.startswith(PREFIX) and Path(given).is_dir():
        return Folder(Path(given))
    try:
        place = Path(given or tempfile.gettempdir())
        place.mkdir(parents=True, exist_ok=True)
        sweep(place)
        folder = Folder(Path(tempfile.mkdtemp(prefix=PREFIX, dir=place)))
        lock(folder.path)  # never closed: it ends with the last process
        folder.reserve(DEAD, *SUMS)
    except OSError as error:
        log.warning("each process counts its own metrics: there is no folder for all (%s)", error)
        os.environ.pop(VARIABLE, None)
        return None
    os.environ[VARIABLE] = str(folder.path)
    return folder


def shared() -> Folder | None:
    """The folder that this process has been given."""
    given = os.environ.get(VARIABLE, "")
    return Folder(Path(given)) if given else None


def lock(path: Path) -> int:
    """Locks a folder until what it returns is closed by this process and its children. Raises OSError while others have
    it.
    """
    fd = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def sweep(place: Path) -> None:
    """Removes the folders of this user's dead servers."""
    for path in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.stat().st_uid == os.getuid() and (path / LOCK).exists():
                held = lock(path)
                shutil.rmtree(path, ignore_errors=True)
                os.close(held)


def add(one: Path, sum: Path) -> None:
    """Adds the numbers of a file to those of another and removes it. Raises OSError."""
    from prometheus_client.mmap_dict import MmapedDict  # the folder must be known before this is imported

    if not one.exists():
        return
    widen(sum, used(one))
    source, target = MmapedDict(str(one)), MmapedDict(str(sum))  # type: ignore[no-untyped-call]
    try:
        for key, value, _ in list(source.read_all_values()):  # type: ignore[no-untyped-call]
            target.write_value(key, target.read_value(key)[0] + value, 0.0)  # type: ignore[no-untyped-call]
    finally:
        source.close()  # type: ignore[no-untyped-call]
        target.close()  # type: ignore[no-untyped-call]
    one.unlink()


def widen(path: Path, more: int) -> None:
    """Makes a file large enough for so many bytes more. Raises OSError."""
    lacking = used(path) + more - (path.stat().st_size if path.exists() else 0)
    if lacking > 0:
        with path.open("ab") as file:
            file.write(bytes(max(lacking, ROOM)))


def used(path: Path) -> int:
    """Bytes of a file that hold numbers."""
    if not path.exists():
        return HEAD
    with path.open("rb") as file:
        return max(HEAD, int.from_bytes(file.read(4), "little"))
