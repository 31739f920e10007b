"""Server-sent events that say when there is something new. What it is, the page asks for itself.

A stream looks at the files' sizes once a second, so it costs next to nothing and needs no engine. There are few at
once, because with some servers each holds a thread; a page that gets none asks now and then.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from app.usage.books import ERRORS, USAGE

#: Streams in this process.
MOST = 8
#: Seconds between looks, between signs of life, and until the page opens a new stream.
PAUSE, SILENCE, LIFETIME = 1.0, 15, 600

seats = threading.BoundedSemaphore(MOST)


def state(places: Iterable[str]) -> str:
    """Another text as soon as a line was added, or a file was changed for another one."""
    return ".".join(mark(Path(place) / name) for place in places for name in (USAGE, ERRORS))


def mark(path: Path) -> str:
    """What a file is and how long."""
    try:
        there = os.stat(path)
    except OSError:
        return "-"
    return f"{there.st_ino:x}-{there.st_size:x}"


def events(places: list[str], over: Callable[[], bool]) -> Iterator[bytes]:
    """The state at first and after each change, until it is over or the stream is old."""
    yield b"retry: 2000\n\n"
    known, silent = "", 0
    for _ in range(LIFETIME):
        if over():
            return
        now = state(places)
        if now != known:
            yield f"data: {now}\n\n".encode()
        elif silent >= SILENCE:
            yield b": nothing new\n\n"
        silent = 0 if now != known or silent >= SILENCE else silent + 1
        known = now
        time.sleep(PAUSE)
