"""The way to the vendor: sessions and pools, sending, cancellation, and the error tree for what goes wrong on the wire.

Facts learnt by running it (requests 2.34, urllib3 2.8): `iter_content` holds close-delimited answers back until their
end, `raw.read1` streams them; a break in mid-stream surfaces as urllib3's `ProtocolError`; requests reads proxy
settings on every call, so they are resolved once; llama.cpp closes its connection after every stream although it
promises to keep it, so a stale connection is tried once more.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any

import requests
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError

from app.demo.transport import DemoAdapter
from app.upstream.chunks import Arrived
from app.upstream.failures import is_stale, unreachable
from app.upstream.framing import joined
from app.upstream.heads import Head
from app.upstream.posts import PooledAdapter, Posts
from translators.core.errors import Broke, TimedOut, Unreachable
from translators.core.vendor import Route

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

POOL_SIZE = 1000
#: Sends on a connection that the vendor had already closed are repeated this often; nothing was answered to them.
STALE_TRIES = 2
#: Bytes that are decompressed at once: a few bytes may hide gigabytes.
EXPANDED = 1024 * 1024
#: First bytes of a compressed body -> what decompresses it.
PACKED: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b\x08": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    b"\x28\xb5\x2f\xfd": zstd.ZstdDecompressor,
}
#: Seconds for the last bytes behind the end of an answer.
DRAIN_TIMEOUT = 0.2

# It logs a vendor's broken header with a traceback; what comes of the header is told anyway.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class Wire(threading.local):
    """The connection that this thread's request uses, so that another thread can cut it."""

    line: Line | None = None


class Line:
    """One request's line to the vendor. `cut` may be called from any thread, at any time."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._response: requests.Response | None = None
        self._waiting: threading.Event | None = None
        self.cut_off = False
        self.expired = False

    def attach(self, connection: Any) -> None:
        """The connection that carries the request now."""
        self._connection = connection
        if self.cut_off or self.expired:
            self._shut()

    def hold(self, response: requests.Response) -> None:
        """The answer that is being read."""
        self._response = response

    def wait(self, event: threading.Event, timeout: float) -> None:
        """Waits until the event is set, `timeout` seconds have passed or the line is cut."""
        self._waiting = event
        if not self.cut_off:
            event.wait(timeout)
        self._waiting = None

    def cut(self) -> None:
        """Shuts the socket down: whoever waits on it wakes up, and the vendor sees that nobody listens."""
        self.cut_off = True
        if waiting := self._waiting:
            waiting.set()
        self._shut()

    def expire(self) -> None:
        """Shuts the socket of this try down; another one may follow."""
        self.expired = True
        self._shut()

    def renew(self) -> None:
        """A try begins."""
        self._connection = self._response = None
        self.expired = False

    def _shut(self) -> None:
        connection, response = self._connection, self._response
        sock = getattr(connection, "sock", None)
        try:
            if response is not None:
                response.raw.shutdown()
            elif sock is not None:
                sock.shutdown(2)
        except (OSError, ValueError, RuntimeError, AttributeError):
            pass


WIRE = Wire()


class Tracked:
    """Tells the running request which connection it got, and again when that has a socket, which is what can be cut."""

    response_class: Any = Head

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        if WIRE.line is not None:
            WIRE.line.attach(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if WIRE.line is not None:
            WIRE.line.attach(self)
        super().request(*args, **kwargs)  # type: ignore[misc]


class TrackedConnection(Tracked, HTTPConnection):
    pass


class TrackedSecureConnection(Tracked, HTTPSConnection):
    pass


class TrackedPool(HTTPConnectionPool):
    ConnectionCls = TrackedConnection


class TrackedSecurePool(HTTPSConnectionPool):
    ConnectionCls = TrackedSecureConnection


class TrackedAdapter(PooledAdapter):
    """An adapter whose connections can be cut."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": TrackedPool, "https": TrackedSecurePool}


class Reply:
    """A vendor's answer: status, lower-case headers, and the body piece by piece. `idle` is how many seconds may pass
    between two pieces; None leaves it at what held for the first one.
    """

    def __init__(self, response: requests.Response, title: str, idle: float | None = None) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        if wait := seconds_until(self.headers.get("retry-after", "")):
            self.headers["retry-after"] = wait
        self._response = response
        self._arrived = Arrived(response.raw)
        self._title = title
        self._idle = idle

    def pieces(self) -> Iterator[bytes]:
        """The decoded bytes as they arrive. Raises `Broke` or `TimedOut` when they stop coming."""
        try:
            pieces = unzipped(self._arrived)
            for first in pieces:
                if self._idle is not None:
                    self._limit_silence(self._idle)
                yield first
                yield from pieces
        except ReadTimeoutError:
            raise TimedOut(f"{self._title}: the answer stopped coming") from None
        except (HTTPError, OSError, ValueError, EOFError, zlib.error, zstd.ZstdError) as error:
            raise Broke(
                f"{self._title}: the connection broke in the middle of the answer ({type(error).__name__})"
            ) from None

    def body(self) -> bytes:
        """The whole body. Raises `Broke` when it is too large."""
        return joined(self.pieces())

    def drain(self) -> None:
        """Reads the end of a complete answer, so that its connection can be used again; a vendor that holds it open is
        not waited for.
        """
        try:
            if self._limit_silence(DRAIN_TIMEOUT):
                next(self._arrived, b"")
        except (HTTPError, OSError, ValueError):
            return

    def _limit_silence(self, seconds: float) -> bool:
        """From now on so long may pass without a byte; False when there is no connection any more."""
        sock = getattr(getattr(self._response.raw, "connection", None), "sock", None)
        if sock is not None:
            sock.settimeout(seconds)
        return sock is not None

    def close(self) -> None:
        """Lets go of the connection."""
        self._response.close()


