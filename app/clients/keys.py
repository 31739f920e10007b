"""Clients' keys: made at random, kept as hashes, found in constant time.

A key holds 256 bits of chance, so a plain SHA-256 of it cannot be turned back by trying; a slow hash would guard
passwords that people think of, and cost every request time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

from app.clients.rows import DEFAULT, Client

#: Begins every key, so that one that went astray is recognized.
PREFIX = "rialto-"
ENTROPY = 32
ALGORITHM = "sha256:"


def fresh_key() -> str:
    """A new key."""
    return PREFIX + secrets.token_urlsafe(ENTROPY)


def hash_of(key: str) -> str:
    """What a row holds of a key."""
    return ALGORITHM + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class Keyring:
    """All clients by the hash of their key. `bridge_key`, where there is one, is that of the default client."""

    def __init__(self, bridge_key: str = "", rows: Mapping[str, Client] | None = None) -> None:
        rows = dict(rows or {})
        self.default = rows.pop(DEFAULT, Client(name=DEFAULT))
        self.rows = rows
        self.knows_default = bool(bridge_key)
        self._holders = [(client.key_hash, client) for client in rows.values()]
        if bridge_key:
            self._holders.append((hash_of(bridge_key), self.default))

    @property
    def asks(self) -> bool:
        """Whether a key is needed at all."""
        return bool(self._holders)

    def named(self, name: str) -> Client | None:
        """The client of that name, None when there is none (any more), or when only others have keys."""
        if name == self.default.name:
            return self.default if self.knows_default or not self.asks else None
        return self.rows.get(name)

    def holder(self, keys: Iterable[str]) -> Client | None:
        """The client that one of the keys belongs to. All are compared with all: the time tells nothing."""
        found: Client | None = None
        for digest in map(hash_of, keys):
            for known, client in self._holders:
                found = client if hmac.compare_digest(digest, known) and found is None else found
        return found
