"""Clients by the hundred, each with a session of its own, and what became of their requests."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
#: Seconds a client waits for the next byte.
PATIENCE = 60.0
MODEL = "groq/m"
#: Seconds that a refusal tells them to wait.
RETRY_AFTER = 1.0


@dataclass
class Outcome:
    """What one client saw. `node` is who answered; `end` is the last event's type, or "broken"."""

    status: int = 0
    node: str = ""
    end: str = ""
    retryable: bool = False
    error: str = ""
    pings: int = 0

    @property
    def whole(self) -> bool:
        """A complete answer."""
        return self.status == 200 and self.end == "message_stop"


@dataclass
class Streams:
    """Streams that run side by side. `begun` counts those that have shown a word."""

    outcomes: list[Outcome]
    threads: list[threading.Thread] = field(default_factory=list)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def wait_for_words(self, count: int) -> None:
        """Until so many have shown a word."""
        for number in range(count):
            assert self.begun.acquire(timeout=PATIENCE), f"only {number} of {count} streams have begun"

    def join(self) -> list[Outcome]:
        """The outcomes, when all have ended."""
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a stream hangs"
        return self.outcomes


def streams(url: str, questions: Sequence[str], **more: Any) -> Streams:
    """Begins a stream for each question."""
    found = Streams([Outcome() for _ in questions])
    for number, (question, outcome) in enumerate(zip(questions, found.outcomes, strict=True)):
        work = (url, question, f"{question}-{number}", outcome, found.begun.release)
        found.threads.append(threading.Thread(target=stream, args=work, kwargs=more, daemon=True))
        found.threads[-1].start()
    return found


@contextmanager
def posted(url: str, body: Json, session: str, key: str) -> Iterator[http.client.HTTPResponse]:
    """One request's answer."""
    headers = {"content-type": "application/json", "x-claude-code-session-id": session, "x-api-key": key}
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)) as connection:
        connection.request("POST", "/v1/messages", json.dumps(body), headers)
        with connection.getresponse() as response:
            yield response


def message(question: str, **fields: Any) -> Json:
    """A small request."""
    return {"model": MODEL, "max_tokens": 99, "messages": [{"role": "user", "content": question}], **fields}


def stream(
    url: str, question: str, session: str, outcome: Outcome, begun: Callable[[], Any] = lambda: None, key: str = "k"
) -> None:
    """Reads one stream to its end, whatever that is."""
    outcome.end = "broken"
    with (
        suppress(OSError, http.client.HTTPException),
        posted(url, message(question, stream=True), session, key) as response,
    ):
        outcome.status, outcome.node = response.status, response.headers.get("x-node", "")
        outcome.retryable = response.headers.get("x-should-retry") == "true"
        if response.status != 200:
            outcome.error = json.loads(response.read())["error"]["type"]
            outcome.end = "refused"
            return
        last = ""
        for line in lines(response):
            if line.startswith(b"data:"):
                last = json.loads(line[5:])["type"]
                outcome.pings += last == "ping"
                if last == "content_block_delta":
                    begun()
        outcome.end = last


def lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The lines of a body. Raises where the last chunk is missing, which `readline` takes for an end."""
    rest = b""
    while piece := response.read1(65536):
        *found, rest = (rest + piece).split(b"\n")
        yield from found


def whole(url: str, session: str, key: str = "k", **fields: Any) -> Outcome:
    """One request that is not streamed."""
    outcome = Outcome(end="broken")
    with (
        suppress(OSError, http.client.HTTPException),
        posted(url, message("word", **fields), session, key) as response,
    ):
        outcome.status, outcome.node = response.status, response.headers.get("x-node", "")
        outcome.retryable = response.headers.get("x-should-retry") == "true"
        body = json.loads(response.read())
        outcome.error = (body.get("error") or {}).get("type", "")
        outcome.end = "message_stop" if body.get("type") == "message" else "refused"
    return outcome


def many(url: str, count: int, at_once: int = 32, **more: Any) -> list[Outcome]:
    """So many whole requests, each of another session."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda number: whole(url, f"many-{number}", **more), range(count)))


def patient(url: str, count: int, tries: int = 5) -> tuple[list[Outcome], int]:
    """The same from clients that ask again when they are told to, as Anthropic's do; and how often they had to."""
    outcomes, again = many(url, count), 0
    for _ in range(tries):
        refused = [place for place, outcome in enumerate(outcomes) if outcome.retryable]
        if not refused:
            break
        again += len(refused)
        time.sleep(RETRY_AFTER)
        for place, outcome in zip(refused, many(url, len(refused)), strict=True):
            outcomes[place] = outcome
    return outcomes, again
