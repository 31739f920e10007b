"""conf/service.sh: Rialto in the background, started, found and stopped by a user without a process manager."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sizes import ROOT
from tests.support.rialto_server import free_port

pytestmark = pytest.mark.e2e

Service = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    folders = {"BRIDGE_STATE_DIR": str(tmp_path / "state"), "BRIDGE_LOG_DIR": str(tmp_path / "logs")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PORT": str(free_port()), **folders}

    def run(word: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(ROOT / "conf/service.sh"), word]
        settings = {**environment, **more}
        return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=90, check=False)

    yield run
    run("stop")


def process(tmp_path: Path) -> int:
    return int((tmp_path / "state/rialto.pid").read_text())


def test_a_life(service: Service, tmp_path: Path) -> None:
    assert service("status").returncode == 3
    started = service("start")
    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout.startswith("Rialto ") and "on http://127.0.0.1:" in started.stdout
    first = process(tmp_path)
    assert str(first) in service("start").stdout and process(tmp_path) == first
    assert str(first) in service("status").stdout
    assert service("restart").returncode == 0
    assert process(tmp_path) != first
    assert "Stopped" in service("stop").stdout
    assert service("status").returncode == 3
    assert "does not run" in service("stop").stdout


def test_a_start_that_fails_says_why(service: Service) -> None:
    failed = service("start", PORT="many")
    assert failed.returncode == 1
    assert "PORT: Not a valid integer" in failed.stderr


@pytest.mark.parametrize(
    ("written", "variables", "seconds"),
    [
        (None, {}, 40),
        ("GRACEFUL_TIMEOUT=60\n", {}, 70),
        ("# GRACEFUL_TIMEOUT=50\nexport GRACEFUL_TIMEOUT = '90'  # turns are long\n", {}, 100),
        ("GRACEFUL_TIMEOUT=60\n", {"GRACEFUL_TIMEOUT": "20"}, 30),
        ("GRACEFUL_TIMEOUT=\n", {}, 40),
    ],
)
def test_a_stop_waits_longer_than_the_streams_may_take(
    tmp_path: Path, written: str | None, variables: dict[str, str], seconds: int
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "state").mkdir()
    script = shutil.copy(ROOT / "conf/service.sh", tmp_path / "conf")
    if written is not None:
        (tmp_path / ".env").write_text(written)
    with subprocess.Popen([sys.executable, "-c", "input()", "wsgi:app"], stdin=subprocess.PIPE) as server:
        threading.Thread(target=server.wait).start()
        (tmp_path / "state/rialto.pid").write_text(str(server.pid))
        environment = {"PATH": os.environ["PATH"], **variables}
        done = subprocess.run([script, "stop"], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert f"within {seconds} seconds" in done.stdout


def test_the_id_of_another_process_is_not_stopped(service: Service, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "state/rialto.pid").write_text(str(other.pid))
        assert "does not run" in service("stop").stdout
        assert other.poll() is None
        other.kill()


def test_a_killed_server_can_be_started_again(service: Service, tmp_path: Path) -> None:
    service("start")
    leader = process(tmp_path)
    assert os.getpgid(leader) != os.getpgrp()
    os.killpg(os.getpgid(leader), signal.SIGKILL)
    assert service("status").returncode == 3
    assert service("start").returncode == 0


def test_a_word_that_is_unknown(service: Service) -> None:
    assert service("begin").returncode == 2
