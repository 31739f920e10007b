"""The real server in its own process, with nothing in its environment but what a test gives it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(sys.executable).parent
#: Seconds until the server must answer, or must have given up.
START_DEADLINE = 30.0
STOP_DEADLINE = 10.0

#: How each kind of server is started; `{bind}` is host:port. Without a lookahead waitress does not see a client leave.
COMMANDS: dict[str, tuple[str, ...]] = {
    "gevent": ("gunicorn", "-k", "gevent", "-b", "{bind}", "wsgi:app"),
    "gthread": ("gunicorn", "-k", "gthread", "--threads", "8", "-b", "{bind}", "wsgi:app"),
    "waitress": ("waitress-serve", "--listen={bind}", "--threads=8", "--channel-request-lookahead=1", "wsgi:app"),
    "unbound": ("gunicorn", "-k", "gevent", "wsgi:app"),
}


class StartFailed(AssertionError):
    """The server ended, or did not answer in time; the text is its log."""


class RialtoServer:
    """Starts on entering, stops on leaving. `folder` takes home, logs and the server's output."""

    #: The project that is served.
    root = ROOT

    def __init__(self, folder: Path, kind: str = "gevent", host: str = "127.0.0.1", **environment: str) -> None:
        self.folder = folder
        self.kind = kind
        self.host = host
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RialtoServer:
        self.launch()
        end = time.monotonic() + START_DEADLINE
        while not self.healthy():
            if self.ended() is not None or time.monotonic() > end:
                status = self.ended()
                self.stop()
                raise StartFailed(f"{self.kind} ended with {status}:\n{self.log}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What the server printed so far."""
        path = self.folder / "output.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def launch(self) -> None:
        """Starts the process without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name, *arguments = (part.format(bind=f"{self.host}:{self.port}") for part in COMMANDS[self.kind])
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [str(BINARIES / name), *arguments],
                cwd=self.root,
                env=server_environment(self.folder, self.environment),
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
            return self.process.wait(START_DEADLINE)
        except subprocess.TimeoutExpired:
            return None

    def healthy(self) -> bool:
        """Whether /health answers 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Ends the process group: politely first."""
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(STOP_DEADLINE)
                break
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.wait()


def server_environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """All that the server may know. A developer's .env is blanked out: set but empty counts as not set."""
    return {
        **dict.fromkeys(dotenv_values(ROOT / ".env"), ""),
        "PATH": f"{BINARIES}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "NO_PROXY": "*",
        "BRIDGE_LOG_DIR": str(folder / "logs"),
        "BRIDGE_STATE_DIR": str(folder / "state"),
        "LEARN_LIMITS": "0",
        "RETRY_BUDGET": "0",
        **more,
    }


def vendor_environment(url: str, *vendors: str) -> dict[str, str]:
    """Address and key variables that send these vendors to `url`."""
    addresses = {f"{vendor.upper()}_BASE_URL": f"{url}/{vendor}/v1" for vendor in vendors}
    return addresses | {f"{vendor.upper()}_API_KEY": f"{vendor}-upstream-key" for vendor in vendors}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
