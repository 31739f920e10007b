"""Means: what every exchange of this process uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.exchange.account import Account
from app.exchange.patience import Patience
from app.ids import new_id
from app.media import Media
from app.memory.memory import Memory
from app.resilience.traffic import Traffic
from app.search.web import Web
from app.upstream.upstream import Upstream

if TYPE_CHECKING:
    from app.asides.fitting import Fitting
    from app.capture.capture import Capture


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
    new_id: Callable[[str], str] = new_id
    """Makes a fresh id behind a prefix."""
    fitting: Fitting | None = None
    """Brings messages to what a model can see; None leaves them as they are."""
    capture: Capture | None = None
    """Keeps whole exchanges, where the settings ask for it."""
