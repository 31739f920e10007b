"""POSTs that are prepared once for each address.

requests takes an address apart seven times on the way of every request, and merges settings, cookies and headers that
are always the same; tried with 2.34, that is a third of the whole. What depends on the address alone is kept here, and
the adapter is called as the session would call it. A vendor that sets cookies gets its requests by way of the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import ConnectionPool

#: Addresses that are remembered; Gemini has one for each model and kind of answer.
ADDRESSES = 200


class PooledAdapter(HTTPAdapter):
    """An adapter of one session that remembers the pool and the path of each address."""

    def __init__(self, **options: Any) -> None:
        self._pools: dict[str, ConnectionPool] = {}
        self._paths: dict[str, str] = {}
        super().__init__(**options)

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> Any:
        """The pool of a request; proxies, and what certificates are checked by, are those of the session."""
        url = request.url or ""
        pool = self._pools.get(url)
        if pool is None or getattr(pool, "pool", None) is None:  # closed, to make room for another
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            remember(self._pools, url, pool)
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """The answer, as far as anybody here looks at it: neither its text nor its history."""
        response = requests.Response()
        response.status_code, response.raw, response.reason = resp.status, resp, resp.reason
        response.url, response.request, response.connection = req.url or "", req, self
        response.headers = CaseInsensitiveDict(resp.headers)
        if "set-cookie" in resp.headers:
            extract_cookies_to_jar(response.cookies, req, resp)  # type: ignore[no-untyped-call]
        return response

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """The path of a request, or its whole address for a proxy."""
        url = request.url or ""
        path = self._paths.get(url)
        if path is None:
            remember(self._paths, url, path := super().request_url(request, proxies))
        return path


class Posts:
    """The POSTs of one session."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._prepared: dict[str, requests.PreparedRequest] = {}
        self._merged: dict[Any, dict[str, str]] = {}

    def send(
        self, url: str, headers: Mapping[str, str], body: bytes, timeout: tuple[float, float]
    ) -> requests.Response:
        """What `session.post` would answer, its body unread and redirects not followed. Raises what it would raise."""
        session = self._session
        if session.cookies:
            return session.post(url, data=body, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        request = self._request(url, headers, body)
        adapter = session.get_adapter(request.url or "")
        response = adapter.send(
            request,
            stream=True,
            timeout=timeout,
            verify=session.verify or False,
            cert=session.cert,
            proxies=session.proxies,
        )
        if response.cookies:
            session.cookies.update(response.cookies)
        return response

    def _request(self, url: str, headers: Mapping[str, str], body: bytes) -> requests.PreparedRequest:
        known = self._prepared.get(url)
        if known is None:
            known = self._session.prepare_request(requests.Request("POST", url))
            remember(self._prepared, url, known)
        request = requests.PreparedRequest()
        request.method, request.url, request.body, request.hooks = known.method, known.url, body, known.hooks
        request._cookies = known._cookies  # type: ignore[attr-defined]
        request.headers = {**self._headers(known, headers), "Content-Length": str(len(body))}  # type: ignore[assignment]
        return request

    def _headers(self, known: requests.PreparedRequest, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request to an address, checked and merged once for as long as they stay the same."""
        key = (known.url, *headers.items())
        merged = self._merged.get(key)
        if merged is None:
            request = requests.PreparedRequest()
            request.prepare_headers({**self._session.headers, **headers, "Content-Length": ""})
            if password := known.headers.get("Authorization"):
                request.headers["Authorization"] = password
            remember(self._merged, key, merged := dict(request.headers))
        return merged


def remember(known: dict[Any, Any], name: Any, value: Any) -> None:
    """Keeps a value, not more than `ADDRESSES` of them."""
    if len(known) >= ADDRESSES:
        known.clear()
    known[name] = value
