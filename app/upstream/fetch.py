"""Fetches what an address in a message names: guarded, bounded, and without anything of Rialto's own.

The connection goes to the address that was checked, so a name that resolves differently the second time gains nothing;
Host header and certificate are still the name's. Every redirect is checked like the first address. No keys, cookies,
proxies or netrc: urllib3's connections know none of them.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError

from app.upstream.guard import Place, Unfetched, checked
from app.upstream.heads import Head

HEADERS = {"user-agent": "rialto", "accept-encoding": "identity", "connection": "close"}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
#: Addresses of one host that are tried.
MAX_ADDRESSES = 4
#: Seconds for one of them to answer.
CONNECT_TIMEOUT = 5.0
PIECE = 65536

Check = Callable[[str], Place]
#: Waits for an event so many seconds at most.
Wait = Callable[[threading.Event, float], object]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was found. `content_type` is what the server calls it, in lower case without parameters; `url` is where the
    redirects ended.
    """

    data: bytes
    content_type: str
    url: str


class Fetcher:
    """Opens addresses that `check` lets pass."""

    def __init__(self, check: Check = checked, ca_certs: str | None = None) -> None:
        self._check = check
        self._ca_certs = ca_certs or DEFAULT_CA_BUNDLE_PATH

    def start(self, url: str, *, accept: str = "*/*", most: int, seconds: float) -> Trip:
        """Begins to fetch; `most` are the bytes after decompression, `seconds` the time for everything."""
        return Trip(url, {"accept": accept}, most, seconds, self._check, self._ca_certs)

    def fetch(self, url: str, *, accept: str = "*/*", most: int, seconds: float) -> Fetched:
        """The same, waited for. Raises `Unfetched`."""
        return self.start(url, accept=accept, most=most, seconds=seconds).result()


class Trip:
    """One fetch in a thread of its own, so that nothing holds its caller up: no resolver, and no server that drips."""

    def __init__(
        self, url: str, headers: dict[str, str], most: int, seconds: float, check: Check, ca_certs: str
    ) -> None:
        self._headers = {**HEADERS, **headers}
        self._most = most
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._check = check
        self._ca_certs = ca_certs
        self._done = threading.Event()
        self._outcome: Fetched | Unfetched | None = None
        self._connection: HTTPConnection | None = None
        self._response: BaseHTTPResponse | None = None
        self._cut_off = False
        threading.Thread(target=self._run, args=(url,), name="rialto-fetch", daemon=True).start()

    def result(self, wait: Wait = threading.Event.wait) -> Fetched:
        """What was found, as soon as it is there. `wait` may come back early, which ends the fetch. Raises
        `Unfetched`.
        """
        wait(self._done, max(0.0, self._left()))
        if self._outcome is None:
            self._cut()
            raise Unfetched(f"it took longer than {self._seconds:g} seconds")
        if isinstance(self._outcome, Unfetched):
            raise self._outcome
        return self._outcome

    def _run(self, url: str) -> None:
        try:
            self._outcome = self._followed(url)
        except Unfetched as problem:
            self._outcome = problem
        except (SSLError, ssl.SSLError):
            self._outcome = Unfetched("its certificate is not valid, or it speaks no TLS")
        except (HTTPError, OSError, ValueError) as error:
            self._outcome = Unfetched(f"the connection failed ({type(error).__name__})")
        finally:
            self._outcome = self._outcome or Unfetched("the fetch failed")
            self._done.set()
            self._close()

    def _followed(self, url: str) -> Fetched:
        for hop in range(MAX_REDIRECTS + 1):
            response = self._opened(self._place(url, hop))
            target = response.headers.get("location")
            if response.status not in REDIRECTS or not target:
                return self._read(response, url)
            self._close()
            url = urljoin(url, target)
        raise Unfetched(f"it redirects more than {MAX_REDIRECTS} times")

    def _place(self, url: str, hop: int) -> Place:
        try:
            return self._check(url)
        except Unfetched as refused:
            if not hop:
                raise
            raise Unfetched(f"it redirects, and {refused}") from None

    def _opened(self, place: Place) -> BaseHTTPResponse:
        """The head of the answer of the first address that takes a connection."""
        connection = self._connected(place)
        connection.timeout = max(0.1, self._left())
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        connection.request(
            "GET", place.target, headers={**self._headers, "host": place.host_header}, preload_content=False
        )
        self._response = connection.getresponse()
        return self._response

    def _connected(self, place: Place) -> HTTPConnection:
        for address in place.addresses[:MAX_ADDRESSES]:
            timeout = max(0.1, min(CONNECT_TIMEOUT, self._left()))
            connection = self._line(place, address, timeout)
            connection.response_class = Head
            self._connection = connection
            try:
                connection.connect()
            except (SSLError, ssl.SSLError):
                raise
            except (HTTPError, OSError):
                continue
            if self._cut_off:
                break
            return connection
        raise Unfetched("it cannot be reached")

    def _line(self, place: Place, address: str, timeout: float) -> HTTPConnection:
        """A connection to a checked address, with the name's own certificate."""
        if place.scheme == "http":
            return HTTPConnection(address, place.port, timeout=timeout)
        return HTTPSConnection(
            address,
            place.port,
            timeout=timeout,
            server_hostname=place.host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self._ca_certs,
        )

    def _read(self, response: BaseHTTPResponse, url: str) -> Fetched:
        if response.status != 200:
            raise Unfetched(f"it answered with HTTP {response.status}")
        too_large = Unfetched(f"it is larger than {self._most // 2**20} MB")
        if int(response.headers.get("content-length") or 0) > self._most:
            raise too_large
        data = bytearray()
        for piece in response.stream(PIECE, decode_content=True):
            data += piece
            if len(data) > self._most:
                raise too_large
        kind = (response.headers.get("content-type") or "").partition(";")[0].strip().lower()
        return Fetched(bytes(data), kind, url)

    def _close(self) -> None:
        for part in (self._response, self._connection):
            if part is not None:
                part.close()

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _cut(self) -> None:
        self._cut_off = True
        sock = getattr(self._connection, "sock", None)
        try:
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            pass
