"""What a tree of processes has used: CPU seconds, by the clock that the kernel keeps for each process, and memory."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in (PROC / str(pid) / "task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """CPU time of the tree, user and system, threads that have ended included."""
    return sum(map(own_seconds, tree(pid)))


def own_seconds(pid: int) -> float:
    """CPU time of one process; 0 for one that is gone. Linux makes the clock's number of the process's."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def resident(pid: int) -> list[float]:
    """Megabytes that each process of the tree holds."""
    return [size for size in map(own_resident, tree(pid)) if size]


def own_resident(pid: int) -> float:
    """Megabytes that one process holds, 0 for one that is gone."""
    try:
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
