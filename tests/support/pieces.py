"""Pieces of a vendor's bytes."""

from __future__ import annotations


class Piece(bytes):
    """A piece that counts the bytes which are copied where it is put behind others."""

    copied = 0

    def __radd__(self, before: bytes) -> bytes:
        made = bytes(before) + bytes(self)
        Piece.copied += len(made)
        return made
