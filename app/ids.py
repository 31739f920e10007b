"""Fresh ids."""

from __future__ import annotations

import uuid


def new_id(prefix: str) -> str:
    """A fresh id, unique over all conversations."""
    return prefix + uuid.uuid4().hex[:24]
