"""Capture: writes every exchange into `debug/<session>.jsonl`, one line each, behind the exchange's back.

Lines are made and written in a thread of their own. What it cannot keep up with, or the disk does not take, is lost
with one warning; no exchange waits for it or fails by it.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import queue
import re
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.capture.record import line_of, record
from app.capture.secrets import Secrets
from app.capture.tape import Tape
from app.exchange.account import Account
from app.logs.file import LineFile
from app.settings.settings import Settings
from translators.core.vendor import Json, Route

if TYPE_CHECKING:
    from app.exchange.call import Caller

log = logging.getLogger("rialto")

FOLDER = "debug"
#: Name of the file of exchanges that belong to no session.
NO_SESSION = "none"
#: Characters of a file's name.
NAME = 80
#: A session's file is full at this part of what all captures may take; so many full ones of it stay.
PART, KEPT = 10, 3
#: Exchanges that may wait to be written, and files that are kept open.
BACKLOG, OPEN_FILES = 32, 32
#: Seconds that the end of the process waits for what is still to be written.
LAST = 10.0


class Capture:
    """`most` is the bytes that all files may take together. `shapes` replaces what was said by filler."""

    def __init__(self, folder: Path, most: int, secrets: Iterable[str], shapes: bool = False) -> None:
        self._folder = folder / FOLDER
        self._most = most
        self._secrets = Secrets(secrets)
        self._shapes = shapes
        self._files: OrderedDict[str, LineFile] = OrderedDict()
        self._tapes: queue.Queue[Tape | None] = queue.Queue(BACKLOG)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._complained = False
        OPEN.add(self)

    def tape(self, message: Json, routes: Sequence[Route], caller: Caller, account: Account) -> Tape:
        """A tape for an exchange that begins."""
        return Tape(message, routes, caller, account)

    def keep(self, tape: Tape) -> None:
        """Writes an exchange that has ended, some time soon."""
        try:
            self._start()
            self._tapes.put_nowait(tape)
        except queue.Full:
            self._complain("exchanges end faster than they can be captured; some are left out")
        except Exception:
            log.exception("an exchange could not be captured")

    def close(self) -> None:
        """Writes what waits."""
        thread = self._thread
        if thread is None or self._process != os.getpid() or not thread.is_alive():
            return
        try:
            self._tapes.put(None, timeout=LAST)
            thread.join(LAST)
        except queue.Full:
            return
        self._thread = None

    def _start(self) -> None:
        """Starts the thread, once in each process: a fork has none."""
        with self._lock:
            if self._thread is None or self._process != os.getpid():
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._write_all, name="rialto-capture", daemon=True)
                self._thread.start()

    def _write_all(self) -> None:
        while (tape := self._tapes.get()) is not None:
            try:
                self._write(tape)
            except Exception:
                log.exception("an exchange could not be captured")

    def _write(self, tape: Tape) -> None:
        entry = record(tape, self._secrets)
        line = line_of(shape(entry) if self._shapes else entry)
        if len(line) > self._most // PART:
            self._complain(f"an exchange of {len(line):,} bytes is too large to be captured (BRIDGE_DEBUG_MB)")
            return
        self._file(file_name(tape.account.session)).append(line)
        self._prune()

    def _file(self, name: str) -> LineFile:
        """The file of a session; those that were not used for long are closed."""
        if name not in self._files:
            self._files[name] = LineFile(self._folder / f"{name}.jsonl", self._most // PART, KEPT)
        self._files.move_to_end(name)
        if len(self._files) > OPEN_FILES:
            self._files.popitem(last=False)[1].close()
        return self._files[name]

    def _prune(self) -> None:
        """Removes the oldest files while all together are too large. Other workers may do the same."""
        try:
            with os.scandir(self._folder) as entries:
                found = sorted(sized(entries), reverse=True)
        except OSError:
            return
        total = 0
        for _, size, path in found:
            total += size
            if total > self._most:
                Path(path).unlink(missing_ok=True)

    def _complain(self, words: str) -> None:
        if not self._complained:
            log.warning("%s", words)
        self._complained = True


def open_capture(settings: Settings, secrets: Iterable[str]) -> Capture | None:
    """The capture that the settings ask for; None, as a rule."""
    wanted = settings.capture
    return Capture(settings.log_dir, wanted.bytes, secrets, wanted.contents == "shapes") if wanted.contents else None


#: The captures of this process, as long as somebody has them.
OPEN: weakref.WeakSet[Capture] = weakref.WeakSet()


@atexit.register
def close_all() -> None:
    """The process ends in an orderly way."""
    for capture in list(OPEN):
        capture.close()


def shape(entry: Json) -> Json:
    """The record without what was said; the code for it is only loaded where it is wanted."""
    from app.capture.shapes import shaped

    return shaped(entry)


def sized(entries: Iterable[os.DirEntry[str]]) -> Iterable[tuple[float, int, str]]:
    """(time of the last change, bytes, path) of the files of captures."""
    for entry in entries:
        try:
            if ".jsonl" in entry.name and not entry.name.endswith(".lock"):
                yield entry.stat().st_mtime, entry.stat().st_size, entry.path
        except OSError:
            continue


def file_name(session: str) -> str:
    """The name of a session's file, without an ending; a name that had to be changed gets a mark of the true one."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", session)[:NAME]
    if safe == session:
        return safe or NO_SESSION
    return f"{safe}-{hashlib.sha256(session.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
