"""How the server starts: gunicorn.conf.py, the refusals, the Makefile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sizes import ROOT

DEADLINE = 60
#: Runs gunicorn.conf.py as gunicorn does and says what it did to the process.
PROBE = """
import runpy, sys
sys.argv = ["gunicorn", *sys.argv[1:], "wsgi:app"]
names = runpy.run_path("gunicorn.conf.py")
from gevent import monkey
stale = [name for name in sys.modules if name.split(".")[0] in ("app", "translators")]
print(monkey.is_module_patched("socket"), names["bind"], names["workers"], names["graceful_timeout"], stale)
"""


def run(command: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, run in the project's folder with nothing of the caller's environment but PATH."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "HOST": "127.0.0.1", **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def probed(*arguments: str, **variables: str) -> list[str]:
    """What the probe printed."""
    done = run([sys.executable, "-c", PROBE, *arguments], **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(maxsplit=4)


def served(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The end of a gunicorn that must not start."""
    return run([sys.executable, "-m", "gunicorn", *arguments, "wsgi:app"], **variables)


@pytest.mark.parametrize(
    ("arguments", "command_line", "patched"),
    [
        ((), "", True),
        (("-k", "gevent"), "", True),
        (("-k", "gthread"), "", False),
        (("-kgthread", "-b", "127.0.0.1:1"), "", False),
        (("--worker-class=gthread",), "", False),
        ((), "--worker-class gthread", False),
        (("-k", "gevent"), "-k gthread", True),
    ],
)
def test_only_gevent_is_patched(arguments: tuple[str, ...], command_line: str, patched: bool) -> None:
    assert probed(*arguments, GUNICORN_CMD_ARGS=command_line)[0] == str(patched)


def test_address_and_workers_come_from_the_environment() -> None:
    assert probed(PORT="4999", WEB_CONCURRENCY="3")[1:3] == ["127.0.0.1:4999", "3"]


@pytest.mark.parametrize(("variables", "seconds"), [({}, "30"), ({"GRACEFUL_TIMEOUT": "600"}, "600")])
def test_running_streams_get_the_seconds_of_the_settings(variables: dict[str, str], seconds: str) -> None:
    assert probed(**variables)[3] == seconds


def test_new_workers_read_the_code_afresh() -> None:
    assert probed()[4].strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("-b", "0.0.0.0:0"), {}),
        (("-b", "127.0.0.1:0", "-b", "[::]:0"), {}),
        (("-b", ":0", "-k", "gthread"), {}),
        ((), {"HOST": "0.0.0.0", "PORT": "0"}),
    ],
)
def test_no_network_without_a_key(arguments: tuple[str, ...], variables: dict[str, str]) -> None:
    done = served(*arguments, **variables)
    assert done.returncode == 1
    assert "BRIDGE_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Listening" not in done.stderr


def test_all_mistakes_are_told_at_once() -> None:
    done = served(PORT="many", MAX_BODY_MB="-1")
    assert done.returncode == 1
    assert "PORT" in done.stderr and "MAX_BODY_MB" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_in_the_map_are_told_in_words(tmp_path: Path) -> None:
    done = served(MODEL_MAP_FILE=str(tmp_path / "missing.json"))
    assert done.returncode == 1
    assert "MODEL_MAP_FILE" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def make() -> str:
    """The path of make; skips without it."""
    found = shutil.which("make")
    return found or pytest.skip("make is not installed")


def test_make_alone_prints_help(make: str) -> None:
    done = run([make])
    for target in ("install", "run", "debug", "demo", "test", "check", "lint", "type", "format"):
        assert f"  make {target} " in done.stdout


def test_the_demo_runs_without_what_is_set(make: str, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    for name in ("Makefile", "conf/env.example", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".env").write_text("MY_OWN_API_KEY=x\nexport PROVIDER=mine\nLOG_LEVEL=debug\n")
    done = run([make, "-C", str(tmp_path), "-n", "demo"], OTHER_BASE_URL="http://x", BRIDGE_API_KEY="secret")
    command = next(line for line in done.stdout.splitlines() if "gunicorn" in line).split()
    emptied = {word.removesuffix("=") for word in command if word.endswith("=")}
    assert {"MY_OWN_API_KEY", "PROVIDER", "OTHER_BASE_URL", "DEEPSEEK_API_KEY", "BIG_MODEL"} <= emptied
    assert not {"BRIDGE_API_KEY", "HOST", "PORT", "LOG_LEVEL"} & emptied
