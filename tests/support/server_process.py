"""A server in a process group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

STOP_DEADLINE = 10.0


class StartFailed(AssertionError):
    """The server ended, or did not answer in time; the text is its log."""


class ServerProcess:
    """Starts on entering, when it is ready; stops on leaving. `output` takes what it prints."""

    #: Seconds until it must be ready, or must have given up.
    start_deadline = 30.0
    #: What ends it on leaving; `stop` is the way of an operator.
    at_the_end = signal.SIGTERM

    def __init__(self, name: str, output: Path) -> None:
        self.name = name
        self.output = output
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.launch()
        end = time.monotonic() + self.start_deadline
        while not self.ready():
            if self.ended() is not None or time.monotonic() > end:
                status = self.ended()
                self.stop()
                raise StartFailed(f"{self.name} ended with {status}:\n{self.log}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(self.at_the_end)

    @property
    def log(self) -> str:
        """What the server printed so far."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    @property
    def pid(self) -> int:
        """The first process of the tree."""
        assert self.process
        return self.process.pid

    def launch(self) -> None:
        """Starts the process without waiting for it."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it can be asked."""
        raise NotImplementedError

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """The process of `launch`."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ended(self) -> int | None:
        """The exit status, None while it runs."""
        return self.process.poll() if self.process else None

    def wait_for_end(self) -> int | None:
        """The exit status, None when it still runs after the deadline."""
        assert self.process
        try:
            return self.process.wait(self.start_deadline)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, first: signal.Signals = signal.SIGTERM) -> None:
        """Ends the process group; what does not obey in time is killed."""
        if self.process is None:
            return
        for number in (first, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(STOP_DEADLINE)
                break
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.wait()
