"""The way to search engines: one short request, bounded in time and size, that can be cut off.

The address of an engine is a setting, not a client's, so it may be this machine; it is not guarded.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import requests
from requests.utils import get_environ_proxies

from app.upstream.framing import parsed
from app.upstream.upstream import WIRE, Line, Reply, TrackedAdapter
from translators.core.errors import TimedOut, Unreachable
from translators.core.vendor import Json

CONNECT_TIMEOUT = 5.0
HEADERS = {"user-agent": "rialto", "accept": "application/json"}


class EngineLine:
    """Asks engines. For any thread; each address keeps its connections."""

    def __init__(self) -> None:
        self._sessions: dict[str, requests.Session] = {}

    def ask(
        self,
        base_url: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Json | None,
        seconds: float,
        line: Line,
        title: str,
    ) -> tuple[int, object]:
        """(HTTP status, parsed answer). Raises a `RialtoError` when none comes within `seconds`."""
        line.renew()
        timer = threading.Timer(seconds, line.expire)
        timer.daemon = True
        timer.start()
        WIRE.line = line
        try:
            response = self._session(base_url).request(
                "GET" if body is None else "POST",
                base_url + path,
                params=dict(query),
                headers={**HEADERS, **headers},
                json=body,
                stream=True,
                timeout=(min(CONNECT_TIMEOUT, seconds), seconds),
                allow_redirects=False,
            )
            line.hold(response)
            return response.status_code, read(response, title)
        except requests.Timeout:
            raise TimedOut(f"{title}: no answer in time") from None
        except requests.RequestException as error:
            raise Unreachable(f"{title}: cannot be reached ({type(error).__name__}); check {base_url}") from None
        finally:
            WIRE.line = None
            timer.cancel()

    def _session(self, base_url: str) -> requests.Session:
        if base_url not in self._sessions:
            session = requests.Session()
            session.trust_env = False
            session.proxies = dict(get_environ_proxies(base_url, no_proxy=None))
            adapter = TrackedAdapter(pool_connections=2, pool_maxsize=100)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._sessions[base_url] = session
        return self._sessions[base_url]


def read(response: requests.Response, title: str) -> object:
    """The parsed body; text where it is no JSON. Raises a `RialtoError` when it breaks off."""
    reply = Reply(response, title)
    try:
        return parsed(reply.body())
    finally:
        reply.close()
