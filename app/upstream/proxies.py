"""Which proxy the environment puts before an address, told without its password."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy


@dataclass(frozen=True, slots=True)
class Proxy:
    """`variable` is the one of the environment that names it, `address` its host and port."""

    variable: str
    address: str


def proxy_of(url: str) -> Proxy | None:
    """The proxy on the way to an address, None when there is none."""
    address = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if not address:
        return None
    variable = next((name for name, value in os.environ.items() if is_setting(name, value, address)), "a proxy setting")
    parts = urlsplit(address if "://" in address else f"http://{address}")
    return Proxy(variable, f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname))


def is_setting(name: str, value: str, address: str) -> bool:
    """Whether a variable names this proxy."""
    return name.lower().endswith("_proxy") and name.lower() != "no_proxy" and value.strip() == address
