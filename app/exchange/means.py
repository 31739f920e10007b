"""Means: what every exchange of this process uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.exchange.account import Account
from app.exchange.patience import Patience
from app.media import Media
from app.memory.memory import Memory
from app.resilience.traffic import Traffic
from app.search.web import Web
from app.upstream.upstream import Upstream


def unsettled(account: Account) -> None:
    """Keeps no books."""


@dataclass(frozen=True, slots=True)
class Means:
    """The way to the vendors and what is known of them. `settle` gets each account once, at its end."""

    upstream: Upstream
    patience: Patience
    memory: Memory
    traffic: Traffic
    media: Media
    settle: Callable[[Account], None] = unsettled
    redact: Callable[[str], str] = str
    """Takes what the settings keep secret out of a vendor's words."""
    web: Web = field(default_factory=Web)
    """Searches and opens pages for models whose vendor does not."""
