"""All chunks of an answer that have arrived, taken at once.

Vendors send each event as an HTTP chunk of its own, and the standard library reads one chunk in each call, line by
line. Here the bytes that are there are read in one go and their framing is taken off, as the library does it
(http.client of Python 3.11 to 3.14), so that both ways give the same bytes and the same errors.
"""

from __future__ import annotations

import http.client
from typing import Any

#: Bytes that are read at once: few while a vendor is waited for, because the room for them is taken meanwhile, and more
#: for as long as so much has come.
SHORT_PIECE, PIECE = 4096, 65536
#: Bytes of the longest line between chunks.
LONGEST_LINE = 65536


class Chunks:
    """Takes the framing off. `ended`: the last chunk and what follows it have come, `rest` is behind them. `failure` is
    what is wrong behind the bytes that were handed out.
    """

    def __init__(self) -> None:
        self.ended = False
        self.failure: http.client.HTTPException | None = None
        self.rest = b""
        self._left = self._skipped = 0
        self._trailing = False

    def feed(self, data: bytes) -> bytes:
        """What the bytes hold, up to what is no chunk."""
        data, at, parts = self.rest + data if self.rest else data, 0, list[bytes]()
        self.rest = b""
        while not (self.ended or self.failure):
            if self._left:
                parts.append(data[at : at + self._left])
                at += len(parts[-1])
                self._left -= len(parts[-1])
                self._skipped = 2
            if self._skipped and not self._left:
                at, skipped = min(at + self._skipped, len(data)), at
                self._skipped -= at - skipped
            end = -1 if self._left else data.find(b"\n", at)
            if end < 0 or self._left or self._skipped:
                self._keep(data[at:])
                break
            self._line(data[at : end + 1])
            at = end + 1
        else:
            self.rest = data[at:]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """No more bytes come, which is a failure when there should be more."""
        if self.rest and not self._trailing:
            self._line(self.rest)
        self.ended = self._trailing
        if not self.ended:
            self.failure = self.failure or http.client.IncompleteRead(b"")

    def _keep(self, line: bytes) -> None:
        """The beginning of a line."""
        if len(line) > LONGEST_LINE:
            self.failure = http.client.LineTooLong("chunk size")
        self.rest = line

    def _line(self, line: bytes) -> None:
        """The size of the next chunk, or what follows the last one."""
        if self._trailing:
            self.ended = line in (b"\r\n", b"\n")
            return
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            size = -1
        if size < 0:
            self.failure = http.client.IncompleteRead(b"")
        self._left, self._trailing = max(0, size), size == 0


class Arrived:
    """The pieces of a urllib3 answer as they arrive, up to its end. Raises what its `read1` raises.

    It has no `close`: whoever stops reading leaves the rest to whoever reads on.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._chunks = Chunks() if is_plainly_chunked(raw) else None
        self._size = SHORT_PIECE

    def __iter__(self) -> Arrived:
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            piece: bytes = self._raw.read1(self._size, decode_content=True)
            self._see(len(piece))
        else:
            piece = self._read(self._chunks)
        if not piece:
            raise StopIteration
        return piece

    def _read(self, chunks: Chunks) -> bytes:
        piece = b""
        while not (piece or chunks.ended):
            with self._raw._error_catcher():  # it turns errors into urllib3's, and gives the connection back at the end
                if chunks.failure:
                    raise chunks.failure
                if data := self._raw._fp.fp.read1(self._size):
                    self._see(len(data))
                    piece = chunks.feed(data)
                else:
                    chunks.close()
                if chunks.ended:
                    self._end(chunks.rest)
        return piece

    def _see(self, length: int) -> None:
        """So much has come at once; where there was no room for more, there may be more."""
        self._size = PIECE if length >= SHORT_PIECE else SHORT_PIECE

    def _end(self, rest: bytes) -> None:
        """The answer is over; behind bytes that belong to none nobody can tell where the next one begins."""
        connection = self._raw.connection
        self._raw._fp.close()
        if rest and connection is not None:
            connection.close()


def is_plainly_chunked(raw: Any) -> bool:
    """The answer comes in chunks that nothing else is wrapped around, and none of it has been read."""
    inner = getattr(raw, "_fp", None)
    return (
        isinstance(inner, http.client.HTTPResponse)
        and inner.chunked is True
        and inner.chunk_left is None
        and inner.fp is not None
        and not raw.headers.get("content-encoding")
        and hasattr(raw, "_error_catcher")
    )
