"""A Redis server of its own for one test."""

from __future__ import annotations

import shutil
import socket as sockets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Seconds until it must listen.
DEADLINE = 20.0


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The address of a fresh Redis server; skips where none is installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server is installed")
    socket = folder / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + DEADLINE
            while not listens(socket):
                assert process.poll() is None and time.monotonic() < end, "redis-server does not start"
                time.sleep(0.02)
            yield f"unix://{socket}"
        finally:
            process.terminate()


def listens(path: Path) -> bool:
    """Somebody takes connections there; the file alone is made before."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
