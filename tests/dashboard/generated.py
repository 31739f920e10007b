"""A month of a team's exchanges, made up: log files of any size, the same for the same seed.

python -m tests.dashboard.generated FOLDER 100000
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.usage.record import moment

Record = dict[str, Any]

DAYS = 30
FILE_BYTES = 100_000_000
#: How busy the hours of a day are.
HOURS = (2, 1, 1, 1, 1, 2, 4, 8, 18, 30, 34, 32, 24, 28, 34, 33, 30, 24, 16, 12, 10, 8, 6, 4)
WEEKEND = 0.22
#: Vendor, model, wire; USD for a million tokens (new, cached, out); how often; seconds to the first, tokens a second.
MODELS = (
    ("deepseek", "deepseek-v4-pro", "openai_chat", (0.55, 0.055, 2.19), 34, 0.9, 70),
    ("kimi", "kimi-k2.6", "openai_chat", (0.60, 0.15, 2.50), 22, 0.7, 95),
    ("zai", "glm-5.3", "openai_chat", (0.60, 0.11, 2.20), 16, 1.1, 60),
    ("openai", "gpt-5.5", "openai_responses", (1.75, 0.175, 14.0), 14, 1.3, 80),
    ("gemini", "gemini-3.8-flash", "gemini", (0.30, 0.03, 2.50), 10, 0.4, 160),
    ("ollama", "qwen3.5:9b", "ollama_chat", None, 4, 2.6, 24),
)
SMALL = ("deepseek", "deepseek-v4-flash", "openai_chat", (0.14, 0.014, 0.28), 0, 0.3, 150)
CLIENTS = ("team-web", "team-web", "team-data", "team-data", "ci", None)
FAILURES = (
    (429, "rate_limit_error", True, "{title} is limiting requests: slow down, the limit of this minute is used up"),
    (529, "overloaded_error", True, "{title} is overloaded at the moment; try again later"),
    (504, "timeout_error", True, "{title} has not answered for 300 s (FIRST_BYTE_TIMEOUT)"),
    (400, "invalid_request_error", False, "messages.3.content: an image here has no data"),
    (200, "api_error", True, "{title} ended the stream before its answer was complete"),
    (401, "authentication_error", True, "{title} refused the key [key]; check its variable"),
)


@dataclass(slots=True)
class Session:
    """A conversation: its context grows with every turn."""

    name: str
    client: str | None
    model: tuple[Any, ...]
    context: int
    turns: int


def records(count: int, now: float, seed: int = 7) -> Iterator[Record]:
    """Usage lines in the order of their times, up to `now` in seconds since 1970."""
    chance = random.Random(seed)
    running = [opened(chance) for _ in range(5)]
    for began in moments(count, now, chance):
        place = chance.randrange(len(running))
        session = running[place]
        yield exchange(session, began, chance)
        session.turns -= 1
        if not session.turns:
            running[place] = opened(chance)


def moments(count: int, now: float, chance: random.Random) -> Iterator[float]:
    """Times of a month, more of them when people work."""
    first = now - DAYS * 86400
    hours = [first + 3600 * hour for hour in range(DAYS * 24)]
    weights = [busy(hour) for hour in hours]
    scale, carried = count / sum(weights), 0.0
    for hour, weight in zip(hours, weights, strict=True):
        carried += weight * scale
        here = round(carried) if hour is not hours[-1] else round(carried + 1e-6)
        carried -= here
        yield from sorted(hour + 3600 * chance.random() for _ in range(here))


def busy(hour: float) -> float:
    """How much happens in an hour."""
    at = time.gmtime(hour)
    return HOURS[at.tm_hour] * (WEEKEND if at.tm_wday > 4 else 1.0)


def opened(chance: random.Random) -> Session:
    """A new session."""
    (model,) = chance.choices(MODELS, [model[4] for model in MODELS])
    name = f"{chance.getrandbits(128):032x}"
    name = "-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:]))
    return Session(name, chance.choice(CLIENTS), model, chance.randrange(15_000, 24_000), chance.randrange(4, 160))


def exchange(session: Session, began: float, chance: random.Random) -> Record:
    """One turn."""
    (kind,) = chance.choices(("tool_loop", "main", "subagent", "title", "compact"), (62, 22, 11, 4, 1))
    model = SMALL if kind == "title" else session.model
    vendor, name, protocol, _, _, wait, speed = model
    output = int(chance.lognormvariate(5.6, 0.9)) + 1
    first = int(1000 * wait * chance.lognormvariate(0, 0.45)) + 1
    record: Record = {
        "time": moment(began),
        "request_id": f"req_{chance.getrandbits(96):024x}",
        "client": session.client,
        "session_id": session.name,
        "agent_id": f"agent-{chance.getrandbits(16):04x}" if kind == "subagent" else None,
        "kind": kind,
        "alias": "claude-haiku-4-5" if kind == "title" else "claude-opus-5",
        "vendor": vendor,
        "model": name,
        "protocol": protocol,
        "stream": True,
        "status": 200,
        "error_type": None,
        "stop_reason": "tool_use" if kind == "tool_loop" else "end_turn",
        **spent(session, model, kind, output, chance),
        "first_token_ms": first,
        "latency_ms": first + output * 1000 // speed,
        "upstream_ms": first + output * 1000 // speed - 2,
        "retries": 0,
        "fallbacks": 0,
        "continuations": 0,
        "tools_offered": 0 if kind == "title" else 24,
        "tools_called": int(kind == "tool_loop"),
        "images": 0,
    }
    return failed(record, chance) if chance.random() < 0.02 else record


def spent(session: Session, model: tuple[Any, ...], kind: str, output: int, chance: random.Random) -> Record:
    """Tokens and their price. What the last turn knew is in the cache, mostly."""
    new = chance.randrange(200, 4000)
    cached = 0 if kind == "title" or chance.random() < 0.08 else session.context
    fresh = new if cached else new + (400 if kind == "title" else session.context)
    session.context = min(session.context + new + output, 180_000)
    prices = model[3]
    cost = None if prices is None else (fresh * prices[0] + cached * prices[1] + output * prices[2]) / 1e6
    return {
        "input_tokens": fresh,
        "output_tokens": output,
        "cache_read_tokens": cached,
        "cache_write_tokens": 0,
        "reasoning_tokens": output // 3,
        "estimated": prices is None,
        "cache_hit_rate": None if prices is None else round(cached / (fresh + cached), 4),
        "cost_usd": cost,
    }


def failed(record: Record, chance: random.Random) -> Record:
    """The same exchange, ended badly; or left by its client."""
    unspent = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    nothing = dict.fromkeys((*unspent, "estimated", "cache_hit_rate", "cost_usd", "first_token_ms", "stop_reason"))
    if chance.random() < 0.2:
        return {**record, "status": 499, "stop_reason": None}
    (failure,) = chance.choices(FAILURES, (50, 20, 10, 10, 8, 2))
    status, error_type, _, _ = failure
    took = chance.randrange(3, 9000)
    times = {"latency_ms": took, "upstream_ms": max(0, took - 2), "tools_called": 0}
    return {**record, **nothing, **times, "status": status, "error_type": error_type}


def error_of(record: Record) -> Record:
    """The line of errors.jsonl that belongs to a usage line."""
    shared = ("time", "request_id", "client", "session_id", "agent_id", "kind", "alias", "vendor", "model", "protocol")
    more = ("stream", "status", "error_type", "retries", "fallbacks", "latency_ms")
    _, _, by_vendor, words = next(row for row in FAILURES if row[1] == record["error_type"])
    message = words.format(title=record["vendor"].title())
    return {**{name: record[name] for name in (*shared, *more)}, "by_vendor": by_vendor, "message": message}


def write(folder: Path, count: int, now: float, most: int = FILE_BYTES, seed: int = 7) -> None:
    """The files of a folder, as Rialto would have rotated them."""
    folder.mkdir(parents=True, exist_ok=True)
    usage, errors = Rotated(folder / "usage.jsonl", most), Rotated(folder / "errors.jsonl", most)
    for record in records(count, now, seed):
        usage.write(record)
        if record["error_type"]:
            errors.write(error_of(record))
    usage.close()
    errors.close()


class Rotated:
    """A file that begins anew when it is full."""

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        self.most = most
        self.size = 0
        self.file = path.open("wb", 1 << 20)

    def write(self, record: Record) -> None:
        """One line."""
        line = orjson.dumps(record) + b"\n"
        if self.size + len(line) > self.most:
            self._shift()
        self.file.write(line)
        self.size += len(line)

    def close(self) -> None:
        """The last line is written."""
        self.file.close()

    def _shift(self) -> None:
        self.file.close()
        full = sorted(self.path.parent.glob(f"{self.path.name}.*"), key=lambda path: int(path.suffix[1:]))
        for path in reversed(full):
            path.rename(path.with_suffix(f".{int(path.suffix[1:]) + 1}"))
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))
        self.file, self.size = self.path.open("wb", 1 << 20), 0


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), time.time())
