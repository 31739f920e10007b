"""What /proc knows of the server's processes: their memory and their sockets."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

#: State of a TCP socket in /proc/net/tcp -> its name; the others pass by themselves.
STATES = {"01": "established", "08": "close-wait"}
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def available() -> bool:
    """Whether this system has such a /proc."""
    return Path("/proc/self/statm").exists() and Path("/proc/net/tcp").exists()


def children(parent: int) -> list[int]:
    """The processes that a process has started, which live."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def resident(pids: list[int]) -> int:
    """Bytes of memory of some processes together."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids)


def sockets(pids: list[int], port: int) -> Counter[str]:
    """State -> how many sockets the processes have to a port of loopback."""
    own = {link for pid in pids for link in _links(pid)}
    found: Counter[str] = Counter()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        remote, state, inode = fields[2], fields[3], fields[9]
        if int(remote.split(":")[1], 16) == port and state in STATES and f"socket:[{inode}]" in own:
            found[STATES[state]] += 1
    return found


def _links(pid: int) -> set[str]:
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(os.readlink(path))
        except OSError:
            continue
    return found
