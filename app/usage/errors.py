"""The error record: why an exchange failed, as a line of `logs/errors.jsonl`. Its fields: docs/usage-log.md."""

from __future__ import annotations

from typing import Any

from app.exchange.account import Account
from app.logs.redaction import Redaction, without_echo
from app.usage.record import record
from translators.core.errors import RialtoError, UpstreamError

#: Fields of the usage record that an error record repeats.
SHARED = (
    *("time", "request_id", "client", "session_id", "agent_id", "kind", "alias", "vendor", "model", "protocol"),
    *("stream", "status", "error_type", "retries", "fallbacks", "latency_ms"),
)
#: Characters of a message.
WORDS = 600


def failure(account: Account, error: RialtoError, redaction: Redaction) -> dict[str, Any]:
    """The fields of a line, in their order. The message is the client's, with the vendor's words in it."""
    usage = record(account)
    message = without_echo(error.message[:WORDS], account.message)
    return {
        **{name: usage[name] for name in SHARED},
        "by_vendor": isinstance(error, UpstreamError),
        "message": redaction(message, account.secrets),
    }
