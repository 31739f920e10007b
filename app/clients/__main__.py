"""`python -m app.clients NAME`: makes a key, shows it once, and the row that lets it in."""

from __future__ import annotations

import sys

from marshmallow import ValidationError

from app.clients.keys import fresh_key, hash_of
from app.clients.rows import DEFAULT, NAME

TEXT = """\
The key of {name}. It is shown this once and kept nowhere:

{key}

Its row for conf/clients.local.toml; every limit is optional, docs/clients.md explains them:

[{name}]
key_hash = "{key_hash}"
# requests_per_minute = 60
# tokens_per_minute = 1_000_000
# daily_usd = 5.0
# models = ["vendor/*", "claude-haiku-*"]
# expires = 2027-12-31
"""


def main(arguments: list[str]) -> int:
    """The exit status."""
    name = arguments[0] if len(arguments) == 1 else ""
    try:
        NAME(name)
    except ValidationError as error:
        print(f"make client NAME=... needs a name. {' '.join(map(str, error.messages))}", file=sys.stderr)
        return 2
    if name == DEFAULT:
        print(f"{DEFAULT} is the client of BRIDGE_API_KEY; choose another name.", file=sys.stderr)
        return 2
    key = fresh_key()
    print(TEXT.format(name=name, key=key, key_hash=hash_of(key)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
