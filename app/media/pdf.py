"""The text of PDFs, for models that take none: in words with page marks, or a note that says why there are none.

Reading is done by `pdf_pages.py` in a process of its own and kept, so that a conversation's every turn has the
same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.media.cache import Bounded

PROGRAM = Path(__file__).with_name("pdf_pages.py")
MAX_PAGES = 600
MAX_CHARACTERS = 400_000
#: Seconds after which the pages read so far are all there is, and after which the process is ended.
SECONDS, LAST_SECOND = 20, 30
MEGABYTES = 1024
#: Processes at once; the others wait.
AT_ONCE = 2
#: Characters that are kept of all conversations.
KEPT = 32_000_000
#: What a process is told of the environment: nothing but how to start.
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

NOTES = {
    "encrypted": "[A PDF was attached here, but it is encrypted and cannot be read. Ask for one without a password.]",
    "broken": "[A PDF was attached here, but it is damaged and cannot be read.]",
    "slow": "[A PDF was attached here, but reading it took too long. Extract its text with a tool.]",
}
SCANNED = (
    "[A PDF was attached here. Its pages ({pages}) hold no text, they are probably scanned, and this model cannot see "
    "them. Use OCR.]"
)
UNREADABLE = (
    "[A PDF was attached here. None of its pages ({pages}) could be read, perhaps they are damaged. Try another tool.]"
)
HEAD = "[The text of a PDF, {pages} pages. Its pictures and its layout are left out.]"
BLANK = "(no text on this page, perhaps a picture)"
LOST = "(this page could not be read)"
CUT = "[The document is too long: what follows on page {page} and all later pages are left out.]"

log = logging.getLogger("rialto")


@dataclass(frozen=True, slots=True)
class Pages:
    """What reading gave: `note` says why there is nothing; else the texts of the first of all `count` pages, None for
    one that could not be read.
    """

    note: str = ""
    count: int = 0
    texts: tuple[str | None, ...] = ()

    def words(self, most: int) -> str:
        """All of it as one text, about `most` characters of pages at most."""
        if self.note:
            return self.note
        if len(set(self.texts)) == 1 and not self.texts[0]:
            return (UNREADABLE if self.texts[0] is None else SCANNED).format(pages=self.count)
        lines = [HEAD.format(pages=self.count)]
        for page, text in enumerate(self.texts, 1):
            lines += [f"[page {page}]", LOST if text is None else text[:most] or BLANK]
            most -= len(text or "")
            if most <= 0 or (page == len(self.texts) < self.count):
                lines.append(CUT.format(page=page))
                break
        return "\n".join(lines)


class Pdfs:
    """Reads PDFs, each once as long as it is remembered. For any thread."""

    def __init__(self) -> None:
        self._known: Bounded[Pages] = Bounded(KEPT)
        self._turn = threading.BoundedSemaphore(AT_ONCE)

    def read(self, data: bytes) -> Pages:
        """The pages of a PDF."""
        key = hashlib.sha256(data).digest()
        pages = self._known.read(key)
        if pages is None:
            with self._turn:
                pages = read(data)
            self._known.write(key, pages, 1000 + sum(len(text or "") for text in pages.texts))
        return pages


def read(data: bytes) -> Pages:
    """The pages as a process of its own reads them."""
    limits = map(str, (MAX_PAGES, MAX_CHARACTERS, SECONDS, MEGABYTES))
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(
            [interpreter(), "-I", str(PROGRAM), *limits],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LAST_SECOND,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Pages(NOTES["slow"])
    except OSError as error:
        log.warning("PDFs cannot be read: %s does not start (%s)", interpreter(), error)
        return Pages(NOTES["slow"])
    return found(done.stdout)


def found(printed: bytes) -> Pages:
    """What the process has printed; one that died has read nothing."""
    try:
        answer: dict[str, Any] = json.loads(printed)
    except ValueError:
        return Pages(NOTES["broken"])
    if answer["state"] != "read":
        return Pages(NOTES[answer["state"]])
    return Pages(count=answer["pages"], texts=tuple(answer["texts"]))


def interpreter() -> str:
    """The running Python; some servers carry it inside a program of their own."""
    inside = "python" not in Path(sys.executable or "").name.lower()
    return str(Path(sys.prefix) / "bin" / "python3") if inside else sys.executable
