"""Which addresses Rialto may open for a user: the guard against requests that reach into the server's own network.

Whoever may send a message may name an address. So only addresses of the public internet are opened: what a name
resolves to is checked, not how it is written, and the connection goes to the very address that was checked. Ranges:
IANA's special-purpose registries (https://www.iana.org/assignments/iana-ipv6-special-registry, read 2026-11-21).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

Address = IPv4Address | IPv6Address
Reach = Literal["public", "private"]
#: (host, port) -> the texts of its addresses. Raises OSError.
Resolve = Callable[[str, int], list[str]]

SCHEMES = {"http": 80, "https": 443}
#: Below it only the ports of the web: the others belong to mail and its like, which a request could be made to address.
FREE_PORTS = 1024
MAX_URL = 8192

#: Where clouds tell a machine its own keys. Two of them lie outside the private ranges.
METADATA = {
    ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
}
#: IPv6 forms that lead to an IPv4 address, which would have to be checked in its place.
TRANSITION = {
    ip_network("::ffff:0:0/96"): "an IPv4 address in IPv6 form",
    ip_network("::/96"): "an IPv4 address in IPv6 form",
    ip_network("64:ff9b::/96"): "a NAT64 address",
    ip_network("64:ff9b:1::/48"): "a NAT64 address",
    ip_network("2002::/16"): "a 6to4 address",
    ip_network("2001::/32"): "a Teredo address",
}
#: Ranges that are not the internet and that older Pythons take for global.
SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001:20::/28", "3fff::/20", "5f00::/16")))
#: The user's own networks: this machine, private ranges, and the shared range that many VPNs use.
OWN = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
#: A last label that only a number has: the other spellings of IPv4 addresses, such as 2130706433, 0x7f.1 and 0177.1.
NUMBER = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)\.?$")


class Unfetched(Exception):
    """Nothing was fetched. The message is the reason; it names the address's host alone, the rest may be secret."""


@dataclass(frozen=True, slots=True)
class Place:
    """A checked URL. `target` is path and query; `addresses` are those that may be connected to."""

    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        """The Host header: with its port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == SCHEMES[self.scheme] else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(url: str, reach: Reach = "public", resolve: Resolve = resolve) -> Place:
    """The place that a URL names, once its form and every address of its host are found fit. Raises `Unfetched`."""
    scheme, host, port, target = parts(url)
    addresses = looked_up(host, port, resolve)
    for address in addresses:
        if reason := objection(address, reach):
            raise Unfetched(f"{host} is {reason}" if is_literal(host) else f"{host} resolves to {reason}")
    return Place(scheme, host, port, target, tuple(map(str, addresses)))


def parts(url: str) -> tuple[str, str, int, str]:
    """(scheme, host, port, path and query) of a URL. Raises `Unfetched` for what is not a plain web address."""
    if len(url) > MAX_URL or any(character <= " " or character == "\\" for character in url):
        raise Unfetched("the address is not a valid URL")
    try:
        found = parse_url(url)
    except (LocationParseError, UnicodeError, ValueError):
        raise Unfetched("the address is not a valid URL") from None
    host = (found.host or "").strip("[]").rstrip(".").lower()
    if found.scheme not in SCHEMES:
        raise Unfetched("only http and https addresses are opened")
    if not host or "%" in host:
        raise Unfetched("the address has no valid host")
    if found.auth is not None:
        raise Unfetched("the address holds a user name or password")
    if NUMBER.search(host) and not is_literal(host):
        raise Unfetched(f"{host} is no plain IPv4 address")
    port = found.port or SCHEMES[found.scheme]
    if port < FREE_PORTS and port not in SCHEMES.values():
        raise Unfetched(f"port {port} is not one of the web")
    return found.scheme, host, port, found.request_uri


def is_literal(host: str) -> bool:
    """The host is an IP address in its usual form."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def looked_up(host: str, port: int, resolve: Resolve) -> list[Address]:
    """All addresses of a host. Raises `Unfetched` when it has none."""
    try:
        texts: Iterable[str] = [host] if is_literal(host) else resolve(host, port)
        return [ip_address(text) for text in texts]
    except (OSError, UnicodeError):
        raise Unfetched(f"{host} cannot be resolved") from None
    except ValueError:
        raise Unfetched(f"{host} resolves to a local address") from None


def objection(address: Address, reach: Reach) -> str:
    """Why an address is not opened, "" for one that may be."""
    if address in METADATA:
        return "a cloud's metadata service"
    if int(address) > 1 and (
        form := next((name for network, name in TRANSITION.items() if within(address, network)), "")
    ):
        return form
    if reach == "private" and any(within(address, network) for network in OWN):
        return ""
    kinds = (
        (address.is_unspecified, "an unspecified address"),
        (address.is_loopback, "a loopback address"),
        (address.is_multicast, "a multicast address"),
        (address.is_link_local or getattr(address, "is_site_local", False), "a link-local address"),
        (address.is_reserved, "a reserved address"),
        (any(within(address, network) for network in SPECIAL), "not a public address"),
        (address.is_private, "a private address"),
        (not address.is_global, "not a public address"),
    )
    return next((name for applies, name in kinds if applies), "")


def within(address: Address, network: IPv4Network | IPv6Network) -> bool:
    """The address lies in the network."""
    return address.version == network.version and address in network
