"""The application log: one line per request and whatever else there is to say, for people or as JSON, on stderr.

No line holds a key. Nothing but a request's own line holds words of a client, and of those only the path and the
names of models.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.api.sse import dumps
from app.exchange.account import Account
from app.logs.redaction import Redaction
from app.usage.record import NAME, counts_of, milliseconds, moment

log = logging.getLogger("rialto")

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
#: Paths that are asked again and again by machines, and the beginning of what an open page asks.
QUIET = frozenset({"/health", "/metrics"})
QUIET_PAGES = "/dashboard/"
#: What is counted of an exchange where there was some, and what is not said between the words for people.
COUNTED = ("retries", "fallbacks")
ASIDE = frozenset({"request_id", "client", "stop_reason", *COUNTED})


@dataclass(frozen=True, slots=True)
class RequestLine:
    """What is said of a request; fields that are None are left out."""

    fields: Mapping[str, Any]

    def __str__(self) -> str:
        told = dict(self.fields)
        took, spent = told.pop("milliseconds"), (told.pop("input_tokens", None), told.pop("output_tokens", None))
        words = [str(value) for name, value in told.items() if name not in ASIDE]
        words += [f"{told[name]} {name}" for name in COUNTED if name in told]
        words += [f"{took} ms"] + [f"{spent[0]}+{spent[1]} tokens"] * (None not in spent)
        return " ".join([*words, told["request_id"]])


class Human(logging.Formatter):
    """Time, level, message; a line break inside a message does not begin a new line of the log."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback below it."""
        text = said(record, self._redaction).translate(CONTROL)
        line = f"{moment(record.created)} {record.levelname} {record.name}: {text}"
        trace = traceback(self, record, self._redaction)
        return f"{line}\n{trace}" if trace else line


class AsJson(logging.Formatter):
    """One object per line."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, Any] = {"time": moment(record.created), "level": record.levelname, "logger": record.name}
        if isinstance(record.msg, RequestLine):
            told |= {"message": "request", **record.msg.fields}
        else:
            told["message"] = said(record, self._redaction)
        if trace := traceback(self, record, self._redaction):
            told["exception"] = trace
        return dumps(told).decode()


FORMATS: dict[str, type[Human] | type[AsJson]] = {"human": Human, "json": AsJson}


class Stderr(logging.Handler):
    """Writes each line at once to what is stderr then."""

    def emit(self, record: logging.LogRecord) -> None:
        """The line; a stream that fails costs the line only."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            return


def init_logs(level: str, form: str, redaction: Redaction) -> None:
    """Sets the log up, unless the process that Rialto runs in has one. Libraries are heard from WARNING on."""
    log.setLevel(level)
    root = logging.getLogger()
    if any(not isinstance(handler, Stderr) for handler in root.handlers):
        return
    # What no line says is not looked up for each (https://docs.python.org/3/howto/logging.html#optimization). The
    # process is: gunicorn's own lines name it.
    logging.logThreads = logging.logMultiprocessing = False
    handler = Stderr()
    handler.setFormatter(FORMATS[form](redaction))
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))


def announced(text: str, form: str) -> str:
    """What is said at the start, in the form of the log."""
    if form == "human":
        return text
    return AsJson(Redaction()).format(logging.makeLogRecord({"name": log.name, "levelname": "INFO", "msg": text}))


def log_exchange(account: Account) -> None:
    """The line of an exchange, at its end."""
    route, counts = account.route or account.wished, counts_of(account)
    told = {
        "vendor": route.vendor.name if route else None,
        "model": route.model[:NAME] if route else None,
        "input_tokens": counts.input + counts.cache_read + counts.cache_write if counts else None,
        "output_tokens": counts.output if counts else None,
        "error_type": account.error.type if account.error else account.cut or None,
        "stop_reason": account.stop_reason,
        "client": account.client[:NAME] or None,
        "retries": account.retries or None,
        "fallbacks": account.fallbacks or None,
    }
    took = milliseconds(account.elapsed() if account.ended is None else account.ended)
    log_request(account.method, account.path, account.status, took, account.request_id, **told)


def log_request(method: str, path: str, status: int | str, took: int | None, request_id: str, **told: Any) -> None:
    """The line of a request; `took` is milliseconds."""
    bad = status == "lost" or (isinstance(status, int) and status >= 500)
    level = logging.WARNING if bad else logging.DEBUG if is_quiet(method, path, status) else logging.INFO
    if log.isEnabledFor(level):
        fields = {"method": method, "path": path[:NAME], "status": status, **told}
        fields |= {"milliseconds": took, "request_id": request_id}
        log.log(level, RequestLine({name: value for name, value in fields.items() if value is not None}))


def is_quiet(method: str, path: str, status: int | str) -> bool:
    """Whether a request is one of those that say nothing; who is turned away from a page is worth a line."""
    return path in QUIET or method == "HEAD" or (path.startswith(QUIET_PAGES) and status in (200, 304))


def said(record: logging.LogRecord, redaction: Redaction) -> str:
    """The message; the fields of a request hold no secret and may look like one."""
    text = record.getMessage()
    return text if isinstance(record.msg, RequestLine) else redaction(text)


def traceback(formatter: logging.Formatter, record: logging.LogRecord, redaction: Redaction) -> str:
    """The traceback of a record, "" without one."""
    return redaction(formatter.formatException(record.exc_info)) if record.exc_info else ""
