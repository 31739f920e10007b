"""The request of a finding as a command that anybody with a key can run."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

from app.capture.secrets import QUERY, Secrets
from app.vendor_check.answer import Answer

#: Characters of a body that is still of use on a page.
LARGEST = 6000


def command(answer: Answer) -> str:
    """The command, "" where the request is unknown or too large."""
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
    if not answer.body or len(body) > LARGEST:
        return ""
    variable = f"${answer.route.vendor.key_variable}" if answer.route.vendor.key_variable else ""
    route = replace(answer.route, key=variable, keys=(variable,))
    headers = {"content-type": "application/json", **route.vendor.headers}
    headers |= dict(route.vendor.auth(variable)) if variable else {}
    url = answer.url or route.vendor.url(route.base_url, route)
    lines = [f"curl -sN {quoted(QUERY.sub(lambda found: found[1] + variable, url))}"]
    lines += [f"-H {quoted(f'{name}: {value}')}" for name, value in headers.items()]
    return " \\\n  ".join([*lines, f"-d {shlex.quote(Secrets().text(body))}"])


def quoted(text: str) -> str:
    """The text in quotes in which the shell puts the variable of the key in."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    return f'"{escaped}"'
