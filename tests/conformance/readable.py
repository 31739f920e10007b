"""Messages with what differs from run to run made readable: numbered ids, signatures as what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from translators.core.thinking import Signature, read, sign

#: What is said of a context that was not edited, though the client allowed it; the cases do not repeat it.
NO_EDITS = {"applied_edits": []}


def normalised(value: Any) -> Any:
    """The value with ids numbered in the order of their appearance and signatures readable."""
    seen: dict[str, str] = {}
    return walk(value, lambda key, text: named(text, seen) if key in ("id", "tool_use_id") else readable(key, text))


def walk(value: Any, leaf: Callable[[str, str], Any], key: str = "") -> Any:
    """The value with every string replaced by `leaf(its key, itself)`."""
    match value:
        case dict():
            return {name: walk(item, leaf, name) for name, item in value.items() if item != NO_EDITS}
        case list() | tuple():
            return [walk(item, leaf, key) for item in value]
        case str():
            return leaf(key, value)
        case _:
            return value


def named(text: str, seen: dict[str, str]) -> str:
    """`msg_1`, `toolu_1`, `toolu_2`, ..."""
    prefix = text.partition("_")[0]
    if text not in seen:
        seen[text] = f"{prefix}_{sum(name.startswith(prefix) for name in seen.values()) + 1}"
    return seen[text]


def readable(key: str, text: str) -> Any:
    """A signature of ours as a list; `call:` and `id:` keys lose the id in them."""
    signature = read(text) if key == "signature" else None
    if signature is None:
        return text
    opaque = [[name.partition(":")[0], value] for name, value in signature.opaque]
    return [signature.vendor, signature.model, signature.text, opaque]


def signed(value: Any) -> Any:
    """The value with readable signatures made real."""
    if isinstance(value, list):
        return [signed(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: signed(item) for key, item in value.items() if key != "signature"}
    if "signature" in value:
        parts = value["signature"]
        made["signature"] = parts if isinstance(parts, str) else signature_of(parts)
    return made


def signature_of(parts: list[Any]) -> str:
    """The signature that a readable one stands for."""
    vendor, model, text, opaque = parts
    return sign(Signature(vendor, model, text, tuple((key, item) for key, item in opaque)))
