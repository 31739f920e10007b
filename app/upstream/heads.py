"""The head of an answer, as urllib3 should be given it."""

from __future__ import annotations

import http.client

#: Status 101 is final: it ends HTTP.
SWITCHED = 101


class Head(http.client.HTTPResponse):
    """Passes interim answers by, of which the standard library knows only 100 (Python 3.11 to 3.14), and says of a
    body's codings only what is to be taken off: urllib3 (2.8) takes "identity" in a list for deflate.
    """

    def begin(self) -> None:
        super().begin()
        while self.status < 200 and self.status != SWITCHED:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        if "content-encoding" in self.headers:
            self._name_codings()

    def _name_codings(self) -> None:
        told = ",".join(self.headers.get_all("content-encoding", []))
        codings = [coding for word in told.split(",") if (coding := word.strip().lower()) not in ("", "identity")]
        del self.headers["content-encoding"]
        if codings:
            self.headers["content-encoding"] = ", ".join(codings)
