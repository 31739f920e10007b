"""Questions come in on a socket, answers go out, one line of JSON each; what time is left goes to reading.

Usage: python -m engine SOCKET SECONDS FOLDER PLACE [PLACE ...]: the number of the inherited socket, the seconds without
a question after which the program ends, the folder of the index, and the folders with the log files.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

#: Reading must not take the processor from the server's streams.
NICE = 5
#: Seconds of reading that an answer waits for.
PATIENCE = 0.25
#: Answers that are remembered while nothing changes: several people may look at the same page.
REMEMBERED = 32


class Engine:
    """Answers questions about an index."""

    def __init__(self, folder: Path, places: list[str]) -> None:
        from .index import Index  # without DuckDB the first answer says so

        self._index = Index(folder, places)
        self._answers: dict[tuple[str, str], dict[str, Any]] = {}
        self._problem = ""

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question, of the files as they are now; what is damaged of the index is read again."""
        import duckdb

        try:
            return self._looked_up(question)
        except duckdb.Error:
            self._index.begin_anew()
            return self._looked_up(question)

    def work(self) -> bool:
        """Reads a part of the files; whether there was one to read."""
        if not self._index.missing:
            return False
        try:
            self._index.step()
            self._problem = ""
        except Exception as error:
            self._problem = said(error)
        return True

    def close(self) -> None:
        """Ends."""
        self._index.close()

    def _looked_up(self, question: dict[str, Any]) -> dict[str, Any]:
        from .views import VIEWS

        self._index.refresh()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.work():
            continue
        key = (self._index.version, json.dumps(question, sort_keys=True))
        if key not in self._answers:
            while len(self._answers) >= REMEMBERED:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = VIEWS[question["view"]](self._index, question)
        size = self._index.size
        reading = {"done": size - self._index.missing, "size": size, "problem": self._problem}
        return {**self._answers[key], "reading": reading}


def serve(channel: socket.socket, idle: float, folder: Path, places: list[str]) -> None:
    """Answers until the other side is gone, or has had no question for so many seconds."""
    engine: Engine | None = None
    lines = channel.makefile("rb")
    ears = selectors.DefaultSelector()
    ears.register(channel, selectors.EVENT_READ)
    while True:
        busy = engine is not None and engine.work()
        if not ears.select(0 if busy else idle):
            if busy:
                continue
            break
        try:
            line = lines.readline()
            if not line:
                break
            engine, answer = answered(engine, json.loads(line), folder, places)
            channel.sendall(json.dumps(answer, allow_nan=False).encode() + b"\n")
        except ConnectionError:  # it left without its answer
            break
    if engine:
        engine.close()


def answered(
    engine: Engine | None, question: dict[str, Any], folder: Path, places: list[str]
) -> tuple[Engine | None, dict[str, Any]]:
    """The engine, made with the first question, and its answer or why there is none."""
    try:
        engine = engine or Engine(folder, places)
        return engine, engine.answer(question) if question.get("view") else {}
    except Exception as error:
        return engine, {"failed": said(error)}


def said(error: Exception) -> str:
    """A failure in one line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def main(number: str, idle: str, folder: str, *places: str) -> None:
    """Runs the program."""
    os.umask(0o077)
    os.nice(NICE)
    channel = socket.socket(fileno=int(number))
    channel.setblocking(True)  # the other side may have set it otherwise
    serve(channel, float(idle), Path(folder), list(places))


if __name__ == "__main__":
    main(*sys.argv[1:])
