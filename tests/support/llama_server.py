"""A real llama.cpp server in its own process, as `tests/real/start_llama_server.sh` builds it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.messages import send
from tests.support.rialto_server import ROOT, free_port

SCRIPT = ROOT / "tests" / "real" / "start_llama_server.sh"
#: Seconds until the server must have loaded its model, and until it must have noticed something.
DEADLINE = 60.0
STOP_DEADLINE = 10.0


class Missing(Exception):
    """The server cannot be had on this machine; the text says what it lacks."""


class LlamaServer:
    """Starts on entering, stops on leaving; one request at a time. `folder` takes the server's output."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = folder / "llama-server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LlamaServer:
        with self._output.open("wb") as output:
            command = [str(SCRIPT), "--serve", str(self.port)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if not self.wait_until(lambda: self.healthy() or self.ended()) or self.ended():
            self.stop()
            raise Missing(self._reason())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What the server printed so far."""
        return self._output.read_text(errors="replace")

    @property
    def busy(self) -> bool:
        """Whether the slot works at a request."""
        return any(slot["is_processing"] for slot in json.loads(send(self.port, "GET", "/slots").body))

    @property
    def cancelled(self) -> int:
        """How many requests were given up in the middle; the server tells it in its log alone."""
        return self.log.count("cancel task")

    def wait_until(self, holds: Callable[[], Any]) -> bool:
        """Whether it holds before the deadline."""
        end = time.monotonic() + DEADLINE
        while not (found := holds()) and time.monotonic() < end:
            time.sleep(0.05)
        return bool(found)

    def healthy(self) -> bool:
        """Whether the model is loaded."""
        try:
            return send(self.port, "GET", "/health").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Ends the process: politely first."""
        assert self._process
        self._process.terminate()
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _reason(self) -> str:
        lines = [line for line in self.log.splitlines() if line.strip()] or ["nothing printed"]
        return next((line for line in lines if line.startswith("missing:")), f"llama-server did not start: {lines[-1]}")
