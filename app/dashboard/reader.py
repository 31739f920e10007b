"""The way to the engine: a program that is started with the first question and asked over a socket."""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.media.pdf import interpreter
from translators.core.errors import RialtoError

log = logging.getLogger("rialto")

#: The form of the index; one of another form is not looked at.
FORM = 1
#: The folder from which the engine's package is imported, and what the engine is told of the environment.
PACKAGE = Path(__file__).parent
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
#: Seconds without a question after which the engine ends, and that an answer may take.
IDLE, PATIENCE = 300, 60


class EngineFailed(RialtoError):
    """There is no answer; the message says why."""


class Reader:
    """Asks one engine, which it starts when there is none. For any thread; questions take turns.

    `state` is the folder that outlives the process, `places` are those with the log files.
    """

    def __init__(self, state: Path | None, places: list[str], idle: float = IDLE) -> None:
        self.places = places
        self._state = state
        self._folder: Path | None = None
        self._idle = idle
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The engine's answer. Raises `EngineFailed`."""
        with self._turn:
            try:
                answer = self._told(question)
            except ConnectionError:
                self._end()  # it had nothing to do for a while; a new one knows the same
                answer = self._once_more(question)
            except OSError as error:
                self._end()
                raise EngineFailed(f"the log files cannot be read: {error}") from None
        if "failed" in answer:
            log.warning("dashboard: %s", answer["failed"])
            raise EngineFailed(f"the log files cannot be read: {answer['failed']}")
        return answer

    def wake(self) -> None:
        """Starts the engine ahead of the first question."""
        threading.Thread(target=self._woken, daemon=True).start()

    def close(self) -> None:
        """Ends the engine."""
        with self._turn:
            self._end()

    def _woken(self) -> None:
        try:
            self.ask({})
        except EngineFailed:
            return  # the first question says so

    def _once_more(self, question: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._told(question)
        except OSError:
            self._end()
            raise EngineFailed("the program that reads the log files has ended; Rialto's log may say why") from None

    def _told(self, question: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel or self._start()
        channel.sendall(json.dumps(question).encode() + b"\n")
        with channel.makefile("rb") as lines:
            line = lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> socket.socket:
        """Starts the engine in a session of its own: what a terminal signals to the server is not for it."""
        self._folder = self._folder or index_folder(self._state, self.places)
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [interpreter(), "-m", "engine", str(theirs.fileno()), str(self._idle), str(self._folder), *self.places],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment | {"PYTHONPATH": str(PACKAGE), "PYTHONSAFEPATH": "1"},
                start_new_session=True,
            )
        ours.settimeout(PATIENCE)
        self._channel = ours
        return ours

    def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._channel = self._process = None


def index_folder(state: Path | None, places: list[str]) -> Path:
    """Where the index of these folders is: in the state's folder, else in one that goes with this process."""
    name = hashlib.sha256("\0".join([str(FORM), *map(os.path.abspath, places)]).encode()).hexdigest()[:16]
    if state is not None and is_writable(state / "dashboard"):
        return (state / "dashboard" / name).absolute()
    folder = tempfile.mkdtemp(prefix="rialto-dashboard-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / name


def is_writable(folder: Path) -> bool:
    """Whether a file can be put into the folder, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
