"""The log files in some folders, cut into parts that never change.

A part is the lines that begin in one stretch of PART bytes, so it can be told without the parts before it. A file is
known by its inode and its first line, which no other file has: renaming it changes neither.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PART = 16 * 1024 * 1024
#: Bytes in which the first line must end.
FIRST_LINE = 1024 * 1024
#: Renaming hides a file from those who look just then; they look again.
LOOKS = 3


@dataclass(frozen=True, slots=True)
class LogFile:
    """`place` is the folder as the user has written it; `live` tells that lines are added to the file."""

    path: Path
    place: str
    inode: tuple[int, int]
    key: str
    size: int
    live: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `begin` to `end` of a file; `whole` tells that no line will be added to them."""

    file: LogFile
    number: int
    begin: int
    end: int
    whole: bool

    @property
    def name(self) -> str:
        """What the part is kept under. An unfinished one is another when it has grown."""
        return f"{self.file.key}-{self.number:05d}" + ("" if self.whole else f"-{self.end}")

    def read(self) -> bytes:
        """The lines; b"" when the file at the path is another by now."""
        try:
            with self.file.path.open("rb") as source:
                if identity(source) != self.file.inode:
                    return b""
                source.seek(self.begin)
                return source.read(self.end - self.begin)
        except FileNotFoundError:
            return b""


def found(places: list[str], name: str) -> list[LogFile]:
    """The files of all folders, the youngest of each folder first; each file once."""
    files = [file for place in places for file in settled(place, name)]
    return list({file.inode: file for file in reversed(files)}.values())[::-1]


def settled(place: str, name: str) -> list[LogFile]:
    """The files of a folder, looked at again when they were renamed meanwhile."""
    files = listed(place, name)
    for _ in range(LOOKS):
        again = listed(place, name)
        if [(file.path, file.inode) for file in files] == [(file.path, file.inode) for file in again]:
            return again
        files = again
    return files


def listed(place: str, name: str) -> list[LogFile]:
    """NAME, NAME.1, NAME.2 and so on, as far as they hold a line."""
    folder = Path(place)
    numbered = [path for path in folder.glob(f"{name}.*") if path.suffix[1:].isdecimal()]
    paths = [folder / name, *sorted(numbered, key=lambda path: int(path.suffix[1:]))]
    return [file for path in paths if (file := seen(path, place, live=path.name == name))]


def seen(path: Path, place: str, *, live: bool) -> LogFile | None:
    """A file as it is now; None when there is none, or no line in it. Raises OSError when it cannot be read."""
    try:
        with path.open("rb") as source:
            size, first = os.fstat(source.fileno()).st_size, source.readline(FIRST_LINE)
            inode = identity(source)
    except FileNotFoundError:
        return None
    if not first.endswith(b"\n"):
        return None
    key = hashlib.sha256(b"%d %b" % (inode[1], first)).hexdigest()[:20]
    return LogFile(path, place, inode, key, size, live)


def identity(source: IO[bytes]) -> tuple[int, int]:
    """What a file keeps when it is renamed."""
    there = os.fstat(source.fileno())
    return there.st_dev, there.st_ino


def parts(file: LogFile) -> Iterator[Part]:
    """All complete lines of a file, the last part first."""
    try:
        with file.path.open("rb") as source:
            if identity(source) == file.inode:
                yield from reversed(list(cut(source, file)))
    except FileNotFoundError:
        return


def cut(source: IO[bytes], file: LogFile) -> Iterator[Part]:
    """The parts from the beginning on; the last one ends with the last complete line."""
    begin = 0
    for number in range(file.size // PART + 1):
        end = line_start(source, (number + 1) * PART, file.size)
        if end is None:
            last = last_line(source, begin, file.size)
            if last > begin:
                yield Part(file, number, begin, last, whole=False)
            return
        if end > begin:
            yield Part(file, number, begin, end, whole=True)
        begin = end


def line_start(source: IO[bytes], place: int, size: int) -> int | None:
    """Where the first line begins that begins at `place` or later; None when that is not known yet."""
    if place > size:
        return None
    source.seek(place - 1)
    rest = source.readline()
    return source.tell() if rest.endswith(b"\n") else None


def last_line(source: IO[bytes], begin: int, size: int, step: int = 65536) -> int:
    """Where the last complete line between two places ends."""
    place = size
    while place > begin:
        low = max(begin, place - step)
        source.seek(low)
        newline = source.read(place - low).rfind(b"\n")
        if newline >= 0:
            return low + newline + 1
        place = low
    return begin
