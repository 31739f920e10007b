"""Origin: who asks when a request comes from inside, as an item of a batch does.

It travels in the WSGI environment under a name that no header of a client can have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.clients.rows import Client

KEY = "rialto.origin"


@dataclass(frozen=True, slots=True)
class Origin:
    """The client that made the batch, the batch's id, and whether its answer is not wanted any more."""

    client: Client
    batch: str
    gone: Callable[[], bool]


def origin_of(environ: Mapping[str, Any]) -> Origin | None:
    """The origin of a request; None for one that came over the network."""
    found: Origin | None = environ.get(KEY)
    return found
