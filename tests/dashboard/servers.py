"""The dashboard alone, as `make dashboard` runs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.rialto_server import RialtoServer, server_environment


class DashboardServer(RialtoServer):
    """`python -m app.dashboard` on a port of its own; `folder` takes logs, state and output."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", **environment: str) -> None:
        super().__init__(folder, "alone", host, **environment)

    def launch(self) -> None:
        address = {"DASHBOARD_HOST": self.host, "DASHBOARD_PORT": str(self.port)}
        command = [sys.executable, "-m", "app.dashboard"]
        self.run(command, self.root, server_environment(self.folder, address | self.environment))


def processes(parent: int) -> Iterator[tuple[str, float, float]]:
    """(what it is, megabytes now, megabytes at most) of a process and all that it has started; Linux only."""
    folder = Path(f"/proc/{parent}")
    told = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    words = (folder / "cmdline").read_bytes()
    name = "engine" if b"\0engine\0" in words else f"process {parent}"
    yield name, *(int(told[field].split()[0]) / 1024 for field in ("VmRSS", "VmHWM"))
    for task in (folder / "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from processes(int(child))
