"""Once: each text is made by one thread of one worker, whoever wants it; the others wait for it.

A making goes on as long as somebody waits, and to its end when those who waited have only run out of time: then the
next request has the text. Without anybody, because all clients have left, it is cut off.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.asides.shelf import Shelf
from app.exchange.client import ClientGone
from app.media.cache import Bounded
from app.upstream.upstream import Line
from translators.core.errors import RialtoError

#: Seconds for which what could not be made rests, where nobody asks for it anew.
REST = 300.0
#: Seconds between two looks at what another worker makes, and that a claim outlives its making.
LOOK, GRACE = 0.2, 5.0
#: Keys of failures that are remembered.
MOST_FAILURES = 10_000

Make = Callable[[Callable[[], bool]], str]
"""Makes a text; is told how to learn that nobody wants it any more. Raises a `RialtoError` or `ClientGone`."""

log = logging.getLogger("rialto")


@dataclass(slots=True)
class Making:
    """A text on its way: None at its end means that it could not be made."""

    waiting: int = 1
    is_done: bool = False
    text: str | None = None
    listeners: list[threading.Event] = field(default_factory=list)
    """One for each waiting request: whose line is cut has its own event set, and nobody else's."""

    def is_unwanted(self) -> bool:
        """All have left."""
        return self.waiting <= 0


class Once:
    """Texts by key, made when they are first wanted, within `seconds`."""

    def __init__(self, shelf: Shelf, seconds: float, what: str) -> None:
        self._shelf = shelf
        self.seconds = seconds
        self._what = what
        self._lock = threading.Lock()
        self._makings: dict[str, Making] = {}
        self._failed: Bounded[float] = Bounded(MOST_FAILURES)

    def known(self, key: str) -> str | None:
        """A text that has been made."""
        return self._shelf.read(key)

    def rests(self, key: str, seconds: float = REST) -> bool:
        """It could not be made within the last seconds."""
        failed = self._failed.read(key)
        return failed is not None and time.monotonic() - failed < seconds

    def begin(self, key: str, make: Make) -> Making:
        """A text on its way, by this `make` unless somebody has begun."""
        with self._lock:
            making = self._makings.get(key)
            if making is not None and not making.is_unwanted():
                making.waiting += 1
                return making
            self._makings[key] = making = Making()
        threading.Thread(target=self._run, args=(making, key, make), name="rialto-aside", daemon=True).start()
        return making

    def wait(self, making: Making, line: Line, seconds: float) -> str | None:
        """The text within so many seconds; None when it is not there then, or the line was cut."""
        ended = threading.Event()
        with self._lock:
            making.listeners.append(ended)
            if making.is_done:
                ended.set()
        line.wait(ended, max(0.0, seconds))
        if line.cut_off:
            with self._lock:
                making.waiting -= 1
        return making.text

    def _run(self, making: Making, key: str, make: Make) -> None:
        try:
            making.text = self._made(making, key, make)
        except ClientGone:
            log.debug("%s: nobody waits for it any more", self._what)
        except RialtoError as error:
            log.warning("%s: %s", self._what, error.message)
            self._failed.write(key, time.monotonic(), 1)
        except Exception:
            log.exception("%s: unexpected failure", self._what)
            self._failed.write(key, time.monotonic(), 1)
        finally:
            with self._lock:
                if self._makings.get(key) is making:
                    del self._makings[key]
                making.is_done = True
                for listener in making.listeners:
                    listener.set()

    def _made(self, making: Making, key: str, make: Make) -> str | None:
        """The text, made here or by another worker meanwhile."""
        end = time.monotonic() + self.seconds + GRACE
        while not self._shelf.claim(key, self.seconds + GRACE):
            if making.is_unwanted() or time.monotonic() > end:
                return None
            time.sleep(LOOK)
            if text := self._shelf.read(key):
                return text
        try:
            return self._shelf.read(key) or self._shelf.keep(key, make(making.is_unwanted))
        finally:
            self._shelf.release(key)
