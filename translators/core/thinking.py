"""Signatures of thinking blocks: where a vendor's opaque state travels, so that Rialto needs no store.

A signature is `rialto1.` followed by URL-safe base64 of a deflated JSON array `[vendor, model, text, opaque]`. It names
its origin, holds the reasoning text where the client asked not to see it, and the vendor's opaque parts as `[key,
value]` pairs in the order of arrival. Signatures of other makers are opaque to Rialto and never reach a vendor through
it.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core.lenient import strict

PREFIX = "rialto1."
#: The largest state that is unpacked; a signature is client input, and deflate expands a thousandfold.
MAX_BYTES = 16 * 1024 * 1024
#: Kinds of state that belong to one call; the keys are `kind:id`. What the vendor wants back beside the call, and the
#: id by which its other state names the call.
CALL_STATE, VENDORS_ID = "call", "id"


@dataclass(frozen=True, slots=True)
class Signature:
    """What one thinking block remembers. `text` is "" unless the block itself hides it."""

    vendor: str
    model: str
    text: str = ""
    opaque: tuple[tuple[str, Any], ...] = ()

    def values(self, key: str) -> list[Any]:
        """All opaque values of one kind, in the order of arrival."""
        return [value for name, value in self.opaque if name == key]

    def of_calls(self, kind: str) -> dict[str, str]:
        """Call id -> its state of one kind. What is no text, or empty, has come from elsewhere."""
        return {
            name.removeprefix(f"{kind}:"): value
            for name, value in self.opaque
            if name.startswith(f"{kind}:") and isinstance(value, str) and value
        }


def sign(signature: Signature) -> str:
    """The signature as the string that the client keeps."""
    fields = [signature.vendor, signature.model, signature.text, signature.opaque]
    packed = zlib.compress(
        json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )
    return PREFIX + base64.urlsafe_b64encode(packed).decode("ascii")


def read(text: Any) -> Signature | None:
    """The signature in a string, or None when Rialto did not make it or it is damaged."""
    if not isinstance(text, str) or not text.startswith(PREFIX):
        return None
    try:
        packed = base64.urlsafe_b64decode(text[len(PREFIX) :])
        unpacked = zlib.decompressobj().decompress(packed, MAX_BYTES)
        vendor, model, hidden, opaque = strict(unpacked.decode("utf-8", "surrogatepass"))
        return Signature(str(vendor), str(model), str(hidden), tuple((str(key), value) for key, value in opaque))
    except (binascii.Error, zlib.error, ValueError, TypeError):
        return None


def memories(blocks: Iterable[Mapping[str, Any]], vendor: str) -> list[tuple[str, Signature]]:
    """(reasoning text, signature) of the thinking blocks that this vendor made."""
    found = []
    for block in blocks:
        if block.get("type") != "thinking":
            continue
        signature = read(block.get("signature"))
        if signature is not None and signature.vendor == vendor:
            found.append((signature.text or str(block.get("thinking") or ""), signature))
    return found
