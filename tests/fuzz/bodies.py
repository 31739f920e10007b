"""Prints a digest of the bodies that every recorded request of Claude Code becomes on every wire: another process, with
other hashes of strings, must print the same one.
"""

from __future__ import annotations

import hashlib

from tests.conformance.kit import shapes
from tests.fuzz.wires import WIRES, routes, sent


def digest() -> str:
    """SHA-256 of all bodies."""
    made = hashlib.sha256()
    for message in shapes().values():
        for wire in WIRES:
            for where in routes(wire).values():
                made.update(sent(message, where))
    return made.hexdigest()


if __name__ == "__main__":
    print(digest())
