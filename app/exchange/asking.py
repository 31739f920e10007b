"""Asking: for which exchange Rialto itself asks a model something, and with whose means."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.exchange.account import Account
from app.exchange.call import Caller
from app.exchange.means import Means
from app.upstream.upstream import Line


@dataclass(frozen=True, slots=True)
class Asking:
    """The exchange that needs the answer: its means, its client, its line and its account."""

    means: Means
    caller: Caller
    line: Line
    account: Account = field(default_factory=Account)
