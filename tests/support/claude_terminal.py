"""The real Claude Code client at a terminal of its own, for what only a person at the keys can do."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import threading
from pathlib import Path

from tests.support.claude_code import client_binary, client_environment

#: Colours, places and other commands to the terminal.
COMMANDS = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
ESCAPE = "\x1b"
#: Seconds for something to appear.
DEADLINE = 20.0


class Terminal:
    """`claude PROMPT` in `folder / "work"`. Use as a context manager; leaving it kills the client."""

    def __init__(self, prompt: str, base_url: str, folder: Path, *, model: str) -> None:
        self.home, self.work = folder / "home", folder / "work"
        self.command = [str(client_binary()), prompt, "--model", model]
        self.base_url = base_url
        self._shown = b""
        self._changed = threading.Condition()

    def __enter__(self) -> Terminal:
        for path in (self.home, self.work):
            path.mkdir(parents=True, exist_ok=True)
        (self.home / ".claude.json").write_text(json.dumps(known_to_the_client(self.work)))
        self._keys, screen = pty.openpty()
        environment = client_environment(self.base_url, self.home, TERM="xterm-256color")
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), screen)
        self._process = subprocess.Popen(
            self.command, cwd=self.work, env=environment, start_new_session=True, **streams
        )
        os.close(screen)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        os.close(self._keys)

    def type(self, keys: str) -> None:
        """Presses keys."""
        os.write(self._keys, keys.encode())

    def wait_for(self, words: str) -> None:
        """Until these words have been shown. Raises AssertionError when they are not."""
        with self._changed:
            if not self._changed.wait_for(lambda: words.encode() in COMMANDS.sub(b"", self._shown), DEADLINE):
                raise AssertionError(f"{words!r} was not shown: {COMMANDS.sub(b' ', self._shown)[-2000:]!r}")

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._keys, 65536)
            except OSError:  # the client has ended
                return
            with self._changed:
                self._shown += data
                self._changed.notify_all()


def known_to_the_client(work: Path) -> dict[str, object]:
    """What it would else ask a new user."""
    return {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["dummy"], "rejected": []},
        "projects": {str(work): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
    }
