"""The real server in its own process, with nothing in its environment but what a test gives it."""

from __future__ import annotations

import http.client
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from tests.support.server_process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(sys.executable).parent
#: How each kind of server is started; `{bind}` is host:port. Without a lookahead waitress does not see a client leave.
COMMANDS: dict[str, tuple[str, ...]] = {
    "gevent": ("gunicorn", "-k", "gevent", "-b", "{bind}", "wsgi:app"),
    "gthread": ("gunicorn", "-k", "gthread", "--threads", "8", "-b", "{bind}", "wsgi:app"),
    "waitress": ("waitress-serve", "--listen={bind}", "--threads=8", "--channel-request-lookahead=1", "wsgi:app"),
    "hasty": ("gunicorn", "-k", "gevent", "-b", "{bind}", "tests.support.hasty:app"),
    "unbound": ("gunicorn", "-k", "gevent", "wsgi:app"),
}


class RialtoServer(ServerProcess):
    """`folder` takes home, logs and the server's output."""

    #: The project that is served.
    root = ROOT

    def __init__(self, folder: Path, kind: str = "gevent", host: str = "127.0.0.1", **environment: str) -> None:
        super().__init__(kind, folder / "output.log")
        if COMMANDS.get(kind, ("",))[0] == "gunicorn":
            # Ctrl-C: TERM waits up to a second for workers, and longer for idle connections.
            self.at_the_end = signal.SIGINT
        self.folder = folder
        self.kind = kind
        self.host = host
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment

    def launch(self) -> None:
        name, *arguments = (part.format(bind=f"{self.host}:{self.port}") for part in COMMANDS[self.kind])
        command = [str(BINARIES / name), *arguments]
        self.run(command, self.root, server_environment(self.folder, self.environment))

    def ready(self) -> bool:
        """Whether /health answers 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


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
