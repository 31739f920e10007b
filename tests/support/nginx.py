"""A real nginx on loopback with the project's own configuration before the nodes of a test."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sizes import ROOT
from tests.support.rialto_server import free_port

CONFIGURATION = ROOT / "conf" / "deploy" / "nginx" / "rialto.conf"
#: Seconds until it must listen.
DEADLINE = 20.0
#: What Debian's main file says around the project's, with every path inside the test's folder.
MAIN = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/rialto.conf;
}}
"""


def site(nodes: Sequence[str], port: int, changes: Mapping[str, str]) -> str:
    """The project's file for these nodes (`host:port`), with some of its lines changed: old -> new."""
    text = CONFIGURATION.read_text("utf-8")
    written = re.search(r"^( *)server 127\.0\.0\.1:4001( .*;)$", text, flags=re.MULTILINE)
    assert written, "the file has no line for a node"
    servers = "\n".join(f"{written[1]}server {node}{written[2]}" for node in nodes)
    text = text.replace(written[0], servers)
    for old, new in {"    listen 80;": f"    listen 127.0.0.1:{port};", **changes}.items():
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, nodes: Sequence[str], changes: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of an nginx before the nodes; skips where none is installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("no nginx is installed (Debian: apt-get install nginx-light)")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "rialto.conf").write_text(site(nodes, port, changes or {}))
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with (folder / "output.log").open("wb") as output, subprocess.Popen(command, stderr=output) as process:
        try:
            wait_for(port, process, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until somebody listens."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            words = (folder / "output.log").read_text()
            assert process.poll() is None and time.monotonic() < end, f"nginx does not start: {words}"
            time.sleep(0.02)