class Upstream:
    """Sends requests to vendors. Timeouts are seconds: to connect, to the first byte of the answer, and between two
    bytes, which without a limit of its own is that to the first one.
    """

    def __init__(
        self,
        connect_timeout: float,
        first_byte_timeout: float,
        headers: Mapping[str, str],
        idle_timeout: float | None = None,
    ) -> None:
        self._timeout = (connect_timeout, first_byte_timeout)
        self._idle = idle_timeout
        self._headers = dict(headers)
        self._sessions: dict[str, requests.Session] = {}
        self._posts: dict[str, Posts] = {}

    def send(
        self,
        route: Route,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        line: Line,
        timeout: tuple[float, float] | None = None,
    ) -> Reply:
        """The vendor's answer, its body still unread. `timeout` replaces the settings' one. Raises `Unreachable` or
        `TimedOut`.
        """
        title = route.vendor.title
        WIRE.line = line
        try:
            response = self._post(route, url, {**headers, **self._headers}, body, timeout or self._timeout)
        except requests.ConnectTimeout:
            raise Unreachable(f"{title}: no connection to {url} in time (check the address and the network)") from None
        except requests.Timeout:
            raise TimedOut(f"{title}: no answer in time") from None
        except (requests.RequestException, HTTPError) as error:
            raise unreachable(route, error) from None
        finally:
            WIRE.line = None
        line.hold(response)
        return Reply(response, title, None if timeout else self._idle)

    def fetch(self, route: Route, url: str, timeout: float) -> Reply:
        """What is to be read at an address; the timeout is seconds. Raises `Unreachable`."""
        headers = {**(route.vendor.auth(route.key) if route.key else {}), **self._headers}
        try:
            response = self._session(route).get(
                url, headers=headers, stream=True, timeout=timeout, allow_redirects=False
            )
        except (requests.RequestException, HTTPError) as error:
            raise unreachable(route, error) from None
        return Reply(response, route.vendor.title)

    def close(self) -> None:
        """Closes the connections that wait to be used again."""
        for session in self._sessions.values():
            session.close()

    def _post(
        self, route: Route, url: str, headers: Mapping[str, str], body: bytes, timeout: tuple[float, float]
    ) -> requests.Response:
        posts = self._posts.setdefault(route.base_url, Posts(self._session(route)))
        for left in reversed(range(STALE_TRIES)):
            try:
                return posts.send(url, headers, body, timeout)
            except requests.ConnectionError as error:
                line = WIRE.line
                if not left or not is_stale(error) or (line is not None and (line.cut_off or line.expired)):
                    raise
        raise AssertionError("unreachable")

    def _session(self, route: Route) -> requests.Session:
        """One session an address, with its proxies resolved once."""
        if route.base_url not in self._sessions:
            session = requests.Session()
            session.trust_env = False
            session.proxies = dict(get_environ_proxies(route.base_url, no_proxy=None))
            adapter = TrackedAdapter(pool_connections=4, pool_maxsize=POOL_SIZE)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            session.mount("demo://", DemoAdapter())
            self._sessions[route.base_url] = session
        return self._sessions[route.base_url]


def unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, decompressed when they are gzip or zstd that no header has announced."""
    first = next(pieces, b"")
    while any(mark != first and mark.startswith(first) for mark in PACKED) and (more := next(pieces, b"")):
        first += more
    packed = next((make for mark, make in PACKED.items() if first.startswith(mark)), None)
    if packed is None:
        yield from filter(None, chain([first], pieces))
        return
    unpacker = packed()
    for piece in chain([first], pieces):
        yield from filter(None, expanded(unpacker, piece))


def expanded(unpacker: Any, data: bytes) -> Iterator[bytes]:
    """What compressed bytes hold, in pieces of bounded size; zlib hands back what it has not read, zstd keeps it."""
    yield unpacker.decompress(data, EXPANDED)
    while getattr(unpacker, "unconsumed_tail", b"") or not getattr(unpacker, "needs_input", True):
        if unpacker.eof:
            return
        yield unpacker.decompress(getattr(unpacker, "unconsumed_tail", b""), EXPANDED)


def seconds_until(date: str) -> str:
    """The seconds to a date in an HTTP header, 1 at least; "" for what is no date."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError):
        return ""
    return str(max(1, math.ceil(moment.timestamp() - time.time())))
