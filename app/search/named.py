"""Whether somebody has named an address: the whole of it, not one that begins the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.upstream.guard import MAX_URL, Unfetched, parts

#: An address in prose, Markdown or JSON ends here, or where another one begins behind a comma or in brackets.
END = r"\s<>\"`\\^{}，。、；：！？（）【】「」『』《》“”‘’"  # the marks of Chinese and Japanese sentences
ADDRESS = re.compile(rf"https?://(?:(?!\]\(|[,;|]https?://)[^{END}])+", re.IGNORECASE)
#: What may end an address or belong to the sentence around it, and how many of them are tried.
MARKS, MOST_MARKS = ".,;:!?'*_~)]", 4


def is_named(url: str, text: str) -> bool:
    """Whether an address stands in a text, as browsers compare them; fragments and a slash at the end do not matter."""
    wanted = place_of(url)
    if wanted is None:  # the guard says what is wrong with it
        return url in text
    runs = {run for run in ADDRESS.findall(text) if wanted[1] in run.lower() or not run.isascii()}
    return any(place_of(found) == wanted for run in runs for found in readings(run))


def readings(run: str) -> Iterator[str]:
    """The addresses that a run of characters may mean: all of it, or the last one in it, without marks at the end."""
    for start in {0, run.lower().rfind("http")}:
        address = run[start:]
        yield address
        for _ in range(MOST_MARKS):
            if address[-1:] not in MARKS:
                break
            address = address[:-1]
            yield address


def place_of(url: str) -> tuple[str, str, int, str] | None:
    """What an address leads to, in one form; None for what is no address."""
    if len(url) > MAX_URL:
        return None
    try:
        scheme, host, port, target = parts(url)
    except Unfetched:
        return None
    path, mark, query = target.partition("?")
    return scheme, host, port, path.rstrip("/") + mark + query
