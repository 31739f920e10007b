"""The servers of the benchmark, each a process tree of its own on loopback."""

from __future__ import annotations

import os
import resource
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.traffic import MODEL
from tests.support.project import shipped
from tests.support.rialto_server import ROOT, free_port, server_environment
from tests.support.server_process import ServerProcess

PYTHON = sys.executable
GUNICORN = (str(Path(PYTHON).parent / "gunicorn"), "-k", "gevent", "-w", "1", "-b")
#: Seconds until a server must listen; peers import a lot.
START_DEADLINE = 120.0
KEY = "bench-key-of-no-use"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a server is started and asked. `models` begins the names of its models; `marks` must be in its answers,
    streamed and whole.
    """

    name: str
    command: tuple[str, ...]
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    path: str = "/v1/messages"
    models: str = ""
    marks: tuple[bytes, bytes] = (b"event: message_stop", b'"end_turn"')
    version: str = ""


class Server(ServerProcess):
    """The server of a plan; it is ready when it listens."""

    start_deadline = START_DEADLINE

    def __init__(self, plan: Plan, output: Path) -> None:
        super().__init__(plan.name, output)
        self.plan = plan

    def launch(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.run(self.plan.command, self.plan.folder, {**os.environ, **self.plan.environment})

    def ready(self) -> bool:
        return listens(self.plan.port)


def listens(port: int) -> bool:
    """Somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def vendor() -> Plan:
    """The scripted vendor, and the way without any bridge."""
    port = free_port()
    return Plan(
        name="direct",
        command=(PYTHON, "-m", "tests.bench.vendor", str(port)),
        port=port,
        path="/v1/chat/completions",
        models=MODEL,
        marks=(b"[DONE]", b'"stop"'),
    )


def relay(vendor_port: int, path: str = "/v1/chat/completions") -> Plan:
    """gunicorn, gevent and requests, bytes handed on."""
    port = free_port()
    return Plan(
        name="relay",
        command=(*GUNICORN, f"127.0.0.1:{port}", "-c", "tests/bench/relay_conf.py", "tests.bench.relay:app"),
        port=port,
        environment={"RELAY_TO": f"http://127.0.0.1:{vendor_port}{path}"},
        models=MODEL,
        marks=(b"", b""),
    )


def rialto(vendor_port: int, folder: Path, **more: str) -> Plan:
    """Rialto as it is installed; its vendor is a server of the user's own unless `more` names others."""
    port = free_port()
    address = f"http://127.0.0.1:{vendor_port}"
    own = {"PROVIDER_BASE_URL": f"{address}/v1", "PROVIDER_API_KEY": KEY, "BRIDGE_API_KEY": KEY, **more}
    return Plan(
        name="Rialto",
        command=(*GUNICORN, f"127.0.0.1:{port}", "wsgi:app"),
        port=port,
        environment=server_environment(folder, own),
        folder=shipped(folder / "project"),
        models=f"openai_compatible/{MODEL}",
    )
