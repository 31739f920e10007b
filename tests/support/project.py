"""A copy of the project, for commands that read and write `.env` in its folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.rialto_server import BINARIES, ROOT

FOLDERS, FILES = ("app", "translators", "conf"), ("wsgi.py", "gunicorn.conf.py")
LOCAL = "*.local.toml"
#: Seconds for one command.
DEADLINE = 60


def own_rows(folder: Path) -> list[str]:
    """The names of files that git ignores and the server reads."""
    return sorted(path.name for path in folder.glob(LOCAL))


def shipped(folder: Path) -> Path:
    """The project's folder; a copy without the developer's own rows where there are any."""
    return project_copy(folder) if own_rows(ROOT / "conf") else ROOT


def project_copy(folder: Path) -> Path:
    """What the server and the commands need of the project, without the developer's own settings."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(LOCAL, "*.pyc.*"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "installed").touch()
    for name in ("python", "gunicorn"):
        (folder / ".venv" / "bin" / name).write_text(f'#!/bin/sh\nexec {BINARIES / name} "$@"\n')
        (folder / ".venv" / "bin" / name).chmod(0o755)
    return folder


def command_environment(folder: Path, **more: str) -> dict[str, str]:
    """All that a command may know; what is learnt and written stays in the folder."""
    known = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "NO_PROXY": "*"}
    state = {"BRIDGE_LOG_DIR": str(folder / "logs"), "BRIDGE_STATE_DIR": str(folder / "state")}
    return {**known, **state, **{name: os.environ[name] for name in ("COVERAGE_FILE",) if name in os.environ}, **more}


def run(project: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m app ARGUMENTS` in the copy."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=project,
        env=command_environment(project, **environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
