"""Reads the text of a PDF, page by page: a program of its own, which `pdf.py` runs.

A PDF comes from anywhere and may be made to hang its reader or to eat the machine's memory. Here it can only harm this
process, which has no key in its environment, little memory and little time, and it does not hold up the streams of the
server. Usage: pdf_pages.py PAGES CHARACTERS SECONDS MEGABYTES, with the PDF on standard input; out comes JSON.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class TimeIsUp(BaseException):
    """The seconds are over; no handler of ordinary errors may catch it."""


def read(data: bytes, most_pages: int, most_characters: int) -> dict[str, Any]:
    """{"state": "read", "pages": how many there are, "texts": of the first ones, None for an unreadable one}, or only
    a state: encrypted, broken, slow.
    """
    texts: list[str | None] = []
    pages = 0
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"state": "encrypted"}
        pages = len(reader.pages)
        for page in (reader.pages[number] for number in range(min(pages, most_pages))):
            texts.append(text_of(page))
            if sum(len(text or "") for text in texts) > most_characters:
                break
    except DependencyError:
        return {"state": "encrypted"}
    except TimeIsUp:
        if not texts:
            return {"state": "slow"}
    except Exception:
        if not texts:
            return {"state": "broken"}
    return {"state": "read" if pages else "broken", "pages": pages, "texts": list(cut(texts, most_characters))}


def text_of(page: PageObject) -> str | None:
    """The text of one page, "" when it has none, None when it cannot be read."""
    try:
        return CONTROLS.sub("", page.extract_text().replace("\r", "\n")).strip()
    except Exception:
        return None


def cut(texts: list[str | None], most: int) -> Iterator[str | None]:
    """The texts, `most` characters at most."""
    for text in texts:
        yield text and text[:most]
        most -= len(text or "")
        if most <= 0:
            return


def restrain(seconds: int, megabytes: int) -> None:
    """Limits time and memory where the system can, and lets others go first."""
    if sys.platform == "win32":
        return
    import resource

    def ring(*_: object) -> None:
        raise TimeIsUp

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20,) * 2)
    os.nice(10)


def main() -> None:
    """Reads, and prints what was read."""
    most_pages, most_characters, seconds, megabytes = map(int, sys.argv[1:])
    data = sys.stdin.buffer.read()
    restrain(seconds, megabytes)
    print(json.dumps(read(data, most_pages, most_characters)))


if __name__ == "__main__":
    main()
