"""What no recorded answer may keep: who has asked, and by which key. The same text becomes the same sample everywhere
in a case, so that pieces which belong together still do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from app.capture.secrets import Secrets

#: Fields whose texts say who asks, in answers, errors and requests.
FIELDS = (
    "user_id|user|end_user_id|organization|organization_id|org_id|account_id|account|tenant_id|team_id|project_id|"
    "request_id|requestId|trace_id|traceId|x-request-id|safety_identifier|prompt_cache_key|session_id|email"
)
#: What is found -> the beginning of what stands for it; each other text gets another number.
PATTERNS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\borg[-_](?!sample)[A-Za-z0-9]{6,}"), "org_sample"),
    (re.compile(rb"\bproj[-_](?!sample)[A-Za-z0-9]{6,}"), "proj_sample"),
    (re.compile(rb"\busers?[-_](?!sample)(?=\w*\d)[A-Za-z0-9]{8,}"), "user_sample"),
    (re.compile(rb"\b(?:acct|account|team|tenant|ak)[-_](?!sample)(?=\w*\d)[A-Za-z0-9]{8,}"), "account_sample"),
    (re.compile(rb"\breq(?:uest)?[-_](?!sample)(?=[\w-]*\d)[A-Za-z0-9-]{6,}"), "req_sample"),
    (re.compile(rb"\b(?:chatcmpl|cmpl)-(?!sample)(?!tool)[A-Za-z0-9]{6,}"), "chatcmpl-sample"),
    (re.compile(rb"\bgen-(?!sample)[A-Za-z0-9-]{8,}"), "gen-sample"),
    (re.compile(rb"\bresp_(?!sample)[A-Za-z0-9]{8,}"), "resp_sample"),
    (re.compile(rb"\bmsg_(?!sample)[A-Za-z0-9]{8,}"), "msg_sample"),
    (re.compile(rb"[\w.+-]+@(?!example\.com)[\w-]+(?:\.[\w-]+)+"), "someone@example.com"),
    (re.compile(rb"(?<![\w.])(?!127\.|192\.0\.2\.)(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"), "192.0.2."),
    (
        re.compile(rb"\b(?!00000000-0000-4000-8000-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        "00000000-0000-4000-8000-",
    ),
)
VALUED = re.compile(rf'("(?:{FIELDS})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")'.encode())


class Scrub:
    """Of one case. `keys` are those that were used."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._secrets = Secrets(keys)
        self._known: dict[bytes, bytes] = {}

    def data(self, data: bytes) -> bytes:
        """The bytes without what says who has asked."""
        data = VALUED.sub(lambda found: found[1] + self._sample(found[2], "sample"), self._secrets.data(data))
        for pattern, sample in PATTERNS:
            data = pattern.sub(lambda found, sample=sample: self._sample(found[0], sample), data)
        return data

    def value(self, value: Any) -> Any:
        """The JSON value without it."""
        return json.loads(self.data(json.dumps(value).encode()))

    def _sample(self, found: bytes, sample: str) -> bytes:
        """What stands for a text: numbered where another text of its kind came before."""
        if found.startswith(b"sample"):
            return found
        if found not in self._known:
            number = sum(other.startswith(sample.encode()) for other in self._known.values()) + 1
            self._known[found] = numbered(sample, number).encode()
        return self._known[found]


def numbered(sample: str, number: int) -> str:
    """The sample with its number."""
    if sample.endswith("-8000-"):
        return f"{sample}{number:012d}"
    return sample if "@" in sample else f"{sample}{number}" if sample.endswith(".") else f"{sample}_{number}"
