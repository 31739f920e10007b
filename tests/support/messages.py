"""Small Messages requests, and a plain way to send them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
#: Seconds an answer may take.
PATIENCE = 20.0


def ask(text: str = "Hello", **fields: Any) -> Json:
    """A small Messages request."""
    return {"model": "demo", "max_tokens": 200, "messages": [{"role": "user", "content": text}], **fields}


@dataclass(frozen=True)
class Reply:
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


def send(
    port: int, method: str, path: str, body: bytes | Json | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One request to a server on loopback; a dict goes as JSON."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, data, {"content-type": "application/json", **(headers or {})})
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, named, response.read())
    finally:
        connection.close()
