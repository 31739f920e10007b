"""What a vendor's file tells of its keys and of servers on this machine: what remedies are made of."""

from __future__ import annotations

from dataclasses import dataclass

from translators.core.limits import Look


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Where a vendor hands out its keys and shows the account."""

    page: str = ""
    """The web page. It shows nothing without an account: neither it nor the prefixes were verified, they are hints."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of keys that no other vendor's keys have."""
    addresses: tuple[str, ...] = ()
    """Further addresses of the vendor, for other regions and plans: a key of one is refused by the others."""


NO_DESK = KeyDesk()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A program that runs models on this machine. The sentences are remedies; `{model}` stands for a model's name."""

    title: str
    port: int
    """Where it listens unless it is told otherwise."""
    path: str = ""
    """What the vendor's address has behind the port."""
    owner: str = ""
    """`owned_by` in its list of models, by which it is known at any port."""
    models: Look
    """(root address) -> its models; nothing for an answer of another program."""
    windows: tuple[Look, ...] = ()
    """Where it tells the windows that the list does not have, model by model."""
    served: Look | None = None
    """What is loaded now, with the window that it was really loaded with."""
    start: str
    """How it is started."""
    pull: str = ""
    """How a model is had; "" when it comes with the start."""
    larger: str
    """How its window grows."""
    tools: str = ""
    """What it needs for tool calls."""
