"""JSON as text, for the many small values of a long conversation.

`JSONEncoder.encode` makes its inner part anew for each value, which takes longer than writing one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Any


def writer(item_separator: str, key_separator: str) -> Callable[[Any], str]:
    """What writes a value as `json.dumps` does with these separators and without escapes for what is not ASCII."""
    plain = json.JSONEncoder(ensure_ascii=False, separators=(item_separator, key_separator))
    if c_make_encoder is None:  # this Python has none
        return plain.encode
    written = c_make_encoder(
        None, plain.default, encode_basestring, None, key_separator, item_separator, False, False, True
    )
    return lambda value: "".join(written(value, 0))


#: With a space behind each comma and colon, and without any.
loose, compact = writer(", ", ": "), writer(",", ":")
